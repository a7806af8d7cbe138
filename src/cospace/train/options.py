"""Options of a training: their names, their defaults, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from os import PathLike
from typing import Any, TypedDict

from cospace.arguments import is_one_of
from cospace.encode.words.reading import SPLITS, WEIGHTINGS
from cospace.errors import BadArgument
from cospace.limits import limit
from cospace.progress import Watch
from cospace.train.ranges import check_names, within

__all__ = ["Options", "Settings", "settings_of"]


class Options(TypedDict, total=False):
    """What every trainer takes besides its own parameters.

    `min_count`: rarer words are left out (5). `seed` (0). `workers`: threads (1; with one, the
    same seed gives the same vectors, bit for bit). `split`: how texts become words ("words"; for
    lists of words "spaces"). `weighting`: how words become texts, "sif" or "mean". `name`: of the
    model's space. `checkpoint`: a folder that holds the state after each epoch; a training that
    finds its own there goes on from it. `progress`: True for a bar on stderr, or a function that is
    called with a `Progress`, a few times a second. `tell`: called with a line, of memory and of
    what was left out.
    """

    min_count: int
    sample: float
    rate: float
    seed: int
    workers: int
    split: str
    weighting: str
    name: str
    checkpoint: str | PathLike[str] | None
    progress: Watch
    tell: Callable[[str], object]


@dataclass(frozen=True)
class Settings:
    """All that a training depends on; `to_json` is its record."""

    method: str
    dim: int = 100
    window: int = 5
    negative: int = 5
    epochs: int = 5
    min_count: int = 5
    sample: float = 1e-3
    rate: float = 0.025
    seed: int = 0
    workers: int = 1
    split: str = ""  # as the corpus has it
    weighting: str = "sif"
    least: int = 0
    most: int = 0
    buckets: int = 0
    x_max: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """A record of what matters to this method."""
        apart = _APART.get(self.method, _SUBWORDS | {"x_max"})
        return {name: value for name, value in asdict(self).items() if name not in apart}


# What is not for a method; words alone have neither n-grams nor x_max.
_SUBWORDS = frozenset(("least", "most", "buckets"))
_APART: Mapping[str, frozenset[str]] = {
    "subwords": frozenset(("x_max",)),
    "glove": _SUBWORDS | {"negative", "sample"},
}

# The least and the most of each number.
_RANGES: Mapping[str, tuple[float, float]] = {
    "window": (1, 1_000), "negative": (1, 64), "epochs": (1, 100_000), "min_count": (1, 1 << 40),
    "sample": (0, 1), "rate": (1e-9, 100), "seed": (0, (1 << 63) - 1), "workers": (1, 1_024),
    "least": (0, 64), "most": (0, 64), "buckets": (0, (1 << 31) - 1), "x_max": (0, 1e12),
}  # fmt: skip


def settings_of(method: str, own: Mapping[str, Any], options: Mapping[str, Any]) -> Settings:
    """The settings of a training. Raises `BadArgument` for an unknown name or a bad value."""
    check_names(options, Options.__annotations__, own)
    names = {field.name for field in fields(Settings)}
    given = {**own, **{key: value for key, value in options.items() if key in names}}
    settings = Settings(method, **{key: value for key, value in given.items() if value is not None})
    settings = within(settings, {"dim": (1, limit("dim")), **_RANGES})
    if not is_one_of(settings.split, ("", *SPLITS)):
        raise BadArgument(f"split is one of {', '.join(SPLITS)}, not {settings.split!r}")
    if not is_one_of(settings.weighting, WEIGHTINGS):
        raise BadArgument(
            f"weighting is one of {', '.join(WEIGHTINGS)}, not {settings.weighting!r}"
        )
    if settings.least > settings.most:
        raise BadArgument(
            f"there are no n-grams of {settings.least} to {settings.most} characters: the shortest"
            " length comes first"
        )
    return settings
