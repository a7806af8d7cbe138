"""Compare ways to train word vectors on one's own corpus: what they see, cost, and are worth."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cospace.errors import BadArgument
from cospace.progress import Watch
from cospace.train.corpus import Corpus, Source, read_corpus
from cospace.train.words import glove, subwords, word2vec

if TYPE_CHECKING:
    from cospace.encode.words import Neighbour, WordModel
    from cospace.evaluate import WordsReport
    from cospace.evaluate.words.sources import WordSource

__all__ = ["METHODS", "ComparedMethod", "MethodsComparison", "compare_methods"]

# For each method what it looks at, in words, and what trains it.
METHODS: Mapping[str, tuple[str, Callable[..., WordModel]]] = {
    "word2vec": ("a local window: each word and its neighbours, one pair after another", word2vec),
    "glove": ("global counts: how often two words meet in the whole corpus", glove),
    "subwords": ("a local window, and the n-grams that a word is made of", subwords),
}


@dataclass(frozen=True, slots=True)
class ComparedMethod:
    """One method: the model, the seconds and the bytes that its training took."""

    method: str
    sees: str
    model: WordModel
    seconds: float
    memory: int

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "method": self.method,
            "sees": self.sees,
            "seconds": round(self.seconds, 3),
            "memory_bytes": self.memory,
            "training": self.model.space.towers[0].preprocess["training"],
        }


@dataclass(frozen=True, slots=True)
class MethodsComparison:
    """Methods on one corpus. `report` is None where no yardsticks were given.

    `neighbours` holds, for each word that was asked, the nearest words of each method.
    """

    corpus: Corpus
    results: tuple[ComparedMethod, ...]
    report: WordsReport | None
    neighbours: dict[str, list[list[Neighbour]]]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "tokens": self.corpus.total,
            "words": len(self.corpus.words),
            "notes": list(self.corpus.notes),
            "results": [one.to_json() for one in self.results],
            "yardsticks": None if self.report is None else self.report.to_json(),
            "neighbours": {
                word: {
                    one.method: [list(near) for near in found]
                    for one, found in zip(self.results, lists, strict=True)
                }
                for word, lists in self.neighbours.items()
            },
        }


def compare_methods(
    methods: Sequence[str],
    corpus: Source,
    *,
    yardsticks: WordSource | None = None,
    words: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    progress: Watch = None,
) -> MethodsComparison:
    """Word vectors of each of `methods`, trained on one corpus with the same `settings`.

    `methods` are of "word2vec", "glove" and "subwords". `settings` go to all (dim, seed, workers,
    min_count, ...); what is not in it is each method's own default. `yardsticks` are files of
    analogies or rated pairs, as `cospace.evaluate.words` takes them. `words` are those whose
    neighbours are shown; by default five of the corpus, from frequent to rare. `progress` is that
    of each training; its `stage` is the method.

    Raises `BadArgument` for an unknown method or word, and as the trainers do.

    >>> sentences = [["sofa", "couch", "lamp"], ["pump", "tyre", "bell"]] * 50
    >>> found = compare_methods(["word2vec"], sentences, settings={"min_count": 1, "dim": 16})
    >>> [one.method for one in found.results], len(found.neighbours)
    (['word2vec'], 5)
    """
    given = dict(settings or {})
    unknown = [method for method in methods if method not in METHODS]
    if unknown or not methods or len(set(methods)) < len(methods):
        raise BadArgument(f"methods are {', '.join(METHODS)}, each once; not {list(methods)}")
    read = read_corpus(corpus, split=given.get("split", ""), min_count=given.get("min_count", 5))
    missing = [word for word in words if word not in read.words]
    if missing:
        raise BadArgument(f"the corpus holds {missing[0]!r} too seldom, or not at all")
    results = [_trained(method, read, given, progress) for method in methods]
    report = None
    if yardsticks is not None:
        from cospace.evaluate import words as evaluate_words

        report = evaluate_words([one.model for one in results], yardsticks)
    asked = words or _samples(read)
    near = {word: [one.model.nearest(word, k=5) for one in results] for word in asked}
    return MethodsComparison(read, tuple(results), report, near)


def _trained(
    method: str,
    corpus: Corpus,
    settings: Mapping[str, Any],
    progress: Watch,
) -> ComparedMethod:
    sees, train = METHODS[method]
    lines: list[str] = []
    started = time.perf_counter()
    options = {"name": method, "progress": progress, "tell": lines.append, **settings}
    model = train(corpus, **options)
    seconds = time.perf_counter() - started
    memory = next((line for line in lines if "MB of memory" in line), "0 0")
    megabytes = int("".join(c for c in memory if c.isdigit()))
    return ComparedMethod(method, sees, model, seconds, megabytes * 1_000_000)


def _samples(corpus: Corpus) -> list[str]:
    """Five words, from those that are frequent but say something to those that are rare."""
    number = len(corpus.words)
    last = max(0, number - 1)
    places = [min(last, int(number**share)) for share in (0.45, 0.55, 0.65, 0.75, 0.85)]
    chosen = dict.fromkeys(corpus.words[place] for place in places)
    for word in corpus.words:
        if len(chosen) >= min(5, number):
            break
        chosen.setdefault(word)
    return list(chosen)
