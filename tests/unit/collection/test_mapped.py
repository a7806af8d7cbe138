"""A collection's map: made, kept, followed, brought up to date, and never of another space."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.collection import Collection
from cospace.errors import BadArgument, CollectionReadOnly, MapMissing, SpaceMismatch
from cospace.map import FILE
from cospace.progress import Progress
from cospace.space import Space, Tower
from cospace.store.protocol import Row
from cospace.vectors import Vectors

DIM = 12
SPACE = Space.of("mine", DIM)


def rows(n: int, seed: int = 0) -> np.ndarray:
    """Vectors about four middles."""
    draw = np.random.default_rng(seed)
    middles = np.random.default_rng(99).normal(size=(4, DIM))
    found = middles[draw.integers(0, 4, n)] + 0.4 * draw.normal(size=(n, DIM))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def fill(shop: Collection, vectors: np.ndarray, prefix: str = "a", **more) -> list[str]:
    ids = [f"{prefix}{n}" for n in range(len(vectors))]
    texts = [f"thing number {n}" for n in range(len(vectors))]
    shop.add_vectors(ids, Vectors(vectors, SPACE), texts=texts, **more)
    return ids


@pytest.fixture
def shop(fast_path: Path):
    with cs.open(fast_path / "shop.cospace") as opened:
        fill(opened, rows(60))
        yield opened


def test_there_is_none_and_the_command_is_named(shop: Collection):
    for ask in (shop.map, shop.update_map):
        with pytest.raises(MapMissing, match=r"cospace map shop\.cospace"):
            ask()
    assert 404 == MapMissing.http_status


def test_it_holds_every_item_once_in_its_place(shop: Collection):
    made = shop.make_map()
    assert [item.id for item in shop] == made.ids
    assert ((60, 2), np.float32) == (made.xy.shape, made.xy.dtype)
    assert ((60,), np.uint16) == (made.labels.shape, made.labels.dtype)
    assert (0, 0, False) == (made.missing, made.changed, made.stale)
    assert made.trustworthiness is not None
    assert made.trustworthiness > 0.8
    for one in made.clusters:
        assert one.size == (made.labels == one.id).sum()
        assert one.name
    names = [one.name for one in made.clusters]
    assert len(set(names)) == len(names)


def test_it_is_kept_and_read_by_others(shop: Collection):
    made = shop.make_map()
    with cs.open(shop.store.folder, read_only=True) as reader:
        kept = reader.map()
        assert (made.version, made.xy.tobytes()) == (kept.version, kept.xy.tobytes())
        for change in (reader.make_map, reader.update_map):
            with pytest.raises(CollectionReadOnly, match="read_only"):
                change()


def test_a_seed_gives_one_map_and_other_items_do_not_matter_to_it(shop: Collection):
    first, again = shop.make_map(seed=3), shop.make_map(seed=3)
    assert first.xy.tobytes() == again.xy.tobytes()
    assert np.array_equal(first.labels, again.labels)
    assert [c.name for c in first.clusters] == [c.name for c in again.clusters]


def test_new_items_do_not_move_old_ones(shop: Collection):
    before = shop.make_map()
    fill(shop, rows(3, seed=5), "new")
    assert 3 == shop.map().missing
    after = shop.update_map()
    assert before.xy.tobytes() == after.xy[:60].tobytes()
    assert np.array_equal(before.labels, after.labels[:60])
    assert (63, 0) == (len(after), after.missing)
    assert after.version != before.version


def test_a_new_item_stands_where_it_would_if_it_had_come_alone(shop: Collection, tmp_path: Path):
    late = rows(5, seed=6)
    shop.make_map(seed=1)
    with cs.open(tmp_path / "other.cospace") as other:
        fill(other, rows(60))
        other.make_map(seed=1)
        fill(other, late, "new")  # all at once
        together = other.update_map()
    for n in range(5):  # one after the other, the last first
        i = 4 - n
        shop.add_vectors([f"new{i}"], Vectors(late[i : i + 1], SPACE), texts=[f"thing number {i}"])
        shop.update_map()
    alone = shop.map()
    for id in together.ids:
        a, b = together.ids.index(id), alone.ids.index(id)
        assert together.xy[a].tobytes() == alone.xy[b].tobytes()
        assert together.labels[a] == alone.labels[b]


def test_items_that_go_leave_it_at_once(shop: Collection):
    before = shop.make_map()
    shop.delete(["a3", "a7"])
    now = shop.map()
    assert [id for id in before.ids if id not in ("a3", "a7")] == now.ids
    assert np.array_equal(np.delete(before.xy, [3, 7], 0), now.xy)
    assert 58 == len(now.labels)
    assert sum(one.size for one in now.clusters) == (now.labels != 65_535).sum()
    assert now.ids == shop.update_map().ids


def test_vectors_that_changed_are_placed_anew_by_update(shop: Collection):
    before = shop.make_map()
    other = rows(60)[[9]]
    shop.add_vectors(["a4"], Vectors(other, SPACE), texts=["another thing"], replace=True)
    after = shop.update_map()
    moved = after.ids.index("a4")
    assert not np.array_equal(before.xy[4], after.xy[moved])
    rest = [n for n, id in enumerate(after.ids) if id != "a4"]
    assert np.array_equal(np.delete(before.xy, 4, 0), after.xy[rest])


def test_items_that_changed_are_counted():
    shop = cs.open(":memory:", model="starter")
    shop.add(ids=["MK-1", "MK-2"], documents=["Armchair", "Rake"])
    shop.make_map()
    shop.update("MK-2", text="Garden rake")
    assert (0, 1) == (shop.map().missing, shop.map().changed)
    assert 0 == shop.update_map().changed == shop.map().changed


def test_when_nothing_of_the_layout_is_left(shop: Collection):
    shop.make_map()
    fill(shop, rows(4, seed=8), "new")
    shop.delete([f"a{n}" for n in range(60)])
    assert 0 == len(shop.map())
    with pytest.raises(BadArgument, match="--again"):
        shop.update_map()
    assert 4 == len(shop.make_map())


def test_a_map_of_another_space_is_stale_and_is_not_updated(shop: Collection):
    shop.make_map()
    there = {row.id: row for row in shop.store.scan()}
    other = Space.of("adapted", DIM)
    truth = shop.store._truth  # as `adapt` switches it
    truth.rebind(
        other, [(id, {"text": v}) for id, v in zip(there, rows(60, 2), strict=True)], kind="text"
    )
    shop.store._space = other
    assert shop.map().stale
    with pytest.raises(SpaceMismatch, match="--again"):
        shop.update_map()
    assert not shop.make_map().stale


def test_an_empty_collection_has_nothing_to_map(fast_path: Path):
    with cs.open(fast_path / "empty.cospace") as shop:
        with pytest.raises(BadArgument, match="nothing to map"):
            shop.make_map()
        assert not (fast_path / "empty.cospace" / FILE).exists()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 13])
def test_few_items(n: int):
    shop = cs.open(":memory:")
    fill(shop, rows(n))
    made = shop.make_map()
    assert n == len(made) == len(shop.map())
    assert np.isfinite(made.xy).all()
    assert (made.trustworthiness is None) == (n < 4)
    fill(shop, rows(2, seed=3), "new")
    assert made.xy.tobytes() == shop.update_map().xy[:n].tobytes()


def test_all_items_equal():
    shop = cs.open(":memory:")
    fill(shop, np.tile(rows(1), (30, 1)))
    made = shop.make_map()
    assert np.isfinite(made.xy).all()
    fill(shop, np.tile(rows(1), (3, 1)), "new")
    assert np.isfinite(shop.update_map().xy).all()


def test_items_without_a_vector_are_missing(shop: Collection):
    shop.store.write([Row("bare", text="no vector")], replace=False)
    assert 1 == shop.make_map().missing
    assert (60, 1) == (len(shop.map()), shop.map().missing)


def test_kinds_that_lie_apart_do_not_divide_the_map():
    """In a joint space texts and images are two clouds; an item of either has the same meaning."""
    shop = cs.open(":memory:")
    gap = np.zeros(DIM, np.float32)
    gap[0] = 3

    def joint(seed: int, shift: np.ndarray) -> np.ndarray:
        found = rows(80, seed) + shift
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)

    towers = (Tower(kind="text", model="joint"), Tower(kind="image", model="joint"))
    space = Space("joint", DIM, towers=towers)
    for field, shift in (("text", gap), ("image", -gap)):
        ids = [f"{field}{n}" for n in range(80)]
        shop.add_vectors(ids, Vectors(joint(4, shift), space), field=field)
    made = shop.make_map()
    at = {id: n for n, id in enumerate(made.ids)}
    own = np.array([made.xy[at[f"text{n}"]] - made.xy[at[f"image{n}"]] for n in range(80)])
    assert {"text", "image"} == set(made.centres)
    assert np.median(np.linalg.norm(own, axis=1)) < 0.3


def test_progress_tells_every_stage(shop: Collection):
    told: list[Progress] = []
    shop.make_map(progress=told.append)
    assert ["reading", "neighbours", "layout", "names"] == list(
        dict.fromkeys(now.stage for now in told)
    )
    assert (1_000, 1_000) == (told[-1].done, told[-1].total)
    assert all(a.done <= b.done for a, b in pairwise(told))


def test_ctrl_c_leaves_the_map_before(shop: Collection):
    before = shop.make_map()

    def stop(now: Progress) -> None:
        if now.stage == "layout":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.make_map(seed=9, progress=stop)
    assert before.version == shop.map().version


def test_a_backup_has_the_map(shop: Collection, tmp_path: Path):
    made = shop.make_map()
    assert 0 == main(["backup", str(shop.store.folder), str(tmp_path / "copy.cospace")])
    with cs.open(tmp_path / "copy.cospace", read_only=True) as copy:
        assert made.version == copy.map().version
    shop.add_vectors(["late"], Vectors(rows(1, 7), SPACE))
    assert 0 == main(["verify", str(shop.store.folder)])
