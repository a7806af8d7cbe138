"""Student: what a distillation made, until it is saved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cospace.arguments import check_path
from cospace.encode.names import load_folder
from cospace.encode.saving import new_folder
from cospace.train.card import Card, write_card

if TYPE_CHECKING:
    from cospace.encode.model import Model
    from cospace.space import Space
    from cospace.train.students.learning import Learner

__all__ = ["Student"]

_ROOM = 200_000_000  # bytes that a folder may take


@dataclass(frozen=True, eq=False)
class Student:
    """A model that learnt to give its teacher's vectors, and the `card` on how well it does.

    `save` writes its folder and gives the model.
    """

    name: str
    kind: str
    card: Card
    learner: Learner
    teacher: Space
    training: dict[str, Any]

    def save(self, folder: str | os.PathLike[str], *, replace: bool = False) -> Model:
        """Writes the model's folder with its card, whole or not at all, and gives the model.

        Raises `BadArgument` where something stands already, unless `replace`; `DiskFull`.
        """
        place = check_path("folder", folder)
        with new_folder(place, _ROOM, replace=replace) as made:
            self.learner.write(made, self.name, self.teacher, self.training)
            write_card(made, self.card)
        return load_folder(place)
