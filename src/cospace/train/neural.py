"""NeuralRun: word2vec and subwords. Threads walk over shards of the corpus, without locks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.words import Subwords, WordVectors
from cospace.train.kernels.rows import aligned, padded, uniform
from cospace.train.running import Pulse, Stopped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.train.corpus import Corpus
    from cospace.train.grams import Grams
    from cospace.train.options import Settings

__all__ = ["WORD", "NeuralRun"]

# Bytes of a word itself: the string, its count, its place in the index.
WORD = 250

# Tokens that a worker trains between two looks at the clock; the rate falls in these steps.
_CHUNK = 16_384

# With n-grams: the tokens that share local rows. Longer is faster, and staler.
_STRETCH = 256

_NOISE = 0.75  # the power of the counts that noise is drawn by: Mikolov et al. 2013, section 2.2
_TABLE = 1 << 22
_LAST = 1e-4  # the rate ends at this share of where it began, as word2vec's


class NeuralRun:
    """Negative sampling over a corpus: `grams` is None for words alone.

    With several workers each walks over its shard, and all write to the same rows without a
    lock (Hogwild: Recht et al. 2011); only one worker gives the same bits again.
    """

    def __init__(self, corpus: Corpus, settings: Settings, grams: Grams | None = None) -> None:
        self._corpus, self._settings, self._grams = corpus, settings, grams
        self.work = corpus.total
        dim, number = settings.dim, len(corpus.words)
        self._inputs = uniform(number, dim, settings.seed)
        self._outputs = aligned(number, dim)
        self._gram_rows = uniform(len(grams.ids), dim, settings.seed + 1) if grams else None
        self._keep = _keep(corpus.counts, settings.sample)
        self._noise = _noise_table(corpus.counts)
        self._stop = threading.Event()

    @staticmethod
    def memory(corpus: Corpus, settings: Settings, grams: int = 0) -> int:
        """The bytes that a training takes, its tokens and its result included."""
        number = len(corpus.words)
        row = 4 * padded(settings.dim)
        result = 4 * settings.dim * (number + grams)
        trained = row * (2 * number + grams) + 4 * _TABLE
        return corpus.tokens.nbytes + trained + result + number * WORD

    def epoch(self, number: int, pulse: Pulse) -> float:
        """Trains every shard once; the mean loss of what was looked at."""
        workers = self._settings.workers
        ends = [len(self._corpus.tokens) * w // workers for w in range(workers + 1)]
        shards = [_Shard(self, number, w, ends[w], ends[w + 1]) for w in range(workers)]
        if workers == 1:
            while shards[0].left:
                shards[0].advance()
                pulse(shards[0].share, shards[0].late)
            return shards[0].mean
        self._stop.clear()
        with ThreadPoolExecutor(workers) as pool:
            tasks = [pool.submit(shard.run, self._stop) for shard in shards]
            try:
                while wait(tasks, timeout=0.1).not_done:
                    pulse(float(np.mean([shard.share for shard in shards])), shards[0].late)
            except (KeyboardInterrupt, Stopped):
                self._stop.set()
                wait(tasks)
                raise
            for task in tasks:
                task.result()
        pulse(1.0, shards[0].late)
        return float(np.mean([shard.mean for shard in shards]))

    def sound(self) -> bool:
        """False when a number is no longer finite."""
        norms = (np.einsum("ij,ij->i", matrix, matrix) for matrix in self.state().values())
        return all(bool(np.isfinite(one).all()) for one in norms)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """The rows of inputs, outputs and n-grams."""
        state: dict[str, NDArray[Any]] = {"inputs": self._inputs, "outputs": self._outputs}
        return state if self._gram_rows is None else {**state, "grams": self._gram_rows}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes the rows back, in place."""
        self._inputs[:], self._outputs[:] = state["inputs"], state["outputs"]
        if self._gram_rows is not None:
            self._gram_rows[:] = state["grams"]

    def table(self) -> WordVectors:
        """The words' vectors; with n-grams the means of a word's own row and theirs."""
        dim, corpus, grams = self._settings.dim, self._corpus, self._grams
        if grams is None or self._gram_rows is None:
            return WordVectors(corpus.words, self._inputs[:, :dim].copy(), corpus.counts)
        rows = np.empty((len(corpus.words), dim), np.float32)
        begin = 0
        for word, end in enumerate(grams.ends):
            own = self._gram_rows[grams.places[begin:end], :dim].sum(axis=0)
            rows[word] = (own + self._inputs[word, :dim]) / (end - begin + 1)
            begin = end
        kept = Subwords(
            self._gram_rows[:, :dim].copy(), grams.ids, grams.buckets, grams.least, grams.most
        )
        return WordVectors(corpus.words, rows, corpus.counts, kept)


