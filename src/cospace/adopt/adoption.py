"""`adopt`: a torch model to a model folder, proved against the module that it came from."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.adopt.convert import WEIGHTS
from cospace.adopt.family import Choices, build
from cospace.adopt.fetch import fetch
from cospace.adopt.native import is_native
from cospace.adopt.source import free_name, parse
from cospace.adopt.write import How, Origin, write, write_native, write_pair
from cospace.arguments import is_one_of
from cospace.encode.modules.pairs import build_pair, is_pair
from cospace.encode.modules.weights import check_finite
from cospace.encode.names import load_folder, model_home
from cospace.encode.reranker import load_reranker
from cospace.errors import BadArgument
from cospace.files import make_folder, move_folder

if TYPE_CHECKING:
    from cospace.encode.model import Model
    from cospace.encode.reranker import Reranker

__all__ = ["Adopted", "adopt"]


@dataclass(frozen=True)
class Adopted:
    """The model, where it lies, and how close its graph comes to the torch module it came from.

    `cosines` are the least cosines over texts or images that were no part of its making, by kind;
    `notes` say what a user should know, such as prompts that nobody states. The model is a
    `Reranker` where it scores pairs; `error` is then the largest of a logit, as a part of their
    range.
    """

    model: Model | Reranker
    folder: Path
    license: str
    parameters: int
    cosines: dict[str, float]
    notes: tuple[str, ...]
    error: float | None = None


def adopt(
    source: str | os.PathLike[str],
    *,
    name: str = "",
    how: How | None = None,
    choices: Choices | None = None,
    replace: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Adopted:
    """The model of `source`, converted into a folder of the model home under `name`.

    A transformer that classifies texts, with one label, becomes a reranker; with a pooling said
    in `choices`, a text encoder.

    `how` says in which form it is stored, and for which engines; `choices` what its files leave
    open. `tell` is called with a line at each step. Needs the extra [torch]; what it
    makes runs without torch, unless that is the engine asked for.

    Raises `BadArgument` for a name that is taken, `ModelNotFound`, `NetworkError`, `UnsafeFile`,
    `UnsupportedModel`, `ModelDamaged`, and `MissingExtra`.
    """
    how = how or How()
    if not is_one_of(how.weights, WEIGHTS):
        raise BadArgument(f"weights are stored as {', '.join(WEIGHTS)}; not {how.weights!r}")
    found = parse(source)
    name = name or re.sub(r"[^A-Za-z0-9._-]", "-", found.name)
    target = model_home() / free_name(name, replace)
    fetched = fetch(found, tell)
    if found.folder is not None:
        tell(f"{found.folder}: {fetched.size / 1e6:,.1f} MB")
    tell("reading the weights")
    parameters = check_finite(fetched.folder)
    towers, pair = None, is_pair(fetched.folder) and not (choices and choices.pooling)
    if pair:
        _refuse_choices(choices)
        towers = [build_pair(fetched.folder)]
    elif not is_native(fetched.folder):
        towers = build(fetched.folder, found, name, choices or Choices())
    make_folder(target.parent)
    # Made beside its place, and moved there whole: an interrupted run leaves no half model.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".adding-") as place:
        made = Path(place) / "model"
        origin = Origin(name, found, fetched)
        if towers is None:
            record = write_native(made, origin, tell)
        elif pair:
            record = write_pair(made, towers[0], origin, how=how, tell=tell)
        else:
            record = write(made, towers, origin, how=how, tell=tell)
        move_folder(made, target)
    model = load_reranker(target) if pair else load_folder(target)
    return Adopted(model, target, parameters=parameters, **record)


def _refuse_choices(choices: Choices | None) -> None:
    if choices is not None and choices != Choices():
        raise BadArgument("a reranker has neither a layer nor prompts: leave them out")
