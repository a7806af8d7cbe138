"""The check of questions: outside of the collection, items that none finds, a score floor."""

from __future__ import annotations

from math import sqrt

import numpy as np

from cospace.audit import asked as told
from cospace.audit.chart import Bar, Bars, Chart, histogram
from cospace.audit.finding import Finding, Group, Verdict
from cospace.audit.questions.measure import NONSENSE, Asked, Floor, measure_questions, never_found
from cospace.audit.shares import at_least
from cospace.audit.view import View
from cospace.counted import counted

__all__ = ["check"]

LEAST = 10  # questions
_LEVEL = 0.05
# So many of the questions that have an answer look as if they had none; of the example's 3%.
_ALARMS = 0.05
_NAMES = ("questions: outside", "questions: items never found", "questions: score floor")
_NOT_RUN = "give a log of questions: questions="


def check(view: View, asked: told.Asked) -> list[Finding]:
    """Three findings, where a log of questions was given."""
    if asked.questions is None:
        return [Finding("questions", "skipped", _NOT_RUN, why_no_p="not run")]
    model = view.model()
    matrix = view.matrix("text") or view.matrix("image")
    if model is None or matrix is None or "text" not in model.space.kinds:
        why = view.no_model or "no item has a vector that a text can be compared with"
        return [Finding("questions", "skipped", why, why_no_p="not run")]
    distinct = len(set(asked.questions))
    if distinct < LEAST:
        said = (
            f"{counted(distinct, 'different question was', 'different questions were')} given,"
            f" and {LEAST} are needed"
        )
        return [Finding(name, "inconclusive", said, why_no_p=said) for name in _NAMES]
    first = matrix.first()
    seen = measure_questions(asked.questions, model, first.array, seed=asked.seed)
    ids = [view.ids[row] for row in first.rows.tolist()]
    return [_outside(seen), _never(seen, ids), _floor(seen)]


def _cut(seen: Asked) -> str:
    return f"; {seen.left_out:,} more were not looked at" if seen.left_out else ""


def _outside(seen: Asked) -> Finding:
    n, out, unsure = len(seen.questions), seen.outside, len(seen.unsure)
    worst = sorted(out, key=lambda at: float(seen.lead[at]))
    named = "; ".join(seen.questions[at][:60] for at in worst[:4])
    said = (
        f"{len(out):,} of {n:,} questions have no item that stands out more than for half of"
        f" {NONSENSE} questions of random words; {unsure:,} more cannot be told from them"
        f"{_cut(seen)}" + (f": {named}" if named else "")
    )
    p = at_least(len(out), n, _ALARMS)
    values = {"questions": seen.lead, f"{NONSENSE} of words at random": seen.nonsense_lead}
    return Finding(
        _NAMES[0],
        "found" if p <= _LEVEL else "inconclusive" if unsure > n / 2 else "clean",
        said,
        severity=len(out) / n,
        unit="share of questions",
        p=p,
        groups=tuple(Group((), _asked(seen, at)) for at in worst),
        mend="add what is asked for, or say that nothing was found" if p <= _LEVEL else "",
        figures={
            "questions": n,
            "outside": len(out),
            "cannot be told": unsure,
            "left out": seen.left_out,
        },
        charts=(histogram("How far the nearest item leads the mean of all", values),),
    )


def _asked(seen: Asked, at: int) -> str:
    return f"{seen.questions[at]} (leads by {seen.lead[at]:.3f}, p {seen.p[at]:.2f})"


def _scores(seen: Asked) -> Chart:
    values = {"questions": seen.best, f"{NONSENSE} of words at random": seen.nonsense}
    return histogram("Cosine of the nearest item", values, line=seen.floor.score)


def _never(seen: Asked, ids: list[str]) -> Finding:
    n, questions = len(ids), len(seen.questions)
    left = np.flatnonzero(seen.found == 0)
    expected, deviation, p = never_found(seen.found, questions, seen.k)
    low, high = max(0.0, expected - 1.96 * deviation), expected + 1.96 * deviation
    said = (
        f"{len(left):,} of {n:,} items are among the first {seen.k} of no question, of"
        f" {questions:,}; by chance {expected:,.0f} ({low:,.0f} to {high:,.0f}) would be"
    )
    few = questions * seen.k < n
    if few:
        said += f"; {questions:,} questions are too few to find {n:,} items"
    excess = max(0.0, len(left) - expected) / n
    return Finding(
        _NAMES[1],
        "inconclusive" if few else "found" if p <= _LEVEL and excess > 0 else "clean",
        said,
        severity=excess,
        unit="share of items, beyond chance",
        p=p,
        groups=tuple(Group((ids[at],)) for at in left.tolist()),
        mend="look at their texts: what would be asked for, in which words?" if excess else "",
        figures={
            "never found": len(left),
            "expected by chance": expected,
            "standard deviation": deviation,
            "first k": seen.k,
        },
        charts=(
            Bars(
                "Items that no question finds",
                (
                    Bar("these questions", len(left) / n),
                    Bar("by chance", expected / n, low / n, high / n),
                ),
                percent=True,
            ),
        ),
    )


def _floor(seen: Asked) -> Finding:
    floor = seen.floor
    tried = NONSENSE - NONSENSE // 2
    wrong = sqrt(floor.false_answers * (1 - floor.false_answers) / tried)
    said = (
        f"a floor of {floor.score:.3f} keeps {floor.kept:.0%} of the questions and refuses"
        f" {1 - floor.false_answers:.0%} of {tried} that are words at random (those that did not"
        f" set it); of questions whose words were mixed {floor.mixed_answers:.0%} pass"
    )
    return Finding(
        _NAMES[2],
        _worth(floor),
        said,
        severity=floor.mixed_answers,
        unit="share of mixed questions that pass",
        why_no_p="a rate that was measured, not a test",
        mend=f"show no hit of a score below {floor.score:.3f}, or say that it is a guess",
        figures={
            "floor": floor.score,
            "false answers": floor.false_answers,
            "false answers, standard error": wrong,
            "false answers, words mixed": floor.mixed_answers,
            "questions kept": floor.kept,
        },
        charts=(_scores(seen),),
    )


def _worth(floor: Floor) -> Verdict:
    """A floor that lets words in any order pass tells little."""
    return "clean" if floor.mixed_answers <= 2 * _LEVEL and floor.kept >= 0.9 else "inconclusive"
