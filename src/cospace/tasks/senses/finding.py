"""`senses`: a word's occurrences in a corpus, grouped by what is said around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cospace.arguments import check_count, check_instance
from cospace.encode.words import WordModel
from cospace.errors import BadArgument, UnknownWord
from cospace.evaluate.encoding import encode_texts, loaded
from cospace.measures.bootstrap import check_seed
from cospace.progress import Watch
from cospace.read.terms import chains, fold, has_digit
from cospace.store.language import recognised, stop_words
from cospace.tasks.senses.contexts import WINDOW, Context, Corpus, Counted, contexts_of
from cospace.tasks.senses.grouping import centred, grouped
from cospace.tasks.senses.report import Occurrence, Sense, Senses, Static

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode import Encoder
    from cospace.evaluate.encoding import ModelName
    from cospace.tasks.material import Floats

__all__ = ["COUNTS", "senses"]

COUNTS = (2, 3, 4)
_LEAST = 4  # occurrences: two in each of two groups
_TELLING, _EXAMPLES, _NEIGHBOURS = 6, 3, 8


def senses(  # noqa: PLR0913 - as `Collection.add`, one for each thing to say
    corpus: Corpus,
    word: str,
    *,
    model: ModelName = "starter",
    words: WordModel | None = None,
    groups: int | None = None,
    most: int = 1_000,
    seed: int = 0,
    progress: Watch = None,
) -> Senses:
    """The senses that a word has in a corpus: 2 to 4 groups of its occurrences.

    `corpus` is a file of texts (UTF-8; .gz, .bz2, .xz and .zst are unpacked) or texts. Of each
    occurrence the words around it are encoded, the word itself left out: what differs is what is
    said about it. The vectors, less their mean, are grouped by k-means, in as many groups as have
    the highest silhouette unless `groups` says how many. `words`, a model of word vectors, is
    shown beside it: it has one vector for all senses.

    Raises `UnknownWord` for a word that the corpus lacks, `BadArgument` for one that occurs fewer
    than 4 times, `EmptyItem` for a corpus without texts, `BadItem` for one that is no text.

    Source: Schütze, Automatic word sense discrimination, 1998.

    >>> texts = ["She paid money into the bank", "The bank gave him a loan for the house"]
    >>> texts += ["The boat lay at the bank of the river", "Reeds grow on the bank of the lake"]
    >>> [one.size for one in senses(texts, "bank", groups=2).senses]
    [2, 2]
    """
    if groups is not None:
        check_count("groups", groups, 2, 20)
    check_seed(seed)
    most = check_count("most", most)
    if words is not None:
        check_instance("words", words, WordModel, "a model of word vectors")
    found = contexts_of(corpus, word, most=most, window=WINDOW, seed=seed, progress=progress)
    encoder = loaded(model)
    kept, raw = _encoded(found, word, encoder, max(_LEAST, 2 * (groups or 0)), progress)
    rows = centred(raw)
    made = grouped(rows, COUNTS if groups is None else (groups,), seed=seed)
    return Senses(
        word=word.strip(),
        model=encoder.space.name,
        found=found.found,
        alone=found.alone,
        senses=_described(kept, raw, rows, made.labels),
        occurrences=_placed(kept, rows, made.labels),
        silhouettes=made.silhouettes,
        static=None if words is None else _static(words, word.strip()),
        labels=made.labels,
        rows=raw,
    )


def _encoded(
    found: Counted, word: str, encoder: Encoder, least: int, progress: Watch
) -> tuple[list[Context], Floats]:
    """The contexts that have a vector, and their vectors [n, dim]; `least` of them, or an error."""
    if not found.kept:
        alone = " but alone, with nothing around it" if found.alone else ""
        raise UnknownWord(f"the corpus does not hold {word!r}{alone}", word=word)
    if len(found.kept) < least:
        raise BadArgument(
            f"{word!r} occurs {len(found.kept)} times; its senses need {least} occurrences or more"
        )
    done = encode_texts(encoder, [one.around for one in found.kept], "document", progress=progress)
    kept = [one for one, good in zip(found.kept, done.good, strict=True) if good]
    if len(kept) < least:
        raise BadArgument(f"{encoder.space.name} can encode too few contexts of {word!r}")
    return kept, done.rows[done.good]


def _static(words: WordModel, word: str) -> Static:
    for one in (word, word.lower()):
        if one in words:
            near = tuple(n.word for n in words.nearest(one, k=min(_NEIGHBOURS, len(words) - 1)))
            return Static(words.name, True, near)
    return Static(words.name, False, ())


def _described(
    kept: Sequence[Context], raw: Floats, rows: Floats, labels: NDArray[np.intp]
) -> tuple[Sense, ...]:
    count = int(labels.max()) + 1
    telling = _telling([one.around for one in kept], labels)
    sums = np.stack([raw[labels == one].sum(0, dtype=np.float64) for one in range(count)])
    sizes = np.bincount(labels)
    found = []
    for one in range(count):
        own = np.flatnonzero(labels == one)
        middle = rows[own].mean(0)
        best = own[np.argsort(-(rows[own] @ middle), kind="stable")][:_EXAMPLES]
        pairs = sizes[one] * (sizes[one] - 1)
        within = (float(sums[one] @ sums[one]) - sizes[one]) / pairs if pairs else 1.0
        others = np.delete(sums, one, axis=0).sum(0)
        away = sizes[one] * (len(labels) - sizes[one])
        between = float(sums[one] @ others) / away if away else 1.0
        examples = tuple(kept[at].text for at in best)
        found.append(Sense(int(sizes[one]), telling[one], examples, within, between))
    return tuple(found)


def _telling(texts: Sequence[str], labels: NDArray[np.intp]) -> list[tuple[str, ...]]:
    """For each group the words that are frequent in it and rare in the others.

    The weight of a word is its share s of the group's contexts times log(s / mean share), as names
    of clusters have it (`cospace.map.names`).
    """
    stops = stop_words(recognised(texts[:1_000])) | stop_words("english")
    count = int(labels.max()) + 1
    held: list[Counter[str]] = [Counter() for _ in range(count)]
    for text, label in zip(texts, labels.tolist(), strict=True):
        parts = {part for chain in chains(text.lower()) for part in chain}
        good = {p for p in parts if len(p) > 2 and fold(p) not in stops and not has_digit(p)}
        held[label].update(good)
    sizes = np.bincount(labels, minlength=count)
    found = []
    for one in range(count):
        weights = {}
        for word, number in held[one].items():
            shares = [held[c][word] / sizes[c] for c in range(count)]
            weights[word] = shares[one] * np.log(shares[one] * count / sum(shares))
            if number < 2 and sizes[one] > _LEAST:
                weights[word] *= 0.5  # said once: it may be chance
        found.append(tuple(sorted(weights, key=lambda w: (-weights[w], w))[:_TELLING]))
    return found


def _placed(
    kept: Sequence[Context], rows: Floats, labels: NDArray[np.intp]
) -> tuple[Occurrence, ...]:
    """Occurrences with their places on the two axes along which they differ most."""
    _, _, axes = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    flat = (rows - rows.mean(0)) @ axes[:2].T
    if flat.shape[1] < 2:
        flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    return tuple(
        Occurrence(one.text, int(label), round(float(x), 4), round(float(y), 4))
        for one, label, (x, y) in zip(kept, labels, flat, strict=True)
    )
