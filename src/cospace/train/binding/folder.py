"""The model folder of a bound tower: the anchor's towers, and one with the new head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from cospace.encode import Model
from cospace.encode.engines.heads import with_head
from cospace.encode.engines.openvino import openvino, read_graph
from cospace.encode.features import Features
from cospace.encode.folder import Folder, open_folder, sha256_of
from cospace.encode.record import known_answer, write_record
from cospace.encode.saving import new_folder
from cospace.encode.towers.load import load_tower
from cospace.errors import UnsupportedModel
from cospace.files import copy_file, make_folder
from cospace.space import Space, Tower
from cospace.train.binding.head import Head
from cospace.train.card import Card, write_card

__all__ = ["write_bound"]

_ANSWERS = ("pattern:1", "pattern:2")
# The cosine between what was learnt and what the written tower gives.
_EQUAL = 0.999
_LICENCES = ("LICENSE", "LICENCE", "NOTICE")


def write_bound(
    target: Path,
    anchor: Folder,
    features: Features,
    head: Head,
    *,
    name: str,
    card: Card,
    replace_it: bool = False,
) -> Model:
    """Writes the folder, whole or not at all; the model in it.

    It holds the files of the anchor's other towers as they are, and the tower of `features` with
    `head` in its graph. Raises `UnsupportedModel` when the graph does not give what the head gives;
    `BadArgument` where something stands already, unless `replace_it`; `DiskFull`.
    """
    kind, source = features.kind, features.folder
    others = [tower for tower in anchor.space.towers if tower.kind != kind]
    size = sum(_size(anchor, tower) for tower in others) + _size(source, source.tower(kind))
    with new_folder(target, size + 4 * head.layers["w"].size, replace=replace_it) as made:
        for tower in others:
            for file, expected in tower.files.items():
                make_folder((made / file).parent)
                copy_file(anchor.path / file, made / file)
                assert sha256_of(made / file) == expected
        for folder in {anchor.path: anchor, source.path: source}.values():
            for licence in folder.path.iterdir():
                if licence.name.startswith(_LICENCES):
                    place = made / licence.name
                    if place.exists() and place.read_bytes() != licence.read_bytes():
                        place = made / f"{licence.name}.{kind}"
                    copy_file(licence, place)
        bound = _tower(made, features, head)
        towers = {tower.kind: tower for tower in anchor.space.towers} | {kind: bound}
        write_record(made, Space(name, anchor.space.dim, towers=tuple(towers.values())))
        _prove(open_folder(made), bound)
        write_card(made, card)
    return Model(open_folder(target))


def _tower(made: Path, features: Features, head: Head) -> Tower:
    """The record of the bound tower, after its graph was written."""
    kind, source = features.kind, features.folder.tower(features.kind)
    make_folder(made / kind)
    graph = with_head(read_graph(features.folder, source), head.layers, base=head.base)
    xml, weights = f"{kind}/bound.xml", f"{kind}/bound.bin"
    openvino().serialize(graph, str(made / xml), str(made / weights))
    given = [features.canary(answer) for answer in _ANSWERS]
    rows = head.apply(*features.rows(given))
    model = source.model.removesuffix(", bound")
    return replace(
        source,
        model=f"{model}, bound",
        head_sha256=head.sha256,
        graph=xml,
        files={name: sha256_of(made / name) for name in (xml, weights)},
        canaries=tuple(known_answer(a, row) for a, row in zip(_ANSWERS, rows, strict=True)),
    )


def _prove(folder: Folder, tower: Tower) -> None:
    """Raises `UnsupportedModel` unless the written tower gives what was learnt."""
    loaded = load_tower(folder, tower.kind)
    found, _ = loaded.encode([loaded.canary(answer) for answer in _ANSWERS])
    expected = np.stack([np.frombuffer(_raw(a["vector"]), "<f4") for a in tower.canaries])
    least = float(np.einsum("ij,ij->i", found, expected).min())
    if not least >= _EQUAL:
        raise UnsupportedModel(
            f"the {tower.kind} tower with its new head does not give what was learnt: the least"
            f" cosine is {least:.5f}"
        )


def _raw(encoded: str) -> bytes:
    import base64

    return base64.b64decode(encoded)


def _size(folder: Folder, tower: Tower) -> int:
    return sum((folder.path / name).stat().st_size for name in tower.files)