class _Shard:
    """One worker's part of one epoch: its place, its buffers, its generator."""

    def __init__(self, run: NeuralRun, epoch: int, worker: int, start: int, stop: int) -> None:
        settings = run._settings
        self._run, self._at, self._start, self._stop = run, start, start, stop
        self._epoch = epoch
        dim, rows = padded(settings.dim), settings.negative + 1
        state = np.random.SeedSequence([settings.seed, epoch, worker])
        self._random = state.generate_state(1, np.uint64)
        # What is left of a chunk goes before the next: its last centres, and their left context.
        self._buffer = np.empty(_CHUNK + 2 * settings.window + 2, np.int32)
        self._count = self._next = 0
        self._loss = np.zeros(2)
        self._before = np.zeros(2)
        self._tile = aligned(max(rows, 2), dim)
        self._ids = np.zeros((2, rows), np.int64)
        self._kernel, self._lanes, self._flags = _kernel(settings.method, dim, rows)
        self._local = _Local(run, dim) if run._grams is not None else None

    @property
    def left(self) -> bool:
        return self._at < self._stop or self._next < self._count

    @property
    def share(self) -> float:
        return (self._at - self._start) / max(1, self._stop - self._start)

    @property
    def mean(self) -> float:
        return float(self._loss[0] / self._loss[1]) if self._loss[1] else 0.0

    @property
    def late(self) -> float | None:
        """The mean loss since it was last asked."""
        moved = self._loss - self._before
        self._before = self._loss.copy()
        return float(moved[0] / moved[1]) if moved[1] else None

    def run(self, stop: threading.Event) -> None:
        while self.left and not stop.is_set():
            self.advance()

    def advance(self) -> None:
        """Reads a chunk, and trains every token whose whole window is there."""
        from cospace.train.kernels.drawing import fill

        run, window = self._run, self._run._settings.window
        rate = self._rate()
        end = min(self._at + _CHUNK, self._stop)
        self._count, self._random[0] = fill(
            run._corpus.tokens, self._at, end, run._keep, self._buffer, self._count,
            self._random[0],
        )  # fmt: skip
        self._at = end
        stop = self._count if end == self._stop else max(self._next, self._count - window)
        if self._local is None:
            self._train(self._buffer, self._next, stop, run._inputs, rate)
        else:
            for start in range(self._next, stop, _STRETCH):
                last = min(start + _STRETCH, stop)
                with self._local.rows(self._buffer, start, last, self._count) as slots:
                    self._train(slots, start, last, self._local.local, rate)
        kept = max(0, stop - window)
        self._buffer[: self._count - kept] = self._buffer[kept : self._count].copy()
        self._count, self._next = self._count - kept, stop - kept

    def _train(
        self, slots: NDArray[np.int32], start: int, stop: int, inputs: Any, rate: float
    ) -> None:
        self._kernel(
            self._buffer, slots, start, stop, self._count, inputs, self._run._outputs,
            self._run._noise, self._tile, self._ids, self._flags, self._lanes,
            self._run._settings.window, np.float32(rate), self._random, self._loss,
        )  # fmt: skip

    def _rate(self) -> float:
        settings = self._run._settings
        left = 1 - (self._epoch + self.share) / settings.epochs
        return settings.rate * max(_LAST, left)


class _Local:
    """The rows of the words in one stretch, each the mean of its n-grams'."""

    def __init__(self, run: NeuralRun, dim: int) -> None:
        from cospace.train.kernels.grams import hidden_rows

        self._run = run
        most = _STRETCH + 2 * run._settings.window
        self.local, self._old = aligned(most, dim), aligned(most, dim)
        self._slots = np.empty(_CHUNK + 2 * run._settings.window + 2, np.int32)
        self._seen = np.full(len(run._corpus.words), -1, np.int32)
        self._listed = np.empty(most, np.int32)
        self._gather, self._scatter = hidden_rows(dim)
        self._count = 0

    def rows(self, buffer: NDArray[np.int32], start: int, stop: int, count: int) -> _Local:
        """A block in which `local` holds the rows of tokens `start` to `stop` and about."""
        window, grams = self._run._settings.window, self._run._grams
        assert grams is not None
        first, last = max(0, start - window), min(count, stop + window)
        if last < count:  # the kernel looks one window past it to fetch rows ahead
            self._slots[last : min(count, last + window + 2)] = -1
        self._count = self._gather(
            buffer, first, last, self._slots, self._seen, self._listed, self._run._inputs,
            self._run._gram_rows, grams.places, grams.ends, self.local, self._old,
        )  # fmt: skip
        return self

    def __enter__(self) -> NDArray[np.int32]:
        return self._slots

    def __exit__(self, *_: object) -> None:
        grams = self._run._grams
        assert grams is not None
        self._scatter(
            self._count, self._listed, self._run._inputs, self._run._gram_rows, grams.places,
            grams.ends, self.local, self._old,
        )  # fmt: skip


def _kernel(method: str, dim: int, rows: int) -> tuple[Any, NDArray[np.int64], Any]:
    """(the kernel, the lane of each output row, the switches of two centres)."""
    from cospace.train.kernels.cbow import cbow
    from cospace.train.kernels.lanes import lane_of
    from cospace.train.kernels.skipgram import skipgram

    lanes = np.array(lane_of(rows), np.int64)
    flags = aligned(2, rows)
    for lane in lanes:
        flags[:, lane] = 1
    return (cbow if method == "cbow" else skipgram)(dim, rows), lanes, flags


def _keep(counts: NDArray[np.int64], sample: float) -> NDArray[np.uint64]:
    """How likely a token of each word is kept, of 2**32: word2vec's sqrt(t / f) + t / f."""
    most = float(1 << 32)
    if not sample:
        return np.full(len(counts), 1 << 32, np.uint64)
    share = sample / (counts / counts.sum())
    return np.asarray(np.minimum(most, (np.sqrt(share) + share) * most), np.uint64)


def _noise_table(counts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Words int32, each as often as its share of counts ** 0.75; every word once at least."""
    size = max(_TABLE, 1 << int(np.ceil(np.log2(4 * len(counts)))))
    weights = counts**_NOISE
    ends = np.round(np.cumsum(weights) / weights.sum() * (size - len(counts))).astype(np.int64)
    copies = np.diff(ends, prepend=0) + 1
    return np.repeat(np.arange(len(counts), dtype=np.int32), copies)
