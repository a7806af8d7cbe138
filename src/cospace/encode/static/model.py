"""StaticModel: a static student as an `Encoder`. numpy and a tokenizer run it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cospace.encode.inputs import listing
from cospace.encode.model import Model
from cospace.encode.protocol import Role
from cospace.encode.static.tower import StaticTower
from cospace.errors import BadArgument
from cospace.item import Content
from cospace.read.texts import check_text
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from cospace.encode.folder import Folder

__all__ = ["StaticModel"]


class StaticModel(Model):
    """A table of tokens in its teacher's space; `cospace.train.distill` makes it."""

    def __init__(
        self,
        folder: Folder,
        *,
        kinds: Sequence[str] = (),
        dim: int | None = None,
        engine: str = "",
    ) -> None:
        if engine:
            raise BadArgument(f"a static model is a table, and needs no engine such as {engine!r}")
        super().__init__(folder, kinds=kinds, dim=dim)
        self._towers = {"text": StaticTower(folder, folder.tower("text"))}

    def _encode(self, inputs: Sequence[Content], role: Role) -> Vectors:
        """Lists of plain texts, the most usual, without a look at each one's parts."""
        texts = [one for one in listing(inputs) if isinstance(one, str)]
        if len(texts) < len(inputs):
            return super()._encode(inputs, role)
        for position, text in enumerate(texts):
            check_text(text, f"input {position}")
        rows, cut = self._rows("text", texts, role)
        return Vectors(rows, self.space, report=self._report(cut, len(texts), {}), truncated=cut)
