"""Rerankers: cross-encoders, which read a query and a document together and score the pair."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cospace.encode.engines.choice import check_engine
from cospace.encode.engines.process import check_process
from cospace.encode.folder import open_folder
from cospace.encode.names import folder_of
from cospace.encode.towers.load import shared_tower
from cospace.encode.towers.pair import PairTower
from cospace.errors import BadArgument, ModelDamaged
from cospace.read.texts import check_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.folder import Folder
    from cospace.space import Space

__all__ = ["PairScores", "Reranker", "load_reranker"]

ACTIVATIONS = ("identity", "sigmoid")


@dataclass(frozen=True, eq=False)
class PairScores:
    """Scores and logits, float32 [n] each, in the order of the documents; and what was cut.

    `truncated` are the positions of documents of which only a beginning was read, `query_cut`
    says whether that holds for the query too.
    """

    scores: NDArray[np.float32]
    logits: NDArray[np.float32]
    truncated: tuple[int, ...] = ()
    query_cut: bool = False


class Reranker:
    """A loaded cross-encoder: `score` says how well each document answers a query.

    `load_reranker` makes it. It makes no vectors, so it is no `Model`. Threads may share it.
    """

    def __init__(self, folder: Folder, *, engine: str = "") -> None:
        self.space: Space = folder.space
        self._folder = folder
        self._engine = check_engine(engine, folder.space)
        self._tower: PairTower | None = None
        self._process = os.getpid()
        [record] = folder.space.towers
        self.activation = str(record.preprocess.get("activation", ""))
        if self.activation not in ACTIVATIONS:
            raise ModelDamaged(
                f"{folder.path}: its activation is {self.activation!r}, not one of"
                f" {', '.join(ACTIVATIONS)}"
            )

    @property
    def name(self) -> str:
        """What it is called."""
        return self.space.name

    @property
    def fingerprint(self) -> str:
        """sha256, in hex, of what its scores depend on."""
        return self.space.fingerprint

    @property
    def path(self) -> Path:
        """Its folder."""
        return self._folder.path

    @property
    def max_tokens(self) -> int:
        """How many tokens of a query and a document together it reads."""
        return int(self._loaded().max_tokens)

    @property
    def precision(self) -> str:
        """How it computes: "f32", "int8", ...; see `Model.precision`."""
        return self._loaded().graph.precision

    def score(self, query: str, documents: Sequence[str]) -> NDArray[np.float32]:
        """A score for each document, float32 [n], in their order; higher is better.

        The model's logit as it is where `activation` is "identity"; its sigmoid, from 0 to 1,
        where that is "sigmoid". A pair has the same score whatever stands beside it. Scores
        of two models do not compare. `judge` says too which documents were cut.

        Raises `BadItem` that names the document that cannot be read, `BadArgument` for a single
        `str` in place of a list, and `ModelDamaged` where the model gives NaN or infinity.

        >>> from cospace.testing.reranker import tiny_reranker
        >>> int(tiny_reranker().score("a red chair", ["my blue bus", "a red chair"]).argmax())
        1
        """
        return self.judge(query, documents).scores

    def judge(self, query: str, documents: Sequence[str]) -> PairScores:
        """What `score` gives, with the logits and which documents were cut. Raises alike.

        >>> from cospace.testing.reranker import tiny_reranker
        >>> tiny_reranker().judge("a chair", ["a chair", "a long text " * 90]).truncated
        (1,)
        """
        if isinstance(documents, str) or not isinstance(documents, Sequence):
            raise BadArgument(
                f"documents are a list of texts, not {type(documents).__name__}: give [document]"
            )
        asked = check_text(query, "the query")
        pairs = [(asked, check_text(one, f"document {i}")) for i, one in enumerate(documents)]
        found = self._loaded().read(pairs)
        bad = np.flatnonzero(~np.isfinite(found.logits))
        if len(bad):
            raise ModelDamaged(f"{self.name} gives no number for document {bad[0]}: it is damaged")
        scores = found.logits
        if self.activation == "sigmoid":  # written so that no logit is too large for it
            scores = (0.5 + 0.5 * np.tanh(found.logits / 2)).astype(np.float32)
        return PairScores(scores, found.logits, tuple(found.documents_cut), bool(found.queries_cut))

    def warm(self) -> Reranker:
        """The reranker itself, its graph compiled and held to its known answers."""
        self._loaded()
        return self

    def _loaded(self) -> PairTower:
        check_process(self.name, self._process)
        if self._tower is None:
            tower = shared_tower(self._folder, "pair", self._engine)
            assert isinstance(tower, PairTower)
            self._tower = tower
        return self._tower

    def __repr__(self) -> str:
        return f"Reranker({self.name}, {self.activation}, fingerprint {self.fingerprint[:8]})"


def load_reranker(name: str | os.PathLike[str], *, engine: str = "") -> Reranker:
    """The reranker of a name that you added, or of a folder; names as `cospace.load` reads them.

    Nothing is downloaded. Its graph is compiled, and held to its known answers, at once.

    Raises `ModelNotFound` with near matches, `ModelDamaged` for a folder whose files fail their
    hashes or known answers, and `BadArgument` for an embedding model, which makes vectors and
    scores no pairs.
    """
    folder = open_folder(folder_of(name))
    if folder.space.kinds != ("pair",):
        raise BadArgument(
            f"{os.fspath(name)} is an embedding model ({folder.space}), which makes vectors; a"
            " reranker scores a query with a document. Make one: cospace models add reranker"
        )
    return Reranker(folder, engine=engine).warm()
