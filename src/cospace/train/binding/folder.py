"""The model folder of a bound tower: the anchor's towers, and one with the new head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

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

__all__ = ["ANSWERS", "write_bound", "write_towers", "written_graph"]

ANSWERS = ("pattern:1", "pattern:2")
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
    size = size_of(source, [source.tower(kind)]) + 4 * head.layers["w"].size
    return write_towers(
        target, anchor, lambda made: _tower(made, features, head),
        sources=[anchor, source], size=size, name=name, card=card,
    )  # fmt: skip


def write_towers(
    target: Path,
    anchor: Folder,
    tower: Callable[[Path], Tower],
    *,
    sources: Sequence[Folder],
    size: int,
    name: str,
    card: Card,
) -> Model:
    """A folder of `tower` and the anchor's towers for other kinds, whole or not at all.

    `tower` writes its files, about `size` bytes, into a folder, and gives its record. The
    licences of `sources` go with them. Raises as `write_bound`.
    """
    size += size_of(anchor, anchor.space.towers)
    with new_folder(target, size, replace=False) as made:
        bound = tower(made)
        kind = bound.kind
        copy_towers(anchor, [one for one in anchor.space.towers if one.kind != kind], made)
        for folder in {source.path: source for source in sources}.values():
            for licence in beside(folder):
                place = made / licence.name
                if place.exists() and place.read_bytes() != licence.read_bytes():
                    place = made / f"{licence.name}.{kind}"
                copy_file(licence, place)
        towers = {one.kind: one for one in anchor.space.towers} | {kind: bound}
        write_record(made, Space(name, anchor.space.dim, towers=tuple(towers.values())))
        _prove(open_folder(made), bound)
        write_card(made, card)
    return Model(open_folder(target))


def written_graph(made: Path, kind: str, graph: Any) -> tuple[dict[str, str], str]:
    """The hashes of the files of a graph, now in the folder, and the name of the first."""
    make_folder(made / kind)
    xml, weights = f"{kind}/bound.xml", f"{kind}/bound.bin"
    openvino().serialize(graph, str(made / xml), str(made / weights))
    return {name: sha256_of(made / name) for name in (xml, weights)}, xml


def _tower(made: Path, features: Features, head: Head) -> Tower:
    """The record of the bound tower, after its graph was written."""
    kind, source = features.kind, features.folder.tower(features.kind)
    graph = with_head(read_graph(features.folder, source), head.layers, base=head.base)
    files, xml = written_graph(made, kind, graph)
    given = [features.canary(answer) for answer in ANSWERS]
    rows = head.apply(*features.rows(given))
    model = source.model.removesuffix(", bound")
    return replace(
        source,
        model=f"{model}, bound",
        head_sha256=head.sha256,
        graph=xml,
        files=files,
        canaries=tuple(known_answer(a, row) for a, row in zip(ANSWERS, rows, strict=True)),
    )


def _prove(folder: Folder, tower: Tower) -> None:
    """Raises `UnsupportedModel` unless the written tower gives what was learnt."""
    least = known_answers(load_tower(folder, tower.kind), tower, folder)
    if not least >= _EQUAL:
        raise UnsupportedModel(
            f"the {tower.kind} tower with its new head does not give what was learnt: the least"
            f" cosine is {least:.5f}"
        )
