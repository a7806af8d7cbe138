"""Texts to vectors: tokens, batches of like length, rows in the order given."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.tally import note
from cospace.encode.towers.beginning import Cutter, cutter, first_length
from cospace.errors import BadItem, ModelDamaged
from cospace.read.texts import check_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.engines.openvino import Graph
    from cospace.encode.engines.protocol import Runner
    from cospace.encode.folder import Folder
    from cospace.space import Tower

__all__ = ["TextTower", "normalizer_of", "plan"]

# A batch holds about this many tokens, padding included. The starter's graph drops the padding
# before its products, and takes 2 to 4% less time with 1,536 than with 512 or 1,024.
_TOKENS = 1_536

# Few texts are divided among the streams, but not into batches below this many tokens, which
# would cost more of the processor than they save of the time.
_FEWEST = 256
# How SentencePiece writes the space before a word; alone it is no piece of the word.
_SPACE = "\u2581"

# Lengths are padded up to a multiple of this: the engine meets few shapes, and its sums, which
# run over 8 or 16 lanes, add the same numbers in the same order whatever the padding. So a text
# has the same bits alone and in every batch; with a multiple of 8, 8-bit rounding amplified the
# differences to a cosine of 0.9998 (measured).
_MULTIPLE = 16

# Texts that are tokenised and sorted together: bounds the memory of a long list.
_WINDOW = 4_096


class TextTower:
    """The tower that takes texts. `encode` is safe to call from many threads.

    Its `preprocess` record: `tokenizer`, a file; `max_tokens`; and, where a model needs them,
    `pad_id`, the token of the padding; `pad_to`, the one length that every text is padded to;
    `clean`, what is taken away first: "lowercase" the capitals, "canonicalize" punctuation too.
    """

    def __init__(self, folder: Folder, tower: Tower, graph: Runner) -> None:
        from tokenizers import Tokenizer

        self.graph = graph
        self._folder, self._tower = folder, tower
        self._dim = folder.dim
        self._prompts = dict(tower.prompts)
        try:
            record = tower.preprocess
            self.max_tokens = int(record["max_tokens"])
            self._pad, self._pad_to = int(record.get("pad_id", 0)), int(record.get("pad_to", 0))
            file = folder.read(tower, record["tokenizer"])
            self._tokenizer = Tokenizer.from_buffer(file)
            self._tokenizer.normalizer = normalizer_of(self._tokenizer, record.get("clean", ""))
            self._tokenizer.enable_truncation(self.max_tokens)
            self._tokenizer.no_padding()
        except ModelDamaged:
            raise
        except Exception as error:  # the tokenizer's parser raises bare Exception
            raise ModelDamaged(f"{folder.path}: the text tower cannot be used ({error})") from error

    def prepare(self, value: Any, name: str, data: bytes | None = None) -> str:
        """The text itself, once it has passed the checks. Raises `BadItem`."""
        del data  # a text has no file
        return check_text(value, name)

    def canary(self, given: str) -> str:
        """What `encode` takes, for the input of a known answer."""
        return given

    def encode(
        self, texts: Sequence[str], role: str = "document"
    ) -> tuple[NDArray[np.float32], list[int]]:
        """The rows float32 [n, dim] of prepared texts, and the positions of those cut short."""
        other = next((i for i, text in enumerate(texts) if not isinstance(text, str)), None)
        if other is not None:
            kind = type(texts[other]).__name__
            raise BadItem(f"input {other}", f"is prepared as a str, not as {kind}")
        rows = np.empty((len(texts), self._dim), np.float32)
        cut: list[int] = []
        prompt = self._prompts.get(role, "")
        for start in range(0, len(texts), _WINDOW):
            window = texts[start : start + _WINDOW]
            tokens = self._tokenise([prompt + t for t in window] if prompt else list(window))
            cut += [start + i for i, t in enumerate(tokens) if self._is_cut(t)]
            ids = [t.ids for t in tokens]
            if not all(ids):
                empty = next(i for i, mine in enumerate(ids) if not mine)
                raise BadItem(f"input {start + empty}", "no token of it is in the vocabulary")
            note(map(len, ids))
            lengths = [self._pad_to or len(i) for i in ids]
            most = self._pad_to or self.max_tokens
            batches = self._plan(lengths, most)
            self.graph.run_each(
                (
                    (start + batch, partial(_padded, ids, batch, width, self._pad))
                    for batch, width in batches
                ),
                rows,
            )
        return rows, cut

    def _plan(self, lengths: Sequence[int], most: int) -> Iterator[tuple[NDArray[np.intp], int]]:
        """The batches that the engine may be given, so that neighbours change no text's vector."""
        if self.graph.batching == "padded":
            return plan(lengths, self._budget(lengths), _MULTIPLE, most=most)
        budget = self._budget(lengths) if self.graph.batching == "equal" else 1
        return plan(lengths, budget, 1, most=most, equal=True)

    def _budget(self, lengths: Sequence[int]) -> int:
        """How many tokens a batch may hold, so that all streams have their share of the work."""
        tokens = sum(-(-length // _MULTIPLE) * _MULTIPLE for length in lengths)
        rounds = max(1, -(-tokens // (_TOKENS * self.graph.streams)))
        return min(_TOKENS, max(_FEWEST, -(-tokens // (rounds * self.graph.streams))))

    @property
    def tokenizer(self) -> Any:
        """The tokenizer, for those who look at it; `windows` is what the model makes of a text."""
        return self._tokenizer

    def windows(self, texts: Sequence[str], role: str = "document") -> list[list[Any]]:
        """For each text, with its prompt in front, the tokenizer's encodings, with offsets.

        The first is what `encode` reads; the others hold what it cuts off, if anything.
        """
        prompt = self._prompts.get(role, "")
        found = self._guarded(self._tokenizer.encode_batch, [prompt + text for text in texts])
        return [[one, *one.overflowing] for one in found]

    def summed(
        self, text: str, role: str = "document"
    ) -> tuple[list[tuple[int, int]], NDArray[np.float64]] | None:
        """The places of a text's tokens, and the states float64 [n, dim] that it is the mean of.

        (0, 0) is the place of special tokens and of a prompt's. None where the graph does not show
        them: it is pooled otherwise, or another engine runs it.
        """
        graph = self._states
        if graph is None:
            return None
        [[one, *_]] = self.windows([text], role)
        before = len(self._prompts.get(role, ""))
        own = [
            not special and start >= before
            for special, (start, _) in zip(one.special_tokens_mask, one.offsets, strict=True)
        ]
        places = [
            (a - before, b - before) if mine else (0, 0)
            for mine, (a, b) in zip(own, one.offsets, strict=True)
        ]
        lengths = [self._pad_to or len(one.ids)]
        [(batch, width)] = self._plan(lengths, self._pad_to or self.max_tokens)
        states = graph.run(_padded([one.ids], batch, width, self._pad))[0]
        return places, states[: len(one.ids)].astype(np.float64)

    @cached_property
    def _states(self) -> Graph | None:
        """The graph of the states, compiled when it is first asked for."""
        from cospace.encode.engines.pooled import states_graph

        return states_graph(self._folder, self._tower, self.graph)

    def counts(self, texts: Sequence[str], role: str = "document") -> list[int]:
        """How many tokens of each text `encode` reads, with the prompt and special tokens."""
        prompt = self._prompts.get(role, "")
        return [len(one) for one in self._tokenise([prompt + text for text in texts])]

    def pieces(self, words: Sequence[str]) -> list[int]:
        """In how many pieces the vocabulary cuts each word, standing alone."""
        cut = partial(self._tokenizer.encode_batch_fast, add_special_tokens=False)
        return [
            sum(piece != _SPACE for piece in one.tokens) for one in self._guarded(cut, list(words))
        ]

    def _is_cut(self, encoding: Any) -> bool:
        return len(encoding) == self.max_tokens and bool(encoding.overflowing)

    def _tokenise(self, texts: list[str]) -> list[Any]:
        """The encodings of texts, of long ones only as far as the model reads, and a bit beyond.

        A beginning that was cut where that is safe (see `beginning`) has the first tokens of the
        whole. Where they are more than the model reads, the rest changes nothing; where they are
        not, a beginning twice as long is tried.
        """
        length = first_length(self.max_tokens)
        if max(map(len, texts), default=0) <= length or self._cutter is None:
            return self._all(texts)
        found: dict[int, Any] = {}
        left = list(range(len(texts)))
        while left:
            ends = [self._end(texts[i], length) for i in left]
            parts = [texts[i][:end] for i, end in zip(left, ends, strict=True)]
            again = []
            for i, end, one in zip(left, ends, self._all(parts), strict=True):
                if end == len(texts[i]) or one.overflowing:
                    found[i] = one
                else:
                    again.append(i)
            left, length = again, 2 * length
        return [found[i] for i in range(len(texts))]

    def _end(self, text: str, most: int) -> int:
        """Where a beginning of about `most` characters ends: at a safe place, or with the text."""
        while most < len(text) and self._cutter is not None:
            place = self._cutter(text, most)
            if place:
                return place
            most *= 2
        return len(text)

    @cached_property
    def _cutter(self) -> Cutter | None:
        return cutter(self._tokenizer)

    def _all(self, texts: list[str]) -> list[Any]:
        # "fast" leaves out the offsets of characters, which nobody asks for here.
        return self._guarded(self._tokenizer.encode_batch_fast, texts)

    @staticmethod
    def _guarded(tokenise: Callable[[list[str]], Any], texts: list[str]) -> list[Any]:
        try:
            return list(tokenise(texts))
        except BaseException as error:
            # A panic of the Rust library is no Exception; it must not take the program down.
            if isinstance(error, Exception) or type(error).__name__ == "PanicException":
                raise BadItem("", f"the tokenizer failed: {str(error)[:200]}") from error
            raise


def normalizer_of(tokenizer: Any, clean: str) -> Any:
    """The tokenizer's normalizer, with what `clean` asks for before it; offsets stay right."""
    from tokenizers import Regex, normalizers

    steps: dict[str, list[Any]] = {
        "": [],
        "lowercase": [normalizers.Lowercase()],
        # SigLIP's training: no ASCII punctuation, and single spaces.
        "canonicalize": [
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"[!-/:-@\[-`{-~]"), ""),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ],
    }
    before = steps[clean]
    own = tokenizer.normalizer
    return normalizers.Sequence([*before, *([own] if own is not None else [])]) if before else own


def plan(
    lengths: Sequence[int],
    budget: int,
    multiple: int,
    *,
    most: int = sys.maxsize,
    equal: bool = False,
) -> Iterator[tuple[NDArray[np.intp], int]]:
    """Batches of like length: (positions, padded width), the longest first.

    A batch holds at most `budget` tokens, padding included, and always at least one text. Widths
    are multiples of `multiple`, and at most `most`; with `equal`, all texts of a batch have its
    width once they are padded for themselves.

    >>> [(batch.tolist(), width) for batch, width in plan([3, 9, 4], budget=16, multiple=4)]
    [([1], 12), ([2, 0], 4)]
    """
    padded = -(-np.asarray(lengths, np.intp) // multiple) * multiple
    order = np.argsort(-np.asarray(lengths, np.intp), kind="stable")
    start = 0
    while start < len(order):
        width = min(max(int(padded[order[start]]), multiple), most)
        size = max(1, budget // width)
        if equal:
            size = int((padded[order[start : start + size]] == padded[order[start]]).sum())
        yield order[start : start + size], width
        start += size


def _padded(
    ids: Sequence[Sequence[int]], batch: NDArray[np.intp], width: int, pad: int
) -> dict[str, NDArray[np.int64]]:
    """The graph's inputs for one batch: int64 [n, width] each."""
    tokens = np.full((len(batch), width), pad, np.int64)
    mask = np.zeros_like(tokens)
    for row, position in enumerate(batch):
        mine = ids[position]
        tokens[row, : len(mine)] = mine
        mask[row, : len(mine)] = 1
    return {"input_ids": tokens, "attention_mask": mask}
