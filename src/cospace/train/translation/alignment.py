"""align: two word models and pairs of words to an Alignment, which translates."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.arguments import check_count, check_instance, check_name, check_path, check_texts
from cospace.encode.words.bilingual import BilingualModel
from cospace.encode.words.csls import CROWD, neighbourhoods
from cospace.encode.words.model import WordModel
from cospace.encode.words.vectors import WordVectors
from cospace.errors import BadArgument
from cospace.train.heldout import grouped
from cospace.train.translation.pairs import Pair, Pairs, check_known, read_pairs, split_pairs
from cospace.train.translation.precision import HeldOut, hits, precision
from cospace.train.translation.procrustes import centred
from cospace.train.translation.refine import Refined, refined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.words.tools import Neighbour

__all__ = ["Alignment", "align"]

# Pairs of rare words have vectors that are mostly chance: the commonest are learnt from.
_MOST_PAIRS = 5_000


@dataclass(frozen=True, eq=False, repr=False)
class Alignment:
    """One language's word vectors mapped onto another's.

    `rotation` float32 [dim, dim] is orthogonal. `rows` are the centred unit rows of the source
    words, mapped, and of the target words. Of the `pairs` that were given, `learnt` were learnt
    from and `held_out` says how well the rest is translated; `refinement` says what refining did.
    """

    source: WordModel
    target: WordModel
    rows: tuple[NDArray[np.float32], NDArray[np.float32]]
    refinement: Refined
    pairs: Pairs
    learnt: int
    held_out: HeldOut

    @property
    def rotation(self) -> NDArray[np.float32]:
        """The orthogonal matrix [dim, dim] by which the source's centred rows are multiplied."""
        return self.refinement.rotation

    def translate(self, word: str, k: int = 5) -> list[Neighbour]:
        """The `k` target words that a source word translates to, by CSLS, the best first.

        Raises `UnknownWord` with words that are spelled alike.
        """
        return self._joined.translate(word, "target", k=k)

    def model(self, source: str, target: str, *, name: str = "") -> BilingualModel:
        """The words of both languages as one model: model("en", "de"). `name` is its space's.

        Its vectors are centred and of one length, so its space is neither the source's nor the
        target's but its own, and the two models' stored vectors are of no use in it. It reads
        texts of both languages, and `save` writes a folder that `cs.load` reads.
        """
        for what, text in (("source", source), ("target", target), ("name", name)):
            check_name(what, text)
        tables = {
            language: WordVectors(one.words, rows, one.table.counts)
            for language, one, rows in zip(
                (source, target), (self.source, self.target), self.rows, strict=False
            )
        }
        records = [one.space.towers[0].preprocess for one in (self.source, self.target)]
        splits = {str(record["split"]) for record in records}
        training = {
            "aligned": [one.space.fingerprint for one in (self.source, self.target)],
            "pairs": self.learnt,
            "rounds": self.refinement.rounds,
        }
        return BilingualModel.joined(
            name or f"{self.source.name}-{self.target.name}",
            tables,
            # "cased" looks for a word as it is written, and then in lower case: right for both.
            split=splits.pop() if len(splits) == 1 else "cased",
            weighting=str(records[1]["weighting"]),
            training=training,
        )

    def save(
        self, folder: str | os.PathLike[str], *, languages: Sequence[str], replace: bool = False
    ) -> Path:
        """Writes the model of both languages, such as ("en", "de"), and gives its path.

        The model is called as the folder is.
        """
        if isinstance(languages, str) or len(check_texts("languages", languages)) != 2:
            raise BadArgument(f"languages=('en', 'de'), the source's first; not {languages!r}")
        path = check_path("folder", folder)
        named = self.model(*languages, name=path.name)
        return named.save(path, replace=replace)

    def to_json(self) -> dict[str, Any]:
        """A record of the counts and figures."""
        return {
            "source": self.source.name,
            "target": self.target.name,
            "pairs": len(self.pairs),
            "several_words": self.pairs.several_words,
            "repeated": self.pairs.repeated,
            "unreadable": len(self.pairs.failed),
            "learnt": self.learnt,
            "rounds": self.refinement.rounds,
            "reciprocal_ranks": list(self.refinement.scores),
            "held_out": self.held_out.to_json(),
        }

    def __repr__(self) -> str:
        held = self.held_out
        right = f"{held.csls.at_1.value:.3f} of {held.asked:,} held-out words"
        return f"Alignment({self.source.name} to {self.target.name}, precision@1 {right})"

    @cached_property
    def _joined(self) -> BilingualModel:
        return self.model("source", "target")


