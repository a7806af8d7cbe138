"""WordModel: word vectors as an `Encoder` of texts, with the tools for words."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.arguments import check_path
from cospace.encode.folder import Folder
from cospace.encode.model import Model
from cospace.encode.words.languages import tower_of
from cospace.encode.words.saving import read_table, save_table, word_space
from cospace.encode.words.tools import Neighbour, nearest_rows, odd_one_out, unit_rows
from cospace.encode.words.tower import ReadWord
from cospace.errors import BadArgument, UnknownWord

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.words.tower import WordTower
    from cospace.encode.words.vectors import WordVectors
    from cospace.space import Space

__all__ = ["WordModel"]

_NOWHERE = Path(os.devnull)  # the folder of a model that was not saved: there never is one


class WordModel(Model):
    """Word vectors, from a folder or from memory. Texts become weighted means of their words.

    >>> import numpy as np
    >>> from cospace.encode.words import WordModel, WordVectors
    >>> rows = np.array([[1, 0], [0.9, 0.1], [0, 1]], np.float32)
    >>> model = WordModel.of(WordVectors(["sofa", "couch", "bicycle"], rows), name="demo")
    >>> model.nearest("sofa", k=1)[0].word
    'couch'
    >>> model.doesnt_match(["sofa", "couch", "bicycle"])
    'bicycle'
    """

    notes: tuple[str, ...] = ()  # what was left out of the file that it was read from

    def __init__(
        self,
        folder: Folder,
        *,
        kinds: Sequence[str] = (),
        dim: int | None = None,
        engine: str = "",
        table: WordVectors | None = None,
    ) -> None:
        if engine:
            raise BadArgument(f"a word model is a table, and needs no engine such as {engine!r}")
        super().__init__(folder, kinds=kinds, dim=dim)
        self.table = read_table(folder) if table is None else table
        record = folder.space.towers[0].preprocess
        self._split = str(record["split"])
        self._reader = tower_of(self.table, record)
        self._towers = {"text": self._reader}

    @classmethod
    def of(
        cls,
        table: WordVectors,
        *,
        name: str,
        split: str = "words",
        weighting: str = "sif",
        space: Space | None = None,
    ) -> WordModel:
        """A model of a table in memory; `space` where more is to be said of it than this."""
        space = space or word_space(table, name, split=split, weighting=weighting)
        return cls(Folder(_NOWHERE, space), table=table)

    @property
    def described(self) -> dict[str, str]:
        """How texts are read, in words: for those who list what a model is."""
        record = self.space.towers[0].preprocess
        kept = self.table.subwords
        grams = "" if kept is None else f"{len(kept.ids):,}, of {kept.least} to {kept.most} letters"
        counts = "as they were counted" if self.table.counts is not None else "by rank (Zipf)"
        return {
            "words": f"{len(self):,}",
            "n-grams": grams,
            "split": str(record["split"]),
            "weighting": str(record["weighting"]),
            "frequencies": counts if record["weighting"] == "sif" else "",
            "trained": _trained(record.get("training", {})),
        }

    def read(self, text: str) -> list[ReadWord]:
        """The words of a text as the model reads them, those that it does not know too."""
        return self._reader.read(text)

    @property
    def reader(self) -> WordTower:
        """What reads texts, for those who look at what each word adds."""
        return self._reader

    @property
    def numbers(self) -> int:
        """How many numbers the vectors of words and n-grams hold."""
        grams = self.table.subwords
        return self.table.rows.size + (0 if grams is None else grams.rows.size)

    @property
    def words(self) -> Sequence[str]:
        """The vocabulary, the commonest word first."""
        return self.table.words

    def save(self, folder: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """Writes the model's folder, whole or not at all, and gives its path.

        Raises `BadArgument` where something stands already, unless `replace`; `DiskFull`.
        """
        place, beside = check_path("folder", folder), self._beside()
        return save_table(self.table, self.space, place, replace=replace, beside=beside)

    def _beside(self) -> dict[str, NDArray[Any]]:
        """Tensors that are saved beside the table."""
        return {}

    def vector(self, word: str) -> NDArray[np.float32]:
        """The word's vector, float32 [dim], of any length. Raises `UnknownWord`."""
        found = self.table.vector(word)
        if found is None and self._split != "spaces":
            found = self.table.vector(word.lower())
        if found is None:
            raise UnknownWord(self._unknown(word), word=word)
        return found

    def nearest(
        self, word: str | NDArray[np.float32], k: int = 10, *, without: Sequence[str] = ()
    ) -> list[Neighbour]:
        """The `k` words of the highest cosine to a word or vector, itself not among them.

        Raises `UnknownWord` with words that are spelled alike.
        """
        if k < 1:
            raise BadArgument(f"k is a whole number, 1 or more, not {k}")
        asked = self.vector(word) if isinstance(word, str) else np.asarray(word, np.float32)
        if asked.shape != (self.table.dim,):
            raise BadArgument(f"a vector of {self.table.dim} numbers, not {list(asked.shape)}")
        words = [*without, word] if isinstance(word, str) else list(without)
        left = {row for row in map(self._row, words) if row is not None}
        return [
            Neighbour(self.words[row], score)
            for row, score in nearest_rows(self._unit, asked, k, without=left)
        ]

    def analogy(self, a: str, b: str, c: str, k: int = 1) -> list[Neighbour]:
        """The `k` words that are to `c` as `b` is to `a`: analogy("man", "king", "woman").

        3CosAdd over unit vectors, the three words left out: Levy and Goldberg, Linguistic
        Regularities in Sparse and Explicit Word Representations (2014), equation 1.
        """
        return self.most_similar([b, c], [a], topn=k)

    def most_similar(
        self,
        positive: str | Sequence[str],
        negative: str | Sequence[str] = (),
        *,
        topn: int = 10,
    ) -> list[Neighbour]:
        """The `topn` words of the highest cosine to the sum of some unit vectors, less others.

        The words that are named are left out: most_similar(["king", "woman"], ["man"]). As in
        gensim. Raises `UnknownWord`, `BadArgument` for no word at all.

        >>> rows = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0], [0, 1, 0]], np.float32)
        >>> from cospace.encode.words import WordModel, WordVectors
        >>> table = WordVectors(["king", "queen", "man", "woman"], rows)
        >>> WordModel.of(table, name="royal").most_similar(["king", "woman"], ["man"])[0].word
        'queen'
        """
        plus, minus = (
            [words] if isinstance(words, str) else list(words) for words in (positive, negative)
        )
        if not plus and not minus:
            raise BadArgument("most_similar takes at least one word")
        asked = np.zeros(self.table.dim, np.float32)
        for sign, words in ((1, plus), (-1, minus)):
            for word in words:
                asked += sign * _unit(self.vector(word))
        if np.linalg.norm(asked) < 1e-6:
            raise BadArgument("these words cancel out: what is left points nowhere")
        return self.nearest(asked, topn, without=[*plus, *minus])

    def word_similarity(self, a: str, b: str) -> float:
        """The cosine of two words."""
        return float(np.clip(_unit(self.vector(a)) @ _unit(self.vector(b)), -1, 1))

    similarity = word_similarity  # as gensim calls it

    def doesnt_match(self, words: Sequence[str]) -> str:
        """The word that lies farthest from the mean of all. Raises `BadArgument` below three."""
        if isinstance(words, str) or len(words) < 3:
            raise BadArgument("doesnt_match takes a list of three words or more")
        return words[odd_one_out([_unit(self.vector(word)) for word in words])]

    def __getitem__(self, words: str | Sequence[str]) -> NDArray[np.float32]:
        """The vector of a word, float32 [dim]; of a list of words, float32 [n, dim].

        Raises `UnknownWord`, which is a KeyError too.
        """
        if isinstance(words, str):
            return self.vector(words)
        if not isinstance(words, Sequence) or not all(isinstance(word, str) for word in words):
            raise BadArgument(f"word vectors are asked for by words, not by {words!r}")
        rows = [self.vector(word) for word in words]
        return np.array(rows, np.float32).reshape(len(rows), self.table.dim)

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.words)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._row(word) is not None

    def __len__(self) -> int:
        return len(self.table)

    def _row(self, word: str) -> int | None:
        row = self.table.index.get(word)
        if row is None and self._split != "spaces":
            row = self.table.index.get(word.lower())
        return row

    @cached_property
    def _unit(self) -> NDArray[np.float32]:
        return unit_rows(self.table.rows)

    def _unknown(self, word: str) -> str:
        near = get_close_matches(word.lower(), self.words[:50_000], 3, cutoff=0.7)
        hint = f"; spelled alike are {', '.join(near)}" if near else ""
        return f"{word[:80]!r} is not among the {len(self):,} words of {self.name}{hint}"

    def __repr__(self) -> str:
        return f"WordModel({self.space}, {len(self):,} words)"


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    norm = np.linalg.norm(vector)
    unit: NDArray[np.float32] = vector / (norm if norm > 0 else 1)
    return unit


def _trained(record: Mapping[str, Any]) -> str:
    """How the vectors came from a corpus, in a line; "" where nobody kept a record."""
    if "tokens" not in record:
        return ""
    epochs = record["epochs"]
    until = f"{epochs} epoch{'s'[: epochs > 1]} over {record['tokens']:,} words of text"
    if "stopped_after" in record:
        until += f", stopped after {record['stopped_after']:.0%}"
    return f"{record['method']}, window {record['window']}, {until}, seed {record.get('seed', 0)}"
