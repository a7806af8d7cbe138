"""word2vec, subwords and GloVe: a corpus becomes a word model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from cospace.arguments import check_count, check_name, check_number, check_path, is_one_of
from cospace.encode.words import WordModel
from cospace.encode.words.saving import word_space
from cospace.errors import BadArgument
from cospace.need import need
from cospace.train.checkpoint import Checkpoint
from cospace.train.corpus import Corpus, Source, read_corpus
from cospace.train.options import Options, Settings, settings_of
from cospace.train.ranges import teller
from cospace.train.running import Run, check_memory, drive
from cospace.train.stopped import TrainingStopped

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["glove", "subwords", "word2vec"]

_SMALLER = "Take a larger min_count, or a smaller dim"


def word2vec(
    corpus: Source,
    *,
    dim: int = 100,
    window: int = 5,
    negative: int = 5,
    epochs: int = 5,
    architecture: str = "skipgram",
    **options: Unpack[Options],
) -> WordModel:
    """Word vectors that predict the words nearby: "skipgram", or "cbow", which is faster.

    Mikolov et al., Efficient Estimation of Word Representations in Vector Space (2013), with
    negative sampling (Distributed Representations of Words and Phrases, 2013). `corpus` is a text
    file (also compressed), a folder of them, lists of words, or a `Corpus` that was read before.
    `window` is how many words to each side are looked at (each centre draws from 1 to it),
    `negative` how many noise words stand against each. `options` are those of
    `cospace.train.Options`; by default rate=0.025, sample=1e-3 (more for fewer
    than 10,000 words), workers=1.

    With one worker the same corpus, settings and seed give the same vectors, bit for bit, on one
    kind of processor. Ctrl-C raises `TrainingStopped`, whose `model` holds what there is.

    Raises `BadInput` for a corpus with fewer than two words, `BadArgument` for settings out of
    range or more memory than there is, `TrainingDiverged` when numbers run away, and
    `MissingExtra` without the extra `train`.

    >>> sessions = [["sofa", "armchair", "lamp"], ["bicycle", "helmet", "pump"]] * 50
    >>> model = word2vec(sessions, dim=16, epochs=20, min_count=1, rate=0.1)
    >>> model.nearest("sofa", k=2)[0].word in ("armchair", "lamp")
    True
    """
    if not is_one_of(architecture, ("skipgram", "cbow")):
        raise BadArgument(f"the architecture is 'skipgram' or 'cbow', not {architecture!r}")
    own = {"dim": dim, "window": window, "negative": negative, "epochs": epochs}
    return _neural(corpus, settings_of(architecture, own, options), options)


def subwords(
    corpus: Source,
    *,
    dim: int = 100,
    window: int = 5,
    epochs: int = 5,
    ngrams: tuple[int, int] = (3, 6),
    buckets: int = 2_000_000,
    **options: Unpack[Options],
) -> WordModel:
    """Skip-gram whose words are sums of n-grams, so that words never seen have vectors too.

    Bojanowski et al., Enriching Word Vectors with Subword Information (2017): a word is the mean
    of a vector of its own and of those of its n-grams of `ngrams` characters, hashed into
    `buckets`. By default rate=0.05 and sample=1e-4, as fastText's (more for fewer than 100,000
    words); five noise words. Raises as `word2vec`.

    >>> model = subwords([["armchair", "chair", "sofa"]] * 50, dim=16, min_count=1, buckets=1000)
    >>> model.vector("armchairs").shape
    (16,)
    """
    if not isinstance(ngrams, (list, tuple)) or len(ngrams) != 2:
        raise BadArgument(f"ngrams= is the shortest and the longest length, not {ngrams!r:.60}")
    least = check_count("the shortest of ngrams", ngrams[0])
    most = check_count("the longest of ngrams", ngrams[1], least)
    buckets = check_count("buckets", buckets)
    own = {"dim": dim, "window": window, "epochs": epochs, "buckets": buckets}
    own |= {"least": least, "most": most}
    usual: Options = {"rate": 0.05, "sample": 1e-4}
    return _neural(corpus, settings_of("subwords", own, {**usual, **options}), options)


def glove(
    corpus: Source,
    *,
    dim: int = 100,
    window: int = 10,
    epochs: int = 15,
    x_max: float = 10.0,
    **options: Unpack[Options],
) -> WordModel:
    """Word vectors whose dot products tell how often two words stand near one another.

    Pennington et al., GloVe: Global Vectors for Word Representation (2014): all of the corpus is
    counted first, and the counts are fitted `epochs` times. `window` words to each side count, a
    word at distance d as 1/d; counts above `x_max` weigh alike (10 for a corpus of some 20 M
    words; the paper has 100 for billions). By default rate=0.05. The same seed gives the same
    vectors, bit for bit, with any number of workers. Raises as `word2vec`; `sample` is not for it.

    >>> sentences = [["sofa", "couch", "lamp"], ["pump", "tyre", "bell"]] * 50
    >>> glove(sentences, dim=16, min_count=1).table.rows.shape
    (6, 16)
    """
    need("numba", extra="train")
    from cospace.train.cooccurrence import GloveRun

    check_number("x_max", x_max, 1e-9)
    if "sample" in options:
        raise BadArgument("glove counts every word: sample is for word2vec and subwords")
    own = {"dim": dim, "window": window, "epochs": epochs, "x_max": x_max}
    usual: Options = {"rate": 0.05, "sample": 0.0}
    settings = settings_of("glove", own, {**usual, **options})
    read = _read(corpus, settings, options)
    _announce(read, settings, GloveRun.memory(read, settings), options)
    return _finished(GloveRun(read, settings), read, settings, options)


def _neural(source: Source, settings: Settings, options: Options) -> WordModel:
    need("numba", extra="train")
    from cospace.train.grams import grams_of
    from cospace.train.neural import NeuralRun

    corpus = _read(source, settings, options)
    if "sample" not in options:
        settings = replace(settings, sample=_sample(settings.sample, len(corpus.words)))
    grams = None
    if settings.method == "subwords":
        grams = grams_of(corpus.words, settings.least, settings.most, settings.buckets)
    size = NeuralRun.memory(corpus, settings, len(grams.ids) if grams else 0)
    _announce(corpus, settings, size, options)
    return _finished(NeuralRun(corpus, settings, grams), corpus, settings, options)


# Words up to so many times the mean share are not frequent ones.
_COMMON = 10


def _sample(usual: float, words: int) -> float:
    """The usual `sample`, or more where few words make the mean share large.

    Made for the frequent words of running text, it would drop nearly all of a small vocabulary.
    """
    return min(1.0, max(usual, _COMMON / words))


def _read(source: Source, settings: Settings, options: Options) -> Corpus:
    """The corpus. Raises `BadArgument` where it was read before, and not as is asked for now.

    Options of a wrong kind are refused before the reading, which may take long.
    """
    name = options.get("name")
    check_name("name", "" if name is None else name)
    teller(options.get("tell"))
    _folder(options)
    corpus = read_corpus(source, split=settings.split, min_count=settings.min_count)
    for name, was in (("split", corpus.split), ("min_count", corpus.min_count)):
        if name in options and getattr(settings, name) != was:
            raise BadArgument(
                f"this corpus was read with {name}={was!r}, not {getattr(settings, name)!r}:"
                f" give {name} to read_corpus"
            )
    return corpus


def _folder(options: Options) -> Path | None:
    """Where the state is kept. Raises `BadArgument` for what is no path."""
    given = options.get("checkpoint")
    return None if given is None else check_path("checkpoint", given)


def _announce(corpus: Corpus, settings: Settings, size: int, options: Mapping[str, Any]) -> None:
    """Says what is about to be done, before it is; raises `BadArgument` for too much memory."""
    check_memory(size, _SMALLER)
    tell = teller(options.get("tell"))
    tell(f"{corpus.total:,} words read, {len(corpus.words):,} different ones kept")
    for note in corpus.notes:
        tell(note)
    tell(f"training takes {max(1, size / 1e6):,.0f} MB of memory")
    if settings.workers == 1 or settings.method == "glove":
        tell("the same seed gives the same vectors, bit for bit")


def _finished(run: Run, corpus: Corpus, settings: Settings, options: Options) -> WordModel:
    """The model, after the run was driven to its end. Raises `TrainingStopped` after Ctrl-C."""
    folder = _folder(options)
    checkpoint = None if folder is None else Checkpoint(folder, corpus, settings)
    name = options.get("name") or settings.method
    share = drive(
        run, settings, checkpoint=checkpoint, progress=options.get("progress"), stage=name,
        tell=teller(options.get("tell")),
    )  # fmt: skip
    table = run.table()
    record = settings.to_json()
    if share < 1:
        record["stopped_after"] = round(share, 6)
    record |= {"split": corpus.split, "min_count": corpus.min_count, "tokens": corpus.total}
    space = word_space(
        table, name, split=corpus.split, weighting=settings.weighting, source="cospace.train",
        training=record,
    )  # fmt: skip
    model = WordModel.of(table, name=name, space=space)
    if share < 1:
        raise TrainingStopped(model, share)
    return model
