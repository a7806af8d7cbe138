"""A truth of ours before an engine elsewhere: an engine in memory, and what it may do wrong."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cospace.errors import BadArgument, NotACollection, StorageError
from cospace.space import Space
from cospace.store.local import LocalStore
from cospace.store.protocol import Nearest, Row
from cospace.store.remote.engine import PHOTOS, Ask, Hit, Point
from cospace.store.remote.store import RemoteStore
from cospace.store.schema import Schema
from cospace.store.where import Node, parse
from cospace.testing.engine import MemoryEngine, check_engine
from cospace.testing.rows import SPACE, fill, sample, unit
from cospace.testing.store import check_store


def opened(folder: Path, server: dict[str, Any], engine: type[MemoryEngine] = MemoryEngine) -> Any:
    return RemoteStore(folder, engine(server), "memory://host/check")


def written(store: RemoteStore, rows: Sequence[Row]) -> Schema:
    schema = store.schema.copy()
    for row in rows:
        schema.add(schema.learn(row.metadata, row.id))
    store.extend(SPACE, schema)
    store.write(rows, replace=True)
    return schema


def plain(n: int, seed: int = 0, **metadata: Any) -> list[Row]:
    return [Row(f"id-{i}", None, metadata, {}, {"text": v}) for i, v in enumerate(unit(n, seed))]


def numbers(server: dict[str, Any], field: str = "text") -> list[int]:
    return sorted(server[f"place {field}"])


def test_the_engine_in_memory_keeps_the_protocol() -> None:
    check_engine(MemoryEngine)


def test_the_remote_store_keeps_the_protocol(tmp_path: Path) -> None:
    number = count()
    check_store(lambda: opened(tmp_path / f"{next(number)}.cospace", {}))


class FiltersAreUnknown(MemoryEngine):
    """Has no words for any filter, so that all points pass."""

    def _nearest(self, ask: Ask) -> list[Hit]:
        return super()._nearest(ask._replace(where=None))

    def says(self, where: Node) -> bool:
        return False


def test_an_engine_without_filters_keeps_the_protocol(tmp_path: Path) -> None:
    number = count()
    check_store(lambda: opened(tmp_path / f"{next(number)}.cospace", {}, FiltersAreUnknown))


@pytest.mark.parametrize("engine", [MemoryEngine, FiltersAreUnknown])
def test_many_rows_under_a_filter_are_those_of_the_local_store(
    tmp_path: Path, engine: type[MemoryEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cospace.store.remote.store._FEW", 5)  # else all is compared here
    local, remote = LocalStore(tmp_path / "a"), opened(tmp_path / "b", {}, engine)
    rows = sample(300)
    schema = fill(local, rows)
    fill(remote, rows)
    filters = [{}, {"new": True}, {"price": {"$lt": 3}}, {"city": {"$ne": "Kiel"}}, {"tags": "t1"}]
    for where in filters:
        for k in (1, 10, 250):
            one = Nearest("text", unit(1, k)[0], k, parse(where, schema))
            [here], [there] = local.find([one]), remote.find([one])
            assert here.keys == there.keys, where
            assert np.allclose(here.scores, there.scores, atol=1e-6)
    local.close()
    remote.close()


class MeansAnotherThing(MemoryEngine):
    """Says that it knows filters, and lets all points through."""

    def _nearest(self, ask: Ask) -> list[Hit]:
        return super()._nearest(ask._replace(where=None))


def test_a_filter_that_means_something_else_there_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cospace.store.remote.store._FEW", 5)
    store = opened(tmp_path / "a", {}, MeansAnotherThing)
    schema = fill(store, sample(60))
    with pytest.raises(StorageError, match="means something else there"):
        store.nearest("text", unit(1)[0], 50, where=parse({"new": True}, schema))
    store.close()


class LosesRows(MemoryEngine):
    """Finds five points at most, as an index does that walks among dead versions of rows."""

    def _nearest(self, ask: Ask) -> list[Hit]:
        return super()._nearest(ask)[:5]


def test_rows_that_an_engine_loses_are_found_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = opened(tmp_path / "a", {}, LosesRows)
    written(store, plain(50))
    assert 50 == len(store.nearest("text", unit(1)[0], 60).keys)
    assert "found 5 of 50 rows" in caplog.text
    store.close()


def test_the_nearest_are_found_where_an_engine_has_lost_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server: dict[str, Any] = {}
    store = opened(tmp_path / "a", server)
    written(store, plain(50))
    store.optimize()
    for number in numbers(server)[:-5]:
        del server["place text"][number]
    found = store.nearest("text", plain(50)[4].vectors["text"], 3)
    assert ["id-4"] == [row.id for row in store.rows(found.keys[:1]).values()]
    assert "found 5 of 50 rows" in caplog.text
    store.close()


class FewAtATime(MemoryEngine):
    """Gives 20 hits of a request at most."""

    @property
    def traits(self) -> Any:
        return super().traits._replace(max_hits=20)


def test_more_hits_than_an_engine_gives_are_found(tmp_path: Path) -> None:
    store = opened(tmp_path / "a", {}, FewAtATime)
    written(store, plain(50))
    found = store.nearest("text", unit(1)[0], 45)
    assert 45 == len(found.keys)
    store.close()


def test_what_was_written_before_is_followed_at_the_next_opening(tmp_path: Path) -> None:
    server: dict[str, Any] = {}
    with_engine = opened(tmp_path / "a", server)
    written(with_engine, plain(20))
    with_engine.optimize()
    with_engine.close()
    alone = LocalStore(tmp_path / "a")
    alone.delete(["id-3"])
    alone.write(plain(1, 9), replace=True)
    alone.close()
    again = opened(tmp_path / "a", server)
    assert 19 == len(again.nearest("text", unit(1)[0], 30).keys)
    assert 19 == len(numbers(server))
    [best] = again.nearest("text", unit(1, 9)[0], 1).scores
    assert best == pytest.approx(1, abs=1e-6)
    again.close()


def test_vectors_that_a_row_has_no_more_are_dropped(tmp_path: Path) -> None:
    server: dict[str, Any] = {}
    store = opened(tmp_path / "a", server)
    photos = unit(4)
    names = ["image", "image 2", "image 3", "image 4"]
    written(store, [Row("a", None, {}, {}, dict(zip(names, photos, strict=True)))])
    store.optimize()
    assert [PHOTOS + i for i in range(4)] == numbers(server, "image")
    written(store, [Row("a", None, {}, {}, {"image": photos[0], "text": photos[1]})])
    store.optimize()
    assert ([PHOTOS], [PHOTOS]) == (numbers(server, "image"), numbers(server))
    store.delete(["a"])
    assert [] == store.nearest("text", photos[1], 3).keys
    store.optimize()
    store.close()


class Dies(MemoryEngine):
    """Fails after so many calls of `put`."""

    left = 1

    def put(self, field: str, points: Sequence[Point]) -> None:
        if Dies.left == 0:
            raise StorageError("the server is gone")
        Dies.left -= 1
        super().put(field, points)


def test_an_engine_that_fails_in_the_middle_is_caught_up_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cospace.store.truth._PAGE", 7)
    server: dict[str, Any] = {}
    Dies.left = 1
    store = opened(tmp_path / "a", server, Dies)
    written(store, plain(20))
    with pytest.raises(StorageError, match="the server is gone"):
        store.nearest("text", unit(1)[0], 5)
    assert 20 == store.count(), "what was acknowledged stays"
    store.delete(["id-0", "id-19"])
    Dies.left = 1000
    assert 18 == len(store.nearest("text", unit(1)[0], 30).keys)
    assert 18 == len(numbers(server))
    store.close()


def test_a_place_of_others_is_left_untouched(tmp_path: Path) -> None:
    server: dict[str, Any] = {"place text": {1: "theirs"}}
    store = opened(tmp_path / "a", server)
    with pytest.raises(NotACollection, match="left untouched"):
        written(store, plain(2))
    assert {"place text": {1: "theirs"}} == server
    store.close()


def test_a_place_of_another_collection_is_left_untouched(tmp_path: Path) -> None:
    server: dict[str, Any] = {}
    first, second = opened(tmp_path / "a", server), opened(tmp_path / "b", server)
    written(first, plain(3))
    written(second, plain(5))
    first.optimize()
    with pytest.raises(NotACollection, match="another collection"):
        second.optimize()
    assert 3 == len(numbers(server))
    first.close()
    second.close()


def test_a_backup_that_is_restored_is_not_mixed_with_what_came_later(tmp_path: Path) -> None:
    server: dict[str, Any] = {}
    store = opened(tmp_path / "a", server)
    written(store, plain(5))
    store.optimize()
    store._truth.backup(tmp_path / "kept.sqlite")
    written(store, [Row("later", None, {}, {}, {"text": unit(1, 77)[0]})])
    store.optimize()
    store.close()
    (tmp_path / "b").mkdir()
    (tmp_path / "kept.sqlite").rename(tmp_path / "b" / "truth.sqlite")
    restored = opened(tmp_path / "b", server)
    written(restored, [Row("other", None, {}, {}, {"text": unit(1, 78)[0]})])
    found = restored.nearest("text", unit(1, 77)[0], 10)
    assert {"id-0", "id-1", "id-2", "id-3", "id-4", "other"} == {
        row.id for row in restored.rows(found.keys).values()
    }
    assert 6 == len(found.keys) == len(numbers(server))
    restored.close()


def test_too_many_numbers_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    store = opened(tmp_path / "a", {})
    with pytest.raises(BadArgument, match="up to 4,096 numbers"):
        store.extend(Space.of("large", 4_097), Schema())
    assert store.space is None
    store.close()


def test_values_that_are_too_large_for_the_engine_are_filtered_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cospace.store.remote.store._FEW", 5)
    store = opened(tmp_path / "a", {})
    long = {"note": "short", "more": "x" * 40_001}
    rows = [*plain(30, note="short"), Row("long", None, long, {}, {"text": unit(1, 3)[0]})]
    schema = written(store, rows)
    found = store.nearest("text", unit(1, 3)[0], 50, where=parse({"note": "short"}, schema))
    assert 31 == len(found.keys)
    assert 30 == len(store.nearest("text", unit(1)[0], 50, where=parse(
        {"more": {"$exists": False}}, schema)).keys)  # fmt: skip
    store.close()


def test_compaction_forgets_no_deletion(tmp_path: Path) -> None:
    server: dict[str, Any] = {}
    store = opened(tmp_path / "a", server)
    written(store, plain(10))
    store.optimize()
    store.delete(["id-1", "id-2"])
    store.compact()
    assert 8 == len(store.nearest("text", unit(1)[0], 20).keys)
    assert 8 == len(numbers(server))
    store.close()


def test_a_server_that_lost_everything_is_filled_again(tmp_path: Path) -> None:
    server: dict[str, Any] = {}
    store = opened(tmp_path / "a", server)
    written(store, plain(30))
    store.optimize()
    server.clear()  # as when it begins anew without its disk, while the collection is open
    written(store, [Row("later", None, {}, {}, {"text": unit(1, 77)[0]})])
    found = store.nearest("text", plain(30)[4].vectors["text"], 1)
    assert ["id-4"] == [row.id for row in store.rows(found.keys).values()]
    assert 31 == len(numbers(server))
    store.close()


def test_a_server_that_went_back_is_brought_up_to_date(tmp_path: Path) -> None:
    server: dict[str, Any] = {}
    store = opened(tmp_path / "a", server)
    written(store, plain(10))
    store.optimize()
    before = {name: dict(one) if name != "mark" else one for name, one in server.items()}
    written(store, plain(20, 3))
    store.optimize()
    server.clear()
    server.update(before)
    written(store, [Row("later", None, {}, {}, {"text": unit(1, 77)[0]})])
    found = store.nearest("text", plain(20, 3)[14].vectors["text"], 1)
    assert found.scores[0] == pytest.approx(1, abs=1e-6)
    assert 21 == len(numbers(server))
    store.close()


def test_vectors_that_a_server_lost_are_brought_back_by_compact(tmp_path: Path) -> None:
    server: dict[str, Any] = {}
    store = opened(tmp_path / "a", server)
    written(store, plain(30))
    store.optimize()
    for number in numbers(server)[::2]:
        del server["place text"][number]
    store.compact()
    assert 30 == len(numbers(server))
    store.close()
