"""The model folder of adopted towers: graphs, tokenizers, licence, known answers, record."""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from cospace.adopt.convert import convert, save
from cospace.adopt.native import native_space
from cospace.adopt.pairs import error_of, precise, proved
from cospace.adopt.probes import probes
from cospace.encode.engines.openvino import Graph, has_bf16
from cospace.encode.engines.rebuild import KEPT
from cospace.encode.engines.torch import TorchGraph
from cospace.encode.folder import open_folder, sha256_of
from cospace.encode.record import known_answer, write_record
from cospace.encode.towers.load import CLOSE, FAMILIES, SAME_LOGITS
from cospace.errors import BadArgument, UnsupportedModel
from cospace.files import copy_file, make_folder, write_bytes
from cospace.space import Space, Tower

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.adopt.fetch import Fetched
    from cospace.adopt.source import Source
    from cospace.encode.modules.built import Built

__all__ = ["How", "Origin", "write", "write_native", "write_pair"]

# What a model's files are kept by, for the engine torch.
_KEPT_SUFFIXES = (".gz", ".jinja", ".json", ".model", ".safetensors", ".txt")

# The cosine that every probe must reach: the graph computes what the module computes.
_EQUAL = 0.9999


# Turns of each precision while the faster is looked for; the best counts.
_TURNS = 3

_Answers: TypeAlias = "tuple[dict[str, str], ...]"


@dataclass(frozen=True)
class Origin:
    """What a model will be called, and where it comes from."""

    name: str
    source: Source
    fetched: Fetched


@dataclass(frozen=True)
class How:
    """How a model is stored: its `weights` in the graph, and for which `engines`.

    `graph` is a graph that computes in 8 bits what the one module does, made elsewhere.
    """

    weights: str = "f32"
    engines: tuple[str, ...] = ("openvino",)
    graph: Any = None

    @property
    def precision(self) -> str:
        """That of the graphs."""
        return "f32" if self.graph is None and self.weights != "int8" else "int8"