def align(
    source: WordModel,
    target: WordModel,
    pairs: str | os.PathLike[str] | Iterable[Pair] | Pairs,
    *,
    refine: int = 5,
    held_out: float = 0.2,
    seed: int = 0,
) -> Alignment:
    """One language's word vectors mapped onto another's, by the translations in `pairs`.

    `pairs` are (source word, target word), or a file of them. A share `held_out` of the source
    words is not learnt from, and measured: `Alignment.held_out` says how many of them have the
    right translation first, or among five. The 5,000 commonest of the other pairs are learnt
    from. `refine` is the most rounds of refinement; 0 is none.

    Raises `BadInput` when fewer pairs are known than there are dimensions, or when they do not
    determine the map; `BadArgument` for models of different dimensions, or one model twice.

    Source: see `procrustes.py` (the map), `refine.py`, and `encode/words/csls.py` (the search).

    >>> from cospace.encode.words import WordModel
    >>> rows = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
    >>> english = WordModel.of(WordVectors([f"word{n}" for n in range(50)], rows), name="en")
    >>> german = WordModel.of(WordVectors([f"wort{n}" for n in range(50)], -rows), name="de")
    >>> found = align(english, german, [(f"word{n}", f"wort{n}") for n in range(40)])
    >>> found.translate("word45", k=1)[0].word, found.held_out.csls.at_1.value
    ('wort45', 1.0)
    """
    _check(source, target, refine)
    given = pairs if isinstance(pairs, Pairs) else read_pairs(pairs)
    named = {(_written(source, one), _written(target, other)) for one, other in given.pairs}
    learn, held = split_pairs(named, held_out, seed=seed)
    known = _known(source, target, learn)
    check_known(len(known), source.table.dim, len(learn))
    rows = centred(source.table.rows), centred(target.table.rows)
    known = known[:_MOST_PAIRS]
    turned = refined(*rows, known, most=refine, seed=seed)
    mapped = rows[0] @ turned.rotation
    measured = _measured(source, target, (mapped, rows[1]), held, seed)
    return Alignment(source, target, (mapped, rows[1]), turned, given, len(known), measured)


def _check(source: WordModel, target: WordModel, refine: int) -> None:
    for name, model in (("source", source), ("target", target)):
        check_instance(name, model, WordModel, "a model of word vectors")
    if source.table.dim != target.table.dim:
        raise BadArgument(
            f"{source.name} has {source.table.dim} dimensions and {target.name}"
            f" {target.table.dim}; train both with the same dim="
        )
    if source.space.fingerprint == target.space.fingerprint:
        raise BadArgument(f"source and target are one model, {source.space}")
    check_count("refine", refine, 0)


def _written(model: WordModel, word: str) -> str:
    """The word as the model writes it: in lower case where only that is known."""
    index = model.table.index
    return word.lower() if word not in index and word.lower() in index else word


def _known(source: WordModel, target: WordModel, pairs: Iterable[Pair]) -> NDArray[np.intp]:
    """The rows [n, 2] of the pairs that both models have, those of the commonest words first."""
    one, other = _rows_of(source), _rows_of(target)
    found = [(one[a], other[b]) for a, b in pairs if a in one and b in other]
    rows = np.array(found, np.intp).reshape(-1, 2)
    return rows[np.lexsort((rows[:, 1], rows[:, 0], rows.max(axis=1)))]


def _rows_of(model: WordModel) -> dict[str, int]:
    """The row of each word that has a direction: a row of zeros has none."""
    zero = np.flatnonzero(~model.table.rows.any(axis=1)).tolist()
    index = dict(model.table.index)
    for row in zero:
        del index[model.words[row]]
    return index


def _measured(
    source: WordModel,
    target: WordModel,
    rows: tuple[NDArray[np.float32], NDArray[np.float32]],
    held: Iterable[Pair],
    seed: int,
) -> HeldOut:
    one, other = _rows_of(source), _rows_of(target)
    answers: dict[str, set[int]] = {}
    for word, translation in held:
        rights = answers.setdefault(word, set())
        if translation in other:
            rights.add(other[translation])
    right = {one[word]: rights for word, rights in answers.items() if word in one and rights}
    unknown = sum(word not in one for word in answers)
    unanswered = sum(word in one and not rights for word, rights in answers.items())
    if not right:
        none = np.zeros((0, 5), bool)
        return precision(none, none, (unknown, unanswered), seed=seed)
    mapped, there = rows
    near = neighbourhoods(mapped, there[:CROWD]), neighbourhoods(there, mapped[:CROWD])
    flat = np.zeros_like(near[0]), np.zeros_like(near[1])
    by_csls, by_cosine = (hits(mapped, there, one_near, right) for one_near in (near, flat))
    asked = sorted(right)
    first: dict[int, int] = {}
    pairs = ((i, first.setdefault(row, i)) for i, word in enumerate(asked) for row in right[word])
    together = grouped(asked, joined=pairs)
    groups = together if len(np.unique(together)) < len(together) else None
    return precision(by_csls, by_cosine, (unknown, unanswered), seed=seed, groups=groups)
