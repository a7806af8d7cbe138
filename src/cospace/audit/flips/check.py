"""The check of flips: how often a score does not notice, a finding for each kind."""

from __future__ import annotations

import numpy as np

from cospace.audit.asked import Asked
from cospace.audit.chart import Bar, Bars, Chart, histogram
from cospace.audit.finding import Finding, Group, Verdict
from cospace.audit.flips.edits import HARMLESS, KINDS, Flips
from cospace.audit.flips.measure import Flipped, measure_flips
from cospace.audit.flips.names import brand_column, names_of_column, names_of_texts
from cospace.audit.flips.words import KNOWN
from cospace.audit.local import local_texts
from cospace.audit.shares import at_least
from cospace.audit.view import View
from cospace.counted import counted
from cospace.encode import Encoder
from cospace.measures.bootstrap import wilson
from cospace.store.language import recognised

__all__ = ["check", "finding_of"]

LEAST = 12  # texts of a kind; with fewer a share of one in ten says nothing
_SHARE = 0.1  # that may go unnoticed
_LEVEL = 0.05
_MOST = 20_000

_WHAT = {
    "negation": "with for without, is for is not",
    "number": "4 chairs for 6",
    "size": "80 cm for 120 cm, small for large",
    "colour": "one colour for another of this collection",
    "name": "one brand or name for another of this collection",
}


def check(view: View, asked: Asked) -> list[Finding]:
    """A finding for each kind: negation, number, size, colour, name."""
    model = view.model()
    why = ""
    if model is None:
        why = view.no_model or "no model"
    elif not local_texts(model):
        why = "the model is not on this machine: some thousand texts would be paid for"
    elif not any(view.texts):
        why = "no item has a text"
    if why or model is None:
        return [Finding("flips", "skipped", why, why_no_p="not run")]
    texts = [text for text in view.texts if text]
    texts = texts[:: max(1, len(texts) // _MOST)]  # of very many enough to know their words
    language = recognised(texts)
    if language not in KNOWN:
        said = f"there are no lists of words for {language}; there are for {', '.join(KNOWN)}"
        return [Finding("flips", "skipped", said, why_no_p="not run")]
    flips = Flips(language, texts, _names(view, texts, model, language))
    found = measure_flips(view.texts, model, flips, seed=asked.seed)
    return [finding_of(kind, found[kind], view) for kind in KINDS]


def _names(view: View, texts: list[str], model: Encoder, language: str) -> list[str]:
    column = brand_column(view.schema)
    if column is not None:
        return names_of_column(view.column(column))
    return [] if language == "german" else names_of_texts(texts, model)


def finding_of(kind: str, tried: list[Flipped], view: View) -> Finding:
    """What the flips of one kind say: how many the score did not notice."""
    name = f"flips: {kind}"
    if len(tried) < LEAST:
        said = (
            f"only {counted(len(tried), 'text holds', 'texts hold')} such a word"
            f" ({_WHAT[kind]}); {LEAST} are needed"
        )
        return Finding(name, "inconclusive", said, unit="share unnoticed", why_no_p=said)
    unnoticed = [one for one in tried if not one.noticed]
    share = wilson(len(unnoticed), len(tried))
    p = at_least(len(unnoticed), len(tried), _SHARE)
    verdict: Verdict = "inconclusive"
    if p <= _LEVEL:
        verdict = "found"
    elif share.high <= 2 * _SHARE:
        verdict = "clean"
    above = sum(one.above for one in tried)
    worst = sorted(unnoticed, key=lambda one: one.cost)
    return Finding(
        name,
        verdict,
        f"the score does not notice {len(unnoticed)} of {len(tried)} flips ({share.value:.0%},"
        f" {share.low:.0%} to {share.high:.0%}): {_WHAT[kind]}; {above} score as high as the"
        " original or higher",
        severity=share.value,
        unit="share unnoticed",
        p=p,
        groups=tuple(Group((view.ids[one.number],), _said(one)) for one in worst),
        mend=_mend(kind, view.folder) if verdict == "found" else "",
        figures={
            "tried": len(tried),
            "unnoticed": len(unnoticed),
            "as high or higher": above,
            "low": share.low,
            "high": share.high,
            "median cost of a flip": float(np.median([one.cost for one in tried])),
            "median cost of a harmless edit": float(np.median([one.noise for one in tried])),
        },
        charts=_charts(tried, share.value, (share.low, share.high), above / len(tried)),
    )


def _said(one: Flipped) -> str:
    new, comma = one.flip.new or "nothing", max(one.noise, 0.0)
    return f"{one.flip.old} \u2192 {new}: {-one.cost:+.3f} (a comma: {-comma:+.3f})"


def _mend(kind: str, folder: str) -> str:
    if kind == "negation":
        return f'cospace search {folder} QUERY --rerank NAME   (a cross-encoder reads "without")'
    field = """--where '{"FIELD": "VALUE"}'"""
    return f"cospace search {folder} QUERY {field}   (by a field of each {kind}, not by meaning)"


def _charts(
    tried: list[Flipped], share: float, ends: tuple[float, float], above: float
) -> tuple[Chart, ...]:
    bars = (
        Bar("not noticed", share, *ends, said=f"more than {_SHARE:.0%} is too many"),
        Bar("as high as the original, or higher", above),
    )
    costs = {
        "flips": [one.cost for one in tried],
        f"harmless edits (the worst of {len(HARMLESS)})": [one.noise for one in tried],
    }
    return (
        Bars("Share of the texts", bars, percent=True, line=_SHARE),
        histogram("How far the score falls", costs),
    )
