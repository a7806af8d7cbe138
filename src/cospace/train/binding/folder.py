"""The model folder of a bound tower: the anchor's towers, and one with the new head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cospace.encode import Model
from cospace.encode.engines.heads import with_head
from cospace.encode.engines.openvino import openvino, read_graph
from cospace.encode.features import Features
from cospace.encode.folder import Folder, open_folder, sha256_of
from cospace.encode.record import known_answer, write_record
from cospace.encode.saving import beside, copy_towers, new_folder, size_of
from cospace.encode.towers.load import known_answers, load_tower
from cospace.errors import UnsupportedModel
from cospace.files import copy_file, make_folder
from cospace.space import Space, Tower
from cospace.train.binding.head import Head
from cospace.train.card import Card, write_card

__all__ = ["write_bound"]

_ANSWERS = ("pattern:1", "pattern:2")
# The cosine between what was learnt and what the written tower gives.
_EQUAL = 0.999


def write_bound(
    target: Path,
    anchor: Folder,
    features: Features,
    head: Head,
    *,
    name: str,
    card: Card,
) -> Model:
    """Writes the folder, whole or not at all; the model in it.

    It holds the files of the anchor's other towers as they are, and the tower of `features` with
    `head` in its graph. Raises `UnsupportedModel` when the graph does not give what the head gives;
    `BadArgument` where something stands already; `DiskFull`; `ModelNotFound` and `ModelDamaged`
    when the anchor's files have gone or changed.
    """
    kind, source = features.kind, features.folder
    others = [tower for tower in anchor.space.towers if tower.kind != kind]
    size = size_of(anchor, others) + size_of(source, [source.tower(kind)])
    with new_folder(target, size + 4 * head.layers["w"].size, replace=False) as made:
        copy_towers(anchor, others, made)
        for folder in {anchor.path: anchor, source.path: source}.values():
            for licence in beside(folder):
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
    least = known_answers(load_tower(folder, tower.kind), tower, folder)
    if not least >= _EQUAL:
        raise UnsupportedModel(
            f"the {tower.kind} tower with its new head does not give what was learnt: the least"
            f" cosine is {least:.5f}"
        )
