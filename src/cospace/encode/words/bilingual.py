"""BilingualModel: the words of two languages in one space. It translates, and encodes both."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.arguments import check_count, check_name, is_one_of
from cospace.encode.folder import Folder
from cospace.encode.words.csls import CROWD, best, neighbourhoods
from cospace.encode.words.languages import Languages, LanguagesTower, tagged
from cospace.encode.words.model import WordModel
from cospace.encode.words.saving import read_beside, word_space
from cospace.encode.words.tools import Neighbour
from cospace.encode.words.vectors import WordVectors
from cospace.errors import BadArgument, BadInput, ModelDamaged, UnknownWord

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BilingualModel", "word_model"]


class BilingualModel(WordModel):
    """Word vectors of two languages in one space, from a folder or from `cs.train.align`.

    Its words have tags ("en:armchair", "de:sessel"). The tools for words also take a word
    without one, and then take it for the language in which it is commoner. A text is taken for
    the language that its words are likeliest in; a query in one finds documents in the other.

    >>> rows = np.array([[1, 0], [0, 1]], np.float32)
    >>> english, german = WordVectors(["sofa", "lamp"], rows), WordVectors(["couch", "lampe"], rows)
    >>> model = BilingualModel.joined("furniture", {"en": english, "de": german})
    >>> model.translate("sofa", to="de", k=1)[0].word
    'couch'
    """

    @classmethod
    def joined(
        cls,
        name: str,
        tables: Mapping[str, WordVectors],
        *,
        split: str = "words",
        weighting: str = "sif",
        training: dict[str, Any] | None = None,
    ) -> BilingualModel:
        """The model of two tables whose rows lie in one space, by the name of their language."""
        names = tuple(tables)
        if len(names) != 2 or not all(n and ":" not in n and n.isprintable() for n in names):
            raise BadArgument(f"two languages with short names such as 'en' and 'de', not {names}")
        words = [tagged(language, word) for language in names for word in tables[language].words]
        counts = [table.counts for table in tables.values()]
        known = [one for one in counts if one is not None]
        rows = np.concatenate([table.rows for table in tables.values()])
        joint = WordVectors(words, rows, np.concatenate(known) if len(known) == 2 else None)
        space = word_space(joint, name, split=split, weighting=weighting, training=training)
        record = {**space.towers[0].preprocess, "languages": list(names)}
        tower = dataclasses.replace(space.towers[0], preprocess=record)
        made = cls.of(joint, name=name, space=dataclasses.replace(space, towers=(tower,)))
        assert isinstance(made, cls)
        return made

    @property
    def languages(self) -> tuple[str, ...]:
        """The names of the two languages."""
        return self._languages.names

    def translate(self, word: str, to: str, *, k: int = 5) -> list[Neighbour]:
        """The `k` words of the language `to` that the word translates to, by CSLS; best first.

        Their score is CSLS: twice the cosine, less how near the two words are to the ten
        nearest of the other language. 0 is no better than those, 1 is a clear case.

        Raises `UnknownWord`, with words spelled alike; `BadArgument` for another language.
        """
        check_name("word", word)
        if not is_one_of(to, self.languages):
            raise BadArgument(f"{self.name} knows {' and '.join(self.languages)}, not {to!r}")
        k = check_count("k", k)
        [source] = [name for name in self.languages if name != to]
        row = self._languages.row(source, word.removeprefix(f"{source}:"))
        if row is None:
            raise UnknownWord(self._alike(word, [source]), word=word)
        part, one = self._languages.slices[to], slice(row, row + 1)
        near = self._neighbourhoods
        ids, scores = best(self._unit[one], self._unit[part], (near[one], near[part]), k=k)
        return [
            Neighbour(self.words[part.start + found].removeprefix(f"{to}:"), float(score))
            for found, score in zip(ids[0].tolist(), scores[0].tolist(), strict=True)
        ]

    def _beside(self) -> dict[str, NDArray[Any]]:
        return {"neighbourhoods": self._neighbourhoods}

    def vector(self, word: str) -> NDArray[np.float32]:
        """The vector of a word with its tag or without, float32 [dim]. Raises `UnknownWord`."""
        row = self._row(word)
        if row is None:
            raise UnknownWord(self._unknown(word), word=word)
        found: NDArray[np.float32] = self.table.rows[row]
        return found

    def _row(self, word: str) -> int | None:
        row = self.table.index.get(word)
        return self.table.index.get(self._languages.find([word])[0]) if row is None else row

    def _unknown(self, word: str) -> str:
        return self._alike(word, self.languages)

    def _alike(self, word: str, languages: Sequence[str]) -> str:
        """Why a word is unknown, and the words of these languages that are spelled alike."""
        near = []
        for name in languages:
            part = self._languages.slices[name]
            words = [w.removeprefix(f"{name}:") for w in self.words[part][:50_000]]
            near += get_close_matches(word.removeprefix(f"{name}:").lower(), words, 3, cutoff=0.7)
        hint = f"; spelled alike are {', '.join(near)}" if near else ""
        of = f"{' and '.join(languages)} of {self.name}"
        return f"{word[:80]!r} is not among the words of {of}{hint}"

    @property
    def _languages(self) -> Languages:
        tower = self._towers["text"]
        assert isinstance(tower, LanguagesTower)  # its record names languages
        return tower.languages

    @cached_property
    def _neighbourhoods(self) -> NDArray[np.float32]:
        """The neighbourhood of every word, float32 [n]: read from the folder, or computed."""
        kept = read_beside(self._folder).get("neighbourhoods")
        if kept is not None:
            if kept.shape != (len(self),) or kept.dtype != np.float32:
                raise ModelDamaged(f"{self.path}: the neighbourhoods are not one for each word")
            return kept
        one, other = (self._unit[part] for part in self._languages.slices.values())
        return np.concatenate(
            [neighbourhoods(one, other[:CROWD]), neighbourhoods(other, one[:CROWD])]
        )


def word_model(folder: Folder, *, dim: int | None = None, engine: str = "") -> WordModel:
    """The model of a folder of word vectors, of one language or of two."""
    languages = folder.space.towers[0].preprocess.get("languages")
    if not languages:
        return WordModel(folder, dim=dim, engine=engine)
    if not isinstance(languages, list) or len(set(map(str, languages))) != 2:
        raise ModelDamaged(f"{folder.path}: two languages are expected, not {languages!r}")
    try:
        return BilingualModel(folder, dim=dim, engine=engine)
    except BadInput as error:  # words without a tag, or in another order
        raise ModelDamaged(f"{folder.path}: not a table of two languages ({error})") from error
