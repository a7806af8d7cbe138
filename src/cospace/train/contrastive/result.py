"""What came of a fine-tuning: is it better, and its model folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.adopt.convert import WEIGHTS
from cospace.adopt.fetch import Fetched
from cospace.adopt.source import Source
from cospace.adopt.write import How, Origin, write
from cospace.arguments import check_path, is_one_of
from cospace.encode.names import load_folder
from cospace.encode.saving import new_folder
from cospace.errors import BadArgument, CospaceError
from cospace.files import remove
from cospace.measures import Difference
from cospace.train.card import Card, write_card

if TYPE_CHECKING:
    from cospace.train.contrastive.net import Net

__all__ = ["Saved", "Tuned"]

# The cosine to the torch module that every text must reach for the smaller weights to be taken.
CLOSE = 0.999
_TRIED = 400  # texts that it is measured on


@dataclass(frozen=True, slots=True)
class Saved:
    """A model folder, how its weights are stored, and its cosines to the torch module.

    `least` and `mean` are over `texts` held-out texts, encoded as `cospace.load` does.
    """

    folder: Path
    weights: str
    least: float
    mean: float
    texts: int

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {"folder": str(self.folder), "weights": self.weights, "cosine_least": self.least,
                "cosine_mean": self.mean, "texts": self.texts}  # fmt: skip


@dataclass(slots=True)
class Tuned:
    """A text encoder after its fine-tuning, in memory; `save` makes it a model folder.

    `difference` is its measure less that of the model it began as, on the same held-out examples;
    `better` whether the interval leaves 0 out. `skipped` counts texts that were refused as hard
    negatives. `stopped` says that Ctrl-C ended it.
    """

    card: Card
    difference: Difference
    net: Net = field(repr=False)
    texts: list[str] = field(repr=False)
    matryoshka: tuple[int, ...] = ()
    skipped: int = 0
    stopped: bool = False

    @property
    def better(self) -> bool:
        """Whether it is significantly better than the model it began as."""
        return self.difference.verdict == "better"

    def save(
        self,
        folder: str | os.PathLike[str],
        *,
        name: str = "",
        weights: str = "auto",
        anyway: bool = False,
        replace: bool = False,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Saved:
        """Writes a model folder that runs without torch, whole or not at all.

        `weights` are "int8", "f32", "f16", or "auto": 8 bits where each of some hundred held-out
        texts then has a cosine of 0.999 to the torch module, else f32. The cosines are measured on
        the model as it is loaded, and stand in its card.

        Raises `BadArgument` for a model that is not better unless `anyway`, and where something
        stands already unless `replace`; `UnsupportedModel`; `DiskFull`.
        """
        if not is_one_of(weights, ("auto", *WEIGHTS)):
            raise BadArgument(f"weights are auto, {', '.join(WEIGHTS)}; not {weights!r}")
        if not self.better and not anyway:
            raise BadArgument(
                f"it is not better than the model it began as ({self.difference.verdict}), so"
                " nothing was written: anyway=True writes it all the same"
            )
        path = check_path("folder", folder)
        name = name or path.absolute().name
        tries = ("int8", "f32") if weights == "auto" else (weights,)
        with new_folder(path, 200_000_000, replace=replace) as made:
            saved = None
            for one in tries:
                for left in made.iterdir():  # of the try before
                    remove(left)
                try:
                    saved = self._written(made, name, one, tell)
                except CospaceError:
                    if one == tries[-1]:
                        raise
                    continue
                if saved.least >= CLOSE:
                    break
            assert saved is not None
            write_card(made, _with(self.card, saved))
        return _at(saved, path)

    def _written(self, made: Path, name: str, weights: str, tell: Callable[[str], None]) -> Saved:
        built = self.net.finished(self.matryoshka)
        source = Source("trained", name)
        origin = Origin(name, source, Fetched(self.net.fetched.folder, "", 0))
        write(made, [built], origin, how=How(weights), tell=tell)
        texts = self.texts[:_TRIED]
        served = load_folder(made).encode_document(texts).normalized
        exact = self.net.rows(self.net.tokens(texts, "document"))
        cosines = np.einsum("ij,ij->i", served, exact)
        tell(f"{weights}: the least cosine to torch is {cosines.min():.5f}")
        return Saved(made, weights, float(cosines.min()), float(cosines.mean()), len(texts))


def _at(saved: Saved, folder: Path) -> Saved:
    return replace(saved, folder=folder)


def _with(card: Card, saved: Saved) -> Card:
    note = (
        f"stored as {saved.weights}: cosine to the torch module at least {saved.least:.5f}, mean"
        f" {saved.mean:.5f}, over {saved.texts} texts"
    )
    return replace(card, notes=(*card.notes, note))
