"""An audio encoder that comes as .onnx becomes a model folder: samples in, a vector out."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.adopt.onnx import AdoptedOnnx
from cospace.adopt.source import free_name
from cospace.arguments import check_path
from cospace.encode.engines.openvino import Graph, openvino
from cospace.encode.engines.sounds import of_samples
from cospace.encode.folder import Folder, open_folder, sha256_of
from cospace.encode.names import load_folder, model_home
from cospace.encode.record import known_answer, write_record
from cospace.encode.towers.signals import WaveTower
from cospace.errors import BadArgument, NotFound, UnsupportedModel
from cospace.files import make_folder, move_folder
from cospace.space import Space, Tower

__all__ = ["adopt_sounds"]

_ANSWERS = ("pattern:1", "pattern:2", "pattern:3")
_ALONE = 0.9999  # the cosine of a clip in a batch to itself alone


def adopt_sounds(
    file: str | os.PathLike[str],
    *,
    rate: int,
    seconds: float | str,
    clips: int = 3,
    name: str = "",
    replace: bool = False,
) -> AdoptedOnnx:
    """The audio encoder in an .onnx file, as a model in the model home under `name`.

    Its graph takes the samples of clips, float32 [n, samples] from -1 to 1 at `rate` a second,
    each `seconds` long, and gives a vector a clip, or one a frame, which are averaged. A recording
    is seen in up to `clips` clips spread over the whole. OpenVINO runs it. There is nothing to
    compare it with, so its known answers are its own.

    Raises `BadArgument` for a name that is taken and for a clip of no length, `NotFound`, and
    `UnsupportedModel` for a graph that does not take samples.
    """
    file = check_path("file", file)
    target = model_home() / free_name(name or file.stem, replace)
    length = _length(rate, seconds, clips)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise NotFound(f"{file}: cannot be read ({error.strerror})") from error
    graph = of_samples(data, int(rate * length))
    dim = graph.output(0).get_partial_shape()[1].get_length()
    make_folder(target.parent)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".adding-") as place:
        made = Path(place) / "model"
        record = {
            "takes": "samples",
            "rate": rate,
            "channels": "mean",
            "clips": clips,
            "clip_seconds": str(length),
            "resampler": "sinc-hann-6-0.99",
        }
        tower = Tower(
            kind="audio",
            model=target.name,
            source=f"onnx:{file.name}",
            weights_sha256=hashlib.sha256(data).hexdigest(),
            precision="f32",
            graph="audio/model.xml",
            files=_serialized(graph, made),
            preprocess=record,
            pooling="mean",
        )
        write_record(made, _proved(made, target.name, dim, tower))
        move_folder(made, target)
    note = "its known answers are its own: nothing else was there to compare it with"
    return AdoptedOnnx(load_folder(target), target, (note,))


def _length(rate: int, seconds: float | str, clips: int) -> Fraction:
    """How many seconds a clip lasts. Raises `BadArgument` for what is no clip."""
    try:
        length = Fraction(str(seconds))
    except (ValueError, ZeroDivisionError):
        raise BadArgument(f"seconds is a number, such as 2 or 0.96, not {seconds!r}") from None
    if not 1_000 <= rate <= 384_000 or int(rate * length) < 1 or clips < 1:
        raise BadArgument(
            "a clip has a rate from 1,000 to 384,000 samples a second and some length, and there is"
            f" one at least; not rate={rate}, seconds={seconds}, clips={clips}"
        )
    return length


def _serialized(graph: Any, made: Path) -> dict[str, str]:
    """The hashes of the graph's files, written."""
    make_folder(made / "audio")
    files = [f"audio/model.{end}" for end in ("xml", "bin")]
    openvino().serialize(graph, *(str(made / one) for one in files))
    return {one: sha256_of(made / one) for one in files}


def _proved(made: Path, name: str, dim: int, tower: Tower) -> Space:
    """The space of the tower with its known answers: the same alone as in a batch."""
    space = Space(name, dim, towers=(tower,))
    write_record(made, space)
    folder = open_folder(made)
    rows = _rows(folder, tower)
    if not np.isfinite(rows).all() or not rows.any(1).all():
        raise UnsupportedModel("of plain clips it makes vectors without a direction: zero or NaN")
    answers = tuple(known_answer(a, row) for a, row in zip(_ANSWERS, rows, strict=True))
    return replace(space, towers=(replace(tower, canaries=answers),))


def _rows(folder: Folder, tower: Tower) -> NDArray[np.float32]:
    loaded = WaveTower(folder, tower, Graph(folder, tower, "f32"))
    given = [loaded.canary(answer) for answer in _ANSWERS]
    together, _ = loaded.encode(given)
    alone = np.concatenate([loaded.encode([one])[0] for one in given])
    if not np.einsum("ij,ij->i", together, alone).min() > _ALONE:
        raise UnsupportedModel("a clip's vector depends on the clips that are seen beside it")
    return together
