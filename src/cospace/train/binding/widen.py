"""widen: an image encoder as the eyes for videos, heat and depth, without any training."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from cospace.arguments import check_path, check_texts
from cospace.encode import Model, load
from cospace.encode.engines.choice import engines_of
from cospace.encode.engines.eyes import FRAMES, SEEN, seen_by
from cospace.encode.engines.openvino import openvino, read_graph
from cospace.encode.folder import Folder, open_folder, sha256_of
from cospace.encode.record import known_answer, write_record
from cospace.encode.saving import beside, copy_towers, new_folder, size_of
from cospace.encode.towers.load import FAMILIES, known_answers, load_tower
from cospace.errors import BadArgument, UnsupportedModel
from cospace.files import copy_file, make_folder
from cospace.space import Space, Tower
from cospace.train.losses import unit

__all__ = ["local_model", "seeing", "widen"]

# How each kind is brought to images: as ImageBind's published recipes have it, but for the size.
_PREPROCESS: Mapping[str, Mapping[str, Any]] = {
    "video": {
        "crop": "center",
        "interpolation": "bilinear",
        "clips": 5,
        "clip_seconds": 2,
        "clip_frames": FRAMES,
    },
    "thermal": {
        "crop": "center",
        "interpolation": "bicubic",
        "low_percentile": 0.5,
        "high_percentile": 99.5,
    },
    "depth": {
        "crop": "center",
        "interpolation": "bilinear",
        "baseline_metres": 0.075,
        "nearest_metres": 0.01,
        "farthest_metres": 50,
        "most_disparity": 75,
    },
}
_ANSWERS = ("pattern:1", "pattern:2")
# The cosine between what the image tower gives and what the written tower does.
_EQUAL = 0.999


def widen(
    model: str | os.PathLike[str] | Model,
    out: str | os.PathLike[str],
    *,
    kinds: Iterable[str] = ("video", "thermal", "depth"),
) -> Model:
    """A model in the folder `out` that sees `kinds` with the image tower of `model`.

    Nothing is trained. A video's vector is the mean of those of its frames: of up to five clips of
    two seconds, spread over the whole, the first and the last frame each. The plane of a thermal
    image or a depth map is seen as a grey image: warm, or near, is bright. The towers of `model`
    stay as they are, to the bit, so what was made with it can be searched with the new model.

    What this is worth depends on how much such planes look like photos. With pairs, `bind` makes
    a better tower of the same eyes.

    Raises `BadArgument` for a kind that cannot be seen, or that `model` has a tower for already,
    for a model without an image tower, and where something stands at `out`; `UnsupportedModel` for
    an image tower that is no OpenVINO graph of images; `ModelNotFound` and `ModelDamaged` when the
    files of `model` have gone or changed; `DiskFull`.

    >>> import tempfile
    >>> import numpy as np
    >>> import cospace as cs
    >>> with tempfile.TemporaryDirectory() as place:
    ...     sees = cs.train.widen("starter", f"{place}/sees", kinds=["thermal"])
    ...     heat = cs.Part("thermal", np.eye(64, dtype=np.float32))
    ...     cs.similarity(sees.encode(["a line"]), sees.encode([heat])).shape
    (1, 1)
    """
    base = local_model(model)
    wanted = list(dict.fromkeys(check_texts("kinds", kinds)))
    unknown = [kind for kind in wanted if kind not in SEEN]
    if unknown or not wanted:
        what = repr(unknown[0]) if unknown else "nothing"
        raise BadArgument(f"an image tower can see {', '.join(SEEN)}, not {what}")
    known = [kind for kind in wanted if kind in base.space.kinds]
    if known:
        raise BadArgument(f"{base.name} has a tower for {known[0]} already; name other kinds")
    source, target = base.folder, check_path("out", out)
    image = _eyes(base)
    size = size_of(source, base.space.towers) + len(wanted) * size_of(source, [image])
    with new_folder(target, size, replace=False) as made:
        copy_towers(source, base.space.towers, made)
        for licence in beside(source):
            copy_file(licence, made / licence.name)
        towers = [_written(made, source, kind) for kind in wanted]
        space = Space(target.name, base.space.dim, towers=(*base.space.towers, *towers))
        write_record(made, space)
        for tower in towers:
            _prove(open_folder(made), tower)
    return Model(open_folder(target))


@contextmanager
def seeing(model: Model, kind: str, target: Path) -> Iterator[Model]:
    """`model` itself, or as it sees `kind` with its image tower, where it has no other for it.

    The second lies in a folder near `target`, and goes with the block. Raises as `widen`.
    """
    if kind in model.space.kinds or kind not in SEEN or "image" not in model.space.kinds:
        yield model
        return
    make_folder(target.parent)
    with TemporaryDirectory(dir=target.parent, prefix=".seeing-") as place:
        yield widen(model, Path(place) / "model", kinds=[kind])


def local_model(named: str | os.PathLike[str] | Model) -> Model:
    """The model of graphs that is named, or given. Raises `BadArgument` for another class."""
    model = named if isinstance(named, Model) else load(named, cache=False)
    if type(model) is not Model:
        raise BadArgument(
            f"expected a model folder with graphs, or its name, not {type(model).__name__}"
        )
    return model


def _eyes(model: Model) -> Tower:
    """The image tower. Raises `BadArgument` without one, `UnsupportedModel` for another engine."""
    if "image" not in model.space.kinds:
        raise BadArgument(f"{model.name} has no image tower to see with. {model.lacks('image')}")
    image = model.folder.tower("image")
    if "openvino" not in engines_of(image):
        raise UnsupportedModel(
            f"{model.path}: the image tower is no OpenVINO graph, and cannot see anything else."
            " Add the model again with --engine both"
        )
    return image


def _written(made: Path, source: Folder, kind: str) -> Tower:
    """The record of one new tower, after its graph was written."""
    image = source.tower("image")
    size = int(image.preprocess["size"])
    graph = seen_by(read_graph(source, image), kind, size)
    make_folder(made / kind)
    xml, weights = f"{kind}/seen.xml", f"{kind}/seen.bin"
    openvino().serialize(graph, str(made / xml), str(made / weights))
    tower = replace(
        image,
        kind=kind,
        model=f"{image.model}, as eyes",
        family="",
        graph=xml,
        files={name: sha256_of(made / name) for name in (xml, weights)},
        preprocess={"size": size, **_PREPROCESS[kind]},
    )
    return replace(tower, canaries=tuple(_answers(source, tower)))


def _answers(source: Folder, tower: Tower) -> Iterator[Mapping[str, str]]:
    """The known answers of a new tower: what the image tower gives for the same, seen as images."""
    image = load_tower(source, "image")
    for given in _ANSWERS:
        [clip] = FAMILIES[tower.kind](source, tower, image.graph).canary(given)
        if tower.kind == "video":
            images = np.split(clip, FRAMES)
        else:
            images = [np.repeat(np.rint(clip * 255).astype(np.uint8)[..., None], 3, axis=2)]
        rows, _ = image.encode(images)
        yield known_answer(given, unit(rows.mean(0, keepdims=True))[0])


def _prove(folder: Folder, tower: Tower) -> None:
    """Raises `UnsupportedModel` unless the written tower gives what the image tower does."""
    least = known_answers(load_tower(folder, tower.kind), tower, folder)
    if not least >= _EQUAL:
        raise UnsupportedModel(
            f"the {tower.kind} tower does not give what the image tower does: the least cosine is"
            f" {least:.5f}"
        )
