"""Clips: which stretches of a recording are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["clip_frames", "clip_starts"]


def clip_starts(duration: Fraction, length: Fraction, count: int) -> list[Fraction]:
    """Where `count` clips of `length` begin, in seconds: spread from the start to the end.

    Clips of a short recording overlap. One that is no longer than a clip is a single clip.

    >>> [float(start) for start in clip_starts(Fraction(10), Fraction(2), 3)]
    [0.0, 4.0, 8.0]
    """
    last = duration - length
    if last <= 0 or count < 2:
        return [Fraction(0)]
    return [last * i / (count - 1) for i in range(count)]


def clip_frames(
    times: Sequence[float], starts: Sequence[Fraction], length: Fraction
) -> list[tuple[int, int]]:
    """The first and the last frame of each clip, as positions in `times` (seconds, ascending).

    A clip in which no frame begins has the one that is seen while it runs, twice.

    >>> clip_frames([0.0, 0.5, 1.0, 1.5, 2.0], [Fraction(0), Fraction(3, 4)], Fraction(1))
    [(0, 1), (2, 3)]
    """
    chosen = []
    for start in starts:
        inside = [i for i, time in enumerate(times) if start <= time < start + length]
        before = [i for i, time in enumerate(times) if time < start]
        first, last = (inside[0], inside[-1]) if inside else ((before or [0])[-1],) * 2
        chosen.append((first, last))
    return chosen
