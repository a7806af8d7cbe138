"""Sizes: how many tokens texts have for a model, so that nothing is cut that need not be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cospace.encode.base import uncached
from cospace.encode.model import Model
from cospace.encode.protocol import Encoder
from cospace.encode.words import WordModel
from cospace.errors import BadArgument

__all__ = ["Sizes", "sizes_of"]

# Bytes of UTF-8 that are taken for a token where the model's tokenizer is not here: English has
# about four, so this rather counts too many.
_BYTES = 3
# Characters of texts that are tokenised together.
_TOGETHER = 1_000_000


class Sizes:
    """Counts tokens as a model does.

    `most` is how many a text may have, 0 where that is not bounded; of these the model needs
    `frame` for itself and its prompt. `exact` is false where its tokenizer is not here, and tokens
    are taken to be three bytes.
    """

    def __init__(
        self, count: Callable[[Sequence[str]], list[int]], most: int, frame: int, exact: bool
    ) -> None:
        self._count = count
        self.most = most
        self.frame = frame
        self.exact = exact

    def of(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, without the frame.

        >>> from cospace.testing.tiny import tiny_model
        >>> sizes_of(tiny_model()).of(["a red chair", "a"])
        [6, 1]
        """
        found: list[int] = []
        start = held = 0
        for end, text in enumerate(texts, start=1):
            held += len(text)
            if held >= _TOGETHER or end == len(texts):
                found += self._count(texts[start:end])
                start, held = end, 0
        return [max(0, size - self.frame) for size in found]

    def fits(self, size: int) -> bool:
        """Whether the model reads a text of so many tokens to its end."""
        return not self.most or size + self.frame <= self.most


def sizes_of(model: Encoder, role: str = "document") -> Sizes:
    """The sizes of texts for a model, in the role of "query" or "document"."""
    model = uncached(model)
    if isinstance(model, WordModel):
        return Sizes(lambda texts: [len(model.read(text)) for text in texts], 0, 0, True)
    try:
        tower = model.text_tower() if isinstance(model, Model) else None
    except BadArgument:
        tower = None
    if tower is None:
        return Sizes(_about, 0, 0, False)

    def count(texts: Sequence[str]) -> list[int]:
        return [
            len(first) + sum(len(one) - sum(one.special_tokens_mask) for one in more)
            for first, *more in tower.windows(texts, role)
        ]

    [frame] = count([""])
    return Sizes(count, tower.max_tokens, frame, True)


def _about(texts: Sequence[str]) -> list[int]:
    return [-(-len(text.encode("utf-8", "surrogatepass")) // _BYTES) for text in texts]