def write(
    place: Path,
    towers: Sequence[Built],
    origin: Origin,
    *,
    how: How,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Makes the folder at `place`; what `Adopted` says of it.

    Raises `UnsupportedModel` when a graph does not give what its module gives.
    """
    make_folder(place)
    license, notes = _license(origin.fetched.folder, place, towers[0].license)
    records: list[Tower] = []
    kept = _keep(origin.fetched.folder, place / KEPT) if "torch" in how.engines else {}
    for built in towers:
        tell(f"writing the {built.kind} tower")
        record = _tower(place, built, origin)
        if "openvino" in how.engines:
            # Two kinds may share a module, as ImageBind's images and videos do.
            known = {id(b.module): t for t, b in zip(records, towers, strict=False)}
            record = _graph(place, built, record, how, known.get(id(built.module)))
        files = {**record.files, **kept}
        records.append(replace(record, license=license, files=files))
        notes += built.notes
        if built.kind == "text" and not built.prompts:
            notes.append(
                "its prompts are unknown, so none are used: if its card names some, add it again"
                " with --query-prompt and --document-prompt"
            )
    space = Space(origin.name, towers[0].dim, towers=tuple(records))
    if any(built.dim != space.dim for built in towers):
        raise UnsupportedModel(f"its towers have {[built.dim for built in towers]} dimensions")
    write_record(place, space)
    proved, cosines = [], {}
    for tower, built in zip(space.towers, towers, strict=True):
        tell(f"comparing the {built.kind} tower with the module it was made from")
        answers, cosine = _prove(place, tower, built)
        proved.append(replace(tower, canaries=answers, precision=_fastest(place, tower)))
        if cosine is None:
            continue
        cosines[built.kind] = cosine
        if not cosine >= (CLOSE if how.precision == "int8" else _EQUAL):  # NaN is refused too
            raise UnsupportedModel(
                f"the {built.kind} graph does not compute what its module computes: the least"
                f" cosine is {cosine:.5f}"
                + (". Store it with --weights f32" if how.weights == "int8" else "")
            )
    write_record(place, replace(space, towers=tuple(proved)))
    return {"license": license, "cosines": cosines, "notes": tuple(notes)}


def write_native(place: Path, origin: Origin, tell: Callable[[str], None]) -> dict[str, Any]:
    """Makes the folder of a native multimodal model at `place`; what `Adopted` says of it."""
    make_folder(place)
    license, notes = _license(origin.fetched.folder, place)
    tell("copying its files, and taking its known answers")
    kept = _keep(origin.fetched.folder, place / KEPT)
    space = native_space(origin.name, origin.source, origin.fetched, kept)
    towers = tuple(replace(tower, license=license) for tower in space.towers)
    write_record(place, replace(space, towers=towers))
    notes.append("torch runs it: there is no graph of it for the engine of processors")
    return {"license": license, "cosines": {}, "notes": tuple(notes)}


def write_pair(
    place: Path, built: Built, origin: Origin, *, how: How, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Makes the folder of a reranker at `place`; what `Adopted` says of it.

    Raises `UnsupportedModel` when the graph does not give what the module gives.
    """
    if how.engines != ("openvino",):
        raise BadArgument("a reranker runs on OpenVINO: leave out --engine")
    make_folder(place)
    license, notes = _license(origin.fetched.folder, place)
    tell("writing the graph")
    tower = _graph(place, built, _tower(place, built, origin), how, None)
    tower = replace(tower, license=license)
    write_record(place, Space(origin.name, 1, towers=(tower,)))
    tell("comparing it with the module it was made from")
    module = TorchGraph(built.module, built.inputs, unit=False)
    answers, expected = proved(place, tower, module)
    precision, found = precise(place, tower, expected)
    error = error_of(found, expected)
    if not error <= 1 - (CLOSE if how.precision == "int8" else SAME_LOGITS):
        raise UnsupportedModel(
            "the graph does not compute what its module computes: the largest error of a logit is"
            f" {error:.5f} of their range"
            + (". Store it with --weights f32" if how.weights == "int8" else "")
        )
    tower = replace(tower, canaries=answers, precision=precision)
    write_record(place, Space(origin.name, 1, towers=(tower,)))
    return {"license": license, "cosines": {}, "error": error, "notes": tuple(notes)}


def _tower(place: Path, built: Built, origin: Origin) -> Tower:
    """The record of a tower, after the files that prepare its input were written."""
    kind = built.kind
    make_folder(place / kind)
    files = {}
    for file, data in built.files.items():
        write_bytes(place / kind / file, data)
        files[f"{kind}/{file}"] = hashlib.sha256(data).hexdigest()
    preprocess = {
        key: f"{kind}/{value}" if isinstance(value, str) and value in built.files else value
        for key, value in built.preprocess.items()
    }
    return Tower(
        kind=kind,
        model=origin.name,
        source=f"{origin.source.scheme}:{origin.source.repository or origin.source.name}",
        revision=origin.fetched.revision,
        weights_sha256=built.weights_sha256,
        family=built.family,
        precision="f32",
        files=files,
        preprocess=preprocess,
        pooling=built.pooling,
        prompts=built.prompts,
    )


def _graph(place: Path, built: Built, tower: Tower, how: How, shared: Tower | None) -> Tower:
    """The tower with the engine's graph, written into the folder unless `shared` has it."""
    xml = shared.graph if shared else f"{built.kind}/model.xml"
    if shared is None:
        graph = convert(built) if how.graph is None else how.graph
        save(graph, place / xml, how.weights)
    names = (xml, xml.removesuffix(".xml") + ".bin")
    files = {name: sha256_of(place / name) for name in names}
    return replace(tower, graph=xml, precision=how.precision, files={**tower.files, **files})


def _keep(source: Path, target: Path) -> dict[str, str]:
    """The hashes of the files that a model came in, copied to `target`: those torch needs."""
    kept = {}
    for file in sorted(source.rglob("*")):
        if file.is_file() and file.suffix in _KEPT_SUFFIXES:
            name = file.relative_to(source)
            make_folder((target / name).parent)
            copy_file(file, target / name)
            kept[f"{KEPT}/{name.as_posix()}"] = sha256_of(target / name)
    return kept


def _prove(place: Path, tower: Tower, built: Built) -> tuple[_Answers, float | None]:
    """The known answers of the module, and the least cosine of the graph to it over the probes.

    The module sees each probe alone and the graph sees all in one list, so that the cosine also
    says that a vector does not depend on its neighbours.
    """
    folder = open_folder(place)
    module = TorchGraph(built.module, built.inputs)
    reference = FAMILIES[built.kind](folder, tower, module)
    answers = tuple(known_answer(given, _alone(reference, given)[0]) for given in built.known)
    if not tower.graph:  # for torch alone: it is what a graph would be compared with
        return answers, None
    served = FAMILIES[built.kind](folder, tower, Graph(folder, tower, _plain(tower)))
    tried = probes(built.kind)
    expected = np.concatenate([_alone(reference, given) for given in tried])
    found, _ = served.encode([served.canary(given) for given in tried])
    # A text of unknown words alone may have no vector, from neither of them.
    there = expected.any(axis=1) | found.any(axis=1)
    return answers, float(np.einsum("ij,ij->i", expected[there], found[there]).min())


def _fastest(place: Path, tower: Tower) -> str:
    """The precision that this processor is fastest in, of those that the weights allow."""
    if tower.precision == "int8" or not tower.graph or not has_bf16():
        return tower.precision
    folder = open_folder(place)
    tried = probes(tower.kind)
    best = {"f32": math.inf, "bf16": math.inf}
    served = {
        name: FAMILIES[tower.kind](folder, tower, Graph(folder, tower, name)) for name in best
    }
    for _ in range(_TURNS):
        for name, loaded in served.items():
            given = [loaded.canary(probe) for probe in tried]
            start = time.perf_counter()
            loaded.encode(given)
            best[name] = min(best[name], time.perf_counter() - start)
    # A tenth is what the coarser numbers must be worth.
    return "bf16" if best["bf16"] < 0.9 * best["f32"] else "f32"


def _alone(reference: Any, given: str) -> NDArray[np.float32]:
    rows, _ = reference.encode([reference.canary(given)])
    return np.asarray(rows, "<f4")


def _plain(tower: Tower) -> str:
    """The most exact precision that the engine has for a tower."""
    return "int8-as-f32" if tower.precision == "int8" else "f32"


def _license(source: Path, place: Path, usual: str = "") -> tuple[str, list[str]]:
    """(the licence that the card states, or the usual one; what to note); texts are taken along."""
    texts = sorted(f for f in source.iterdir() if f.name.upper().startswith(("LICENSE", "NOTICE")))
    for file in texts:
        if file.is_file():
            write_bytes(place / file.name, file.read_bytes())
    card = source / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    front = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
    stated = re.search(r"^license:[ \t]*(\S+)", front[1], re.MULTILINE) if front else None
    if stated is None and usual:
        return usual, [f"its licence is {usual}: read it before you use it"]
    if stated is None:
        return "", ["its licence is not stated: read its card before you use it"]
    return stated[1].strip("\"'"), []
