"""Which engines can run a tower, and which is tried first on this processor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cospace.arguments import check_instance
from cospace.encode.engines.onnx import OnnxGraph, has_onnx, onnx_file
from cospace.encode.engines.openvino import Graph, multiplies_bytes, precisions
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.encode.engines.protocol import Runner
    from cospace.encode.folder import Folder
    from cospace.space import Space, Tower

__all__ = ["check_engine", "engines_of", "graphs", "onnx_pays"]

ENGINES = ("openvino", "onnx", "torch")


def engines_of(tower: Tower) -> tuple[str, ...]:
    """The engines that the tower's folder has files for.

    >>> from cospace.space import Tower
    >>> engines_of(Tower(kind="text", model="m", graph="text/model.xml"))
    ('openvino',)
    """
    here = {
        "openvino": tower.graph.endswith(".xml"),
        "onnx": bool(onnx_file(tower)),
        "torch": any(file.startswith("torch/") for file in tower.files),
    }
    return tuple(name for name in ENGINES if here[name])


def check_engine(engine: str, space: Space) -> str:
    """`engine` itself, when one tower of the model at least has the files that it runs.

    Raises `BadArgument` for an unknown one, and one that the model was not added for.
    """
    name, _, way = check_instance("engine", engine, str, "such as 'openvino'").partition(":")
    if name not in ("", *ENGINES) or (way and name in ("", "onnx")):
        raise BadArgument(
            f"there is no engine {engine!r}: 'openvino', 'openvino:f32', 'onnx', 'torch' or"
            " 'torch:cuda'"
        )
    here = {one for tower in space.towers for one in engines_of(tower)}
    if name and name not in here:
        hint = "" if name == "onnx" else ": add it again with --engine both"
        raise BadArgument(
            f"{space.name} has no files for the engine {name}; it has files for"
            f" {', '.join(sorted(here)) or 'none'}{hint}"
        )
    return engine


def graphs(folder: Folder, tower: Tower, engine: str) -> Iterator[tuple[str, Runner]]:
    """The tower's graph in each way of running it that may be tried, the fastest first.

    A tower that has no files for `engine`, as another of its model has, runs as by default.
    """
    here = engines_of(tower)
    name, _, way = engine.partition(":")
    if name not in here:
        name, way = "", ""
    if name == "torch" or here == ("torch",):
        from cospace.encode.engines.rebuild import torch_graph

        yield "torch", torch_graph(folder, tower, way)
        return
    only = name == "onnx" or here == ("onnx",)
    if only or (not name and onnx_pays(tower) and has_onnx()):
        yield "onnx", OnnxGraph(folder, tower)
    if not only:
        for precision in (way,) if way else precisions(tower):
            yield precision, Graph(folder, tower, precision)


def onnx_pays(tower: Tower) -> bool:
    """Whether ONNX Runtime runs this tower faster than OpenVINO does, on this processor."""
    return tower.precision == "int8" and bool(onnx_file(tower)) and not multiplies_bytes()
