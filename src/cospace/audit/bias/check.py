"""The check of bias: what a collection's model associates, a finding for each test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cospace.audit.asked import Asked
from cospace.audit.bias.lists import BiasTest, Members, built_in
from cospace.audit.bias.measure import Items, Tested, measure_bias
from cospace.audit.chart import Bar, Bars
from cospace.audit.finding import Finding, Verdict
from cospace.audit.local import local_texts
from cospace.audit.shares import holm
from cospace.audit.view import View
from cospace.errors import BadArgument
from cospace.store.schema import Field, FieldType, Schema
from cospace.store.where import matches, parse

__all__ = ["check", "findings"]

_LEVEL = 0.05
_MEDIUM = 0.5  # standard deviations; Cohen's word for it
_PHOTOS = 200  # of a side, drawn
_NAMED = 4  # targets that are named at each end


def check(view: View, asked: Asked) -> list[Finding]:
    """A finding for each test: the ten built-in ones, or those that were asked for."""
    tests = asked.bias or built_in()
    model = view.model()
    if model is None:
        return [Finding("bias", "skipped", view.no_model or "no model", why_no_p="not run")]
    if asked.bias is None and not local_texts(model):
        said = "this model reads no texts here; lists of your own are asked by bias="
        return [Finding("bias", "skipped", said, why_no_p="not run")]
    return findings(measure_bias(tests, model, items=_items(view, asked.seed), seed=asked.seed))


def findings(tested: Sequence[Tested]) -> list[Finding]:
    """What the tests say, as findings; p is corrected for their number (Holm, 1979).

    >>> import cospace as cs
    >>> from cospace.audit.bias import built_in, measure_bias
    >>> print(findings(measure_bias(built_in()[:1], cs.load("starter")))[0].verdict)
    clean
    """
    run = [one for one in tested if one.found is not None and not one.test.control]
    corrected = holm([one.found.p_two_sided for one in run if one.found is not None])
    p_of = {id(one): p for one, p in zip(run, corrected, strict=True)}
    by_test: dict[str, list[Tested]] = {}
    for one in tested:
        by_test.setdefault(one.test.name, []).append(one)
    blind = any(one.test.control and _unseen(one) for one in tested)
    return [_finding(some, p_of, blind) for some in by_test.values()]


def _unseen(one: Tested) -> bool:
    return one.found is None or one.found.p > _LEVEL


def _finding(some: list[Tested], p_of: dict[int, float], blind: bool) -> Finding:
    test = some[0].test
    run = [one for one in some if one.found is not None]
    name = f"bias: {test.name}"
    if not run:
        return Finding(name, "inconclusive", f"{some[0].why}; {_left_out(some)}".rstrip("; "),
                       unit="standard deviations", why_no_p="it could not be run")  # fmt: skip
    ps = [p_of.get(id(one), one.found.p) for one in run if one.found is not None]
    worst = min(range(len(run)), key=lambda at: (ps[at], -abs(_effect(run[at]))))
    effect, p = _effect(run[worst]), ps[worst]
    verdict = _verdict(test, effect, p, blind)
    return Finding(
        name,
        verdict,
        _said(test, run[worst], verdict),
        severity=abs(effect),
        unit="standard deviations",
        p=p,
        mend=_MEND if verdict == "found" else "",
        figures=_figures(run),
        charts=_charts(test, run, run[worst]),
    )


_MEND = (
    "cospace compare shows other models on your own data; keep such words out of what is ranked,"
    " or filter by a field instead of asking for it"
)


def _effect(one: Tested) -> float:
    assert one.found is not None
    return one.found.effect


def _verdict(test: BiasTest, effect: float, p: float, blind: bool) -> Verdict:
    if test.control:  # what everybody associates is nothing wrong; that it is not seen, tells
        return "clean" if p <= _LEVEL and effect > 0 else "inconclusive"
    if p <= _LEVEL:
        return "found"
    return "inconclusive" if blind or abs(effect) >= _MEDIUM else "clean"


def _said(test: BiasTest, one: Tested, verdict: str) -> str:
    effect = _effect(one)
    to, other = (test.a.name, test.b.name) if effect >= 0 else (test.b.name, test.a.name)
    said = (
        f"{test.x.name} lie nearer to {to}, {test.y.name} to {other}: {abs(effect):.2f} standard"
        f" deviations apart ({_form(one)})"
    )
    if verdict == "clean" and not test.control:
        said = f"no association of {test.x.name} and {test.y.name} with {to} or {other} was found"
        said += f": {abs(effect):.2f} standard deviations ({_form(one)})"
    if test.control:
        said = "as a control: " + said
        if verdict == "inconclusive":
            said += "; a model that does not see this knows too little of words for such tests"
    return f"{said}; {left}" if (left := _left_out([one])) else said


def _form(one: Tested) -> str:
    sizes = f"{one.sizes[0]} and {one.sizes[1]}"
    return f"{sizes} " + ("words in sentences" if one.form == "sentences" else one.form)


def _left_out(some: list[Tested]) -> str:
    """What the model lacks, in words."""
    lacking = dict.fromkeys(word for one in some for held in one.lacking.values() for word in held)
    if not lacking:
        return ""
    shown = ", ".join(list(lacking)[:6])
    more = f" and {len(lacking) - 6} more" if len(lacking) > 6 else ""
    return f"the model lacks {shown}{more}"


def _figures(run: list[Tested]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in run:
        assert one.found is not None
        found |= {
            f"effect, {one.form}": one.found.effect,
            f"p one-sided, {one.form}": one.found.p,
            f"p two-sided, {one.form}": one.found.p_two_sided,
        }
    lacking = {word for one in run for held in one.lacking.values() for word in held}
    pieces = {word for one in run for word in one.in_pieces}
    found |= {"words that the model lacks": len(lacking), "words read in pieces": len(pieces)}
    if run[0].test.published is not None:
        found["published for GloVe 840B"] = run[0].test.published
    return found


def _charts(test: BiasTest, run: list[Tested], worst: Tested) -> tuple[Bars, ...]:
    effects = [Bar(one.form, _effect(one)) for one in run]
    if test.published is not None:
        effects.append(Bar("published, GloVe 840B", test.published))
    wide = max(2.0, *(abs(bar.value) for bar in effects))  # sets of unequal size can pass 2
    charts = [Bars("Effect, in standard deviations", tuple(effects), -wide, wide)]
    if worst.form != "items" and worst.ranked:
        ends = worst.ranked[:_NAMED] + worst.ranked[-_NAMED:]
        most = max(abs(value) for _, _, value in worst.ranked) or 1.0
        sides = {"x": test.x.name, "y": test.y.name}
        bars = tuple(
            Bar(word, value, said=sides[side], second=side == "y") for side, word, value in ends
        )
        title = f"Nearest to {test.a.name} (right) and to {test.b.name} (left)"
        charts.append(Bars(title, bars, -most, most))
    return tuple(charts)


def _items(view: View, seed: int) -> Items:
    """What gives the vectors of a side of items."""
    fields = {n: Field(n, _type(t), n) for n, t in view.schema.items()}

    def rows(members: Members) -> NDArray[np.float32]:
        matrix = view.matrix(members.kind)
        if matrix is None:
            raise BadArgument(f"{view.name} has no vectors of {members.kind!r} for {members.name}")
        node = parse(members.where or {}, Schema(fields))
        chosen = np.array([matches(node, one) for one in view.metadata], bool)
        array = matrix.first().of(chosen).array
        if len(array) > _PHOTOS:
            drawn = np.random.default_rng(seed).choice(len(array), _PHOTOS, replace=False)
            array = array[np.sort(drawn)]
        return array

    return rows


def _type(name: str) -> FieldType:
    known: dict[str, FieldType] = {
        "number": "number", "bool": "bool", "string": "string", "location": "location",
    }  # fmt: skip
    return known[name]
