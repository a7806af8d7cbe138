"""The options of a fine-tuning: their names, their defaults, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypedDict

from cospace.arguments import check_count, check_share, is_one_of
from cospace.errors import BadArgument
from cospace.progress import Watch
from cospace.train.ranges import check_names, teller, within

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
    check_names(options, TuneOptions.__annotations__)
    names = {field.name for field in fields(TuneSettings)}
    given = {key: value for key, value in options.items() if key in names and value is not None}
    teller(options.get("tell"))
    if options.get("threads") is not None:
        check_count("threads", options["threads"])
    loss = given.get("loss", "")
    given["loss"] = LOSSES[form][0] if isinstance(loss, str) and not loss else loss
    if not is_one_of(given["loss"], LOSSES[form]):
        raise BadArgument(f"the loss for {form} is {' or '.join(LOSSES[form])}, not {loss!r:.60}")
    sizes = given.get("matryoshka", ())
    if isinstance(sizes, (str, bytes, Mapping)) or not isinstance(sizes, Iterable):
        raise BadArgument(f"matryoshka is a list of sizes, such as [64, 32], not {sizes!r:.60}")
    given["matryoshka"] = tuple(
        check_count("a size of matryoshka", one, most=dim - 1) for one in sizes
    )
    if given.get("frozen") is not None:
        given["frozen"] = check_count("frozen", given["frozen"], 0)
    settings = within(TuneSettings(**given), _RANGES)
    if settings.negatives and form != "pairs":
        raise BadArgument(f"hard negatives are mined for pairs, not for {form}")
    return replace(settings, held_out=check_share("held_out", settings.held_out))
