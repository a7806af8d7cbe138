"""The options of a fine-tuning: their names, their defaults, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypedDict

from cospace.errors import BadArgument
from cospace.progress import Watch

if TYPE_CHECKING:
    from cospace.train.contrastive.examples import Given

__all__ = ["LOSSES", "TuneOptions", "TuneSettings", "tune_settings"]

# The losses of each form of examples; the first is the default.
LOSSES: Mapping[str, tuple[str, ...]] = {
    "scored": ("cosine", "cosent"), "pairs": ("ranking",), "triplets": ("ranking",),
    "labels": ("ranking",),
}  # fmt: skip


class TuneOptions(TypedDict, total=False):
    """What `contrastive` takes besides the model and the examples.

    `form`: "pairs", "triplets", "scored" or "labels", where the columns do not say. `loss`:
    "ranking" for all but scored pairs, for which it is "cosine" or "cosent". `test`: examples to
    measure on; by default a share of `held_out` (0.2) is, and half of that stops the training.
    `epochs` (2), `rate` (4e-5), `batch` (32). `frozen`: the first layers that stay as they are
    (a third of them); embeddings always do. `negatives`: hard ones mined for each pair (0), none
    of which is nearer than the positive less `margin` (0.05). `matryoshka`: sizes that are to be
    good alone. `seed` (0). `threads`: of torch (as many as it takes). `progress`: True for a bar
    on stderr, or a function that is called with a `Progress`. `tell`: called with lines.
    """

    form: str
    loss: str
    test: Given
    epochs: int
    rate: float
    batch: int
    frozen: int | None
    held_out: float
    negatives: int
    margin: float
    matryoshka: Sequence[int]
    seed: int
    threads: int
    progress: Watch
    tell: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """All that a fine-tuning depends on besides the model and the examples."""

    loss: str = ""
    epochs: int = 2
    rate: float = 4e-5
    batch: int = 32
    frozen: int | None = None
    held_out: float = 0.2
    negatives: int = 0
    margin: float = 0.05
    matryoshka: tuple[int, ...] = ()
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """A record."""
        return asdict(self)


_RANGES: Mapping[str, tuple[float, float]] = {
    "epochs": (1, 1_000), "rate": (1e-9, 1), "batch": (2, 4_096), "negatives": (0, 64),
    "margin": (-2, 2), "seed": (0, (1 << 63) - 1),
}  # fmt: skip


def tune_settings(options: Mapping[str, Any], form: str, dim: int) -> TuneSettings:
    """The settings for examples of a form and a model of `dim`. Raises `BadArgument`.

    >>> tune_settings({"epochs": 1}, "scored", 384).loss
    'cosine'
    """
    known = sorted(TuneOptions.__annotations__)
    unknown = sorted(set(options) - set(known))
    if unknown:
        near = get_close_matches(unknown[0], known, 1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else f": {', '.join(known)}"
        raise BadArgument(f"there is no option {unknown[0]!r}{hint}")
    names = {field.name for field in fields(TuneSettings)}
    given = {key: value for key, value in options.items() if key in names and value is not None}
    given["loss"] = given.get("loss") or LOSSES[form][0]
    given["matryoshka"] = tuple(given.get("matryoshka", ()))
    settings = TuneSettings(**given)
    if settings.loss not in LOSSES[form]:
        raise BadArgument(
            f"the loss for {form} is {' or '.join(LOSSES[form])}, not {given['loss']!r}"
        )
    for name, (least, most) in _RANGES.items():
        value = getattr(settings, name)
        whole = type(getattr(TuneSettings(), name)) is int
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or (whole and value != int(value)) or not least <= value <= most:
            kind = "a whole number" if whole else "a number"
            raise BadArgument(f"{name} is {kind} from {least:g} to {most:g}, not {value!r}")
    if not isinstance(settings.held_out, float) or not 0 < settings.held_out < 1:
        raise BadArgument(f"held_out is a share between 0 and 1, not {settings.held_out!r}")
    if settings.negatives and form != "pairs":
        raise BadArgument(f"hard negatives are mined for pairs, not for {form}")
    for size in settings.matryoshka:
        if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size < dim:
            raise BadArgument(f"matryoshka: sizes from 1 to {dim - 1}, not {size!r}")
    return settings
