"""The check of languages: of which the collection holds texts, and the model knows little."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cospace.audit.asked import Asked
from cospace.audit.chart import Bar, Bars
from cospace.audit.finding import Finding, Group
from cospace.audit.languages.measure import (
    MOST,
    UNRECOGNISED,
    OfLanguage,
    foreign,
    measure_languages,
)
from cospace.audit.local import local_texts
from cospace.audit.view import View
from cospace.counted import counted
from cospace.encode import Encoder
from cospace.measures.bootstrap import wilson

__all__ = ["check", "finding_of", "unknown_languages"]

LEAST = 8  # texts: fewer are single items, not a language of the collection
# Of English texts the starter reads 1 letter in 100 alone and 8 words in 100 in pieces; of German
# ones 7 and 52, of Russian ones 91 and 82.
_BROKEN, _PIECES = 0.5, 0.4
_MANY = 0.1  # of all texts: so many strange ones are hardly names alone
_SHOWN = 6
_NO_TEST = "what the model reads is counted, not drawn"


def check(view: View, asked: Asked) -> Finding:
    """One finding: the languages that the model does not know."""
    model = view.model()
    matrix = view.matrix("text")
    if model is None or matrix is None:
        why = "no item has a text" if matrix is None else view.no_model or "no model"
        return Finding("languages", "skipped", why, why_no_p="not run")
    if not local_texts(model):
        why = "the model's vocabulary is not on this machine"
        return Finding("languages", "skipped", why, why_no_p="not run")
    first = matrix.first()
    held = measure_languages(view.texts, model, first.rows, first.array, seed=asked.seed)
    return finding_of(held, view, sum(1 for text in view.texts if text))


def unknown_languages(texts: Sequence[str | None], model: Encoder) -> list[str]:
    """The languages of 8 texts or more that the model does not know; none for one elsewhere."""
    if not local_texts(model):
        return []
    held = measure_languages(texts, model, np.arange(len(texts)), None)
    return [
        _name(one)
        for one in held
        if len(one.looked) >= LEAST and not known(one) and one.language != UNRECOGNISED
    ]


def finding_of(held: list[OfLanguage], view: View, texts: int) -> Finding:
    """What the languages of a collection say, of `texts` texts."""
    drawn = f" of {MOST:,} texts that were drawn, of {texts:,}" if texts > MOST else ""
    texts = min(texts, MOST)
    strange = [one for one in held if one.language == UNRECOGNISED]
    many = sum(len(one.numbers) for one in strange)
    signed = sum(foreign(view.texts[n] or "") for one in strange for n in one.numbers)
    # English titles with names of makers are strange too, but have no words of other languages.
    sure = signed >= LEAST and signed >= many / 4
    judged = [one for one in held if len(one.looked) >= LEAST and (sure or one not in strange)]
    odd = f"; {counted(many, 'text')} of {UNRECOGNISED} hold mostly words the model does not know"
    odd = odd if many and not sure else ""
    if not judged:
        said = f"of no language {LEAST} texts were recognised, of {texts:,}{odd}"
        return Finding("languages", "inconclusive", said, why_no_p=_NO_TEST)
    unknown = [one for one in judged if not known(one)]
    told = sum(len(one.numbers) for one in held if one not in strange)
    names = ", ".join(
        f"{_name(one)} ({len(one.numbers):,})" for one in judged if one not in strange
    )
    short = texts - told - (many if sure else 0)
    said = f"recognised: {names or 'none'}; {short:,}{drawn} are too short to tell{odd}"
    if unknown:
        said = "; ".join(map(_said, unknown)) + f". {said}"
    unsure = many >= max(LEAST, _MANY * texts)
    items = sum(len(one.numbers) for one in unknown)
    return Finding(
        "languages",
        "found" if unknown else "inconclusive" if unsure else "clean",
        said,
        severity=items / max(1, texts),
        unit="share of texts",
        why_no_p=_NO_TEST,
        groups=tuple(_group(one, view) for one in unknown),
        mend=(
            f"cospace models add multilingual; cospace migrate {view.folder} --to multilingual"
            if unknown
            else ""
        ),
        figures=_figures(judged),
        charts=(_chart(judged),),
    )


def _name(one: OfLanguage) -> str:
    """As it is written: English, a language in Cyrillic."""
    return one.language if " " in one.language else one.language.capitalize()


def known(one: OfLanguage) -> bool:
    """Whether the model's vocabulary has the words of a language, or at least its letters."""
    return one.broken < _BROKEN and (one.pieces is None or one.pieces < _PIECES)


def _said(one: OfLanguage) -> str:
    if one.broken >= _BROKEN:
        return f"{_name(one)}: {one.broken:.0%} of the letters reach the model one by one or not"
    assert one.pieces is not None
    said = f"{one.pieces:.0%} of the words are none that the model knows whole"
    if one.language == UNRECOGNISED:
        return f"{counted(len(one.numbers), 'text')} of {UNRECOGNISED}: {said}"
    return f"{_name(one)} ({counted(len(one.numbers), 'text')}): {said}"


def _group(one: OfLanguage, view: View) -> Group:
    ids = tuple(view.ids[number] for number in one.numbers[:_SHOWN])
    return Group(ids, f"{_name(one)}: {counted(len(one.numbers), 'item')}, {len(ids)} of them here")


def _figures(judged: list[OfLanguage]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in judged:
        found |= {
            f"{one.language}: items": len(one.numbers),
            f"{one.language}: letters read alone": one.broken,
            f"{one.language}: found again by half its words": sum(one.again) / len(one.again),
        }
        if one.pieces is not None:
            found[f"{one.language}: words in pieces"] = one.pieces
    return found


def _chart(judged: list[OfLanguage]) -> Bars:
    bars = []
    for one in judged:
        again = wilson(sum(one.again), len(one.again))
        said = counted(len(one.looked), "text")
        bars.append(Bar(f"{_name(one)}: found again", again.value, again.low, again.high, said))
        if one.pieces is not None:
            bars.append(Bar(f"{_name(one)}: words in pieces", one.pieces))
    return Bars("By language", tuple(bars), percent=True)
