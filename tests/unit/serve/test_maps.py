"""/collections/{name}/map: a map is made beside the searches, and its parts fit together."""

import base64
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from serving import Reply, Running, serving

import cospace as cs
from cospace.errors import TooBusy
from cospace.serve.mapping import Makings

from .conftest import Mine, png

MAP = "/collections/shop/map"
THINGS = ("chair", "lamp", "rake", "bicycle")
COLOURS = ("red", "green", "blue", "black", "white", "grey", "brown", "yellow")


def items(folder: Path) -> list[cs.Item]:
    photo = cs.Image(folder / "photo.png")
    return [
        cs.Item(
            f"{colour} {thing}",
            cs.Parts(text=f"A {colour} {thing}", image=photo if thing == "chair" else None),
            {"kind": thing, "title": f"{colour} {thing}", "sizes": [n, 7], "used": n % 2 == 0}
            | ({"price": 10.0 * n} if n else {}),
        )
        for thing in THINGS
        for n, colour in enumerate(COLOURS)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("mapped")
    (place / "photo.png").write_bytes(png())
    with cs.open(place / "shop.cospace", model="starter") as shop:
        shop.add(items(place))
    return place / "shop.cospace"


@pytest.fixture(scope="module")
def shop(folder: Path) -> Iterator[Running]:
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="module")
def mapped(shop: Running) -> Running:
    assert 202 == shop.post(MAP, {}).status
    finished(shop.get, MAP)
    return shop


def finished(get, path: str = "/map") -> Reply:
    """The first reply that says nothing of a map in the making; what it said before is checked."""
    before = 0.0
    for _ in range(600):
        reply = get(path)
        making = reply.json.get("making")
        if making is None:
            assert 200 == reply.status, reply.body
            return reply
        assert before <= making["done"] <= 1
        before = making["done"]
        time.sleep(0.4)
    raise AssertionError("the map was never made")


def parts(get, path: str = "/map") -> tuple[np.ndarray, np.ndarray, list[str]]:
    points, labels, ids = (get(f"{path}/{part}") for part in ("points", "labels", "ids"))
    assert {points.headers["etag"]} == {labels.headers["etag"], ids.headers["etag"]}
    assert "application/octet-stream" == points.headers["content-type"]
    return (
        np.frombuffer(points.body, "<f4").reshape(-1, 2),
        np.frombuffer(labels.body, "<u2"),
        ids.json["ids"],
    )


def test_a_map_that_is_missing_says_what_makes_it(mine: Mine):
    for path in ("/map", "/map/points", "/map/ids", "/map/labels", "/map/field?name=price"):
        reply = mine.get(path)
        assert 404 == reply.status
        assert "MapMissing" == reply.json["error"]["code"]
        assert "cospace map" in reply.error


def test_it_says_what_it_holds(mapped: Running, folder: Path):
    told = mapped.get(MAP).json
    with cs.open(folder, read_only=True) as same:
        map = same.map()
    assert {
        "points", "missing", "changed", "stale", "made", "method", "trustworthiness", "continuity",
        "bounds", "clusters", "fields", "image", "version",
    } == set(told)  # fmt: skip
    assert (32, 0, 0, False) == tuple(told[k] for k in ("points", "missing", "changed", "stale"))
    assert (map.version, map.made) == (told["version"], told["made"])
    assert list(map.bounds) == pytest.approx(told["bounds"])
    assert {"kind", "price", "sizes", "used"} == set(told["fields"])  # titles all differ
    assert told["image"] is True
    for one in told["clusters"]:
        assert {"id", "name", "x", "y", "size"} == set(one)


def test_points_labels_and_ids_are_those_of_the_library(mapped: Running, folder: Path):
    points, labels, ids = parts(mapped.get, MAP)
    with cs.open(folder, read_only=True) as same:
        map = same.map()
    assert map.ids == ids
    assert np.array_equal(map.xy, points)
    assert np.array_equal(map.labels, labels)
    sizes = {one["id"]: one["size"] for one in mapped.get(MAP).json["clusters"]}
    assert sizes == {n: int((labels == n).sum()) for n in sizes}


def test_what_a_client_holds_is_not_sent_again(mapped: Running):
    etag = mapped.get(MAP + "/points").headers["etag"]
    again = mapped.get(MAP + "/points", headers={"If-None-Match": f'"other", {etag}'})
    assert (304, b"") == (again.status, again.body)
    assert 200 == mapped.get(MAP + "/points", headers={"If-None-Match": '"other"'}).status


def test_another_version_than_the_one_asked_for_is_a_conflict(mapped: Running):
    version = mapped.get(MAP).json["version"]
    for part in ("points", "ids", "labels", "field"):
        more = "&name=kind" if part == "field" else ""
        assert 200 == mapped.get(f"{MAP}/{part}?version={version}{more}").status
        reply = mapped.get(f"{MAP}/{part}?version=older{more}")
        assert (409, "MapChanged") == (reply.status, reply.json["error"]["code"])


def test_a_field_of_words(mapped: Running):
    told = mapped.get(MAP + "/field?name=kind").json
    codes = np.frombuffer(base64.b64decode(told["codes"]), np.uint8)
    _, _, ids = parts(mapped.get, MAP)
    assert ("category", sorted(THINGS)) == (told["type"], told["values"])
    assert [id.split()[1] for id in ids] == [told["values"][code] for code in codes]


def test_a_field_of_many_words_keeps_the_most_frequent(mapped: Running):
    told = mapped.get(MAP + "/field?name=title").json
    codes = np.frombuffer(base64.b64decode(told["codes"]), np.uint8)
    assert (21, "…") == (len(told["values"]), told["values"][-1])
    assert 12 == (codes == 20).sum()


def test_a_field_of_numbers_has_nan_where_there_is_none(mapped: Running):
    told = mapped.get(MAP + "/field?name=price").json
    values = np.frombuffer(base64.b64decode(told["values"]), "<f4")
    _, _, ids = parts(mapped.get, MAP)
    assert ("number", 10, 70) == (told["type"], told["min"], told["max"])
    expected = [10.0 * COLOURS.index(id.split()[0]) or np.nan for id in ids]
    assert np.array_equal(np.array(expected, np.float32), values, equal_nan=True)


def test_lists_and_yes_or_no(mapped: Running):
    sizes = mapped.get(MAP + "/field?name=sizes").json
    assert ("number", 0, 7) == (sizes["type"], sizes["min"], sizes["max"])
    assert {"yes", "no"} == set(mapped.get(MAP + "/field?name=used").json["values"])


def test_a_field_that_is_not_there_is_named(mapped: Running):
    reply = mapped.get(MAP + "/field?name=weight")
    assert 400 == reply.status
    assert "'weight'" in reply.error
    assert "price" in reply.error
    assert 400 == mapped.get(MAP + "/field").status


def test_items_that_go_leave_all_parts_and_new_ones_are_counted(mine: Mine):
    mine.post("/items", {"items": [{"id": f"n{n}", "text": f"thing {n}"} for n in range(19)]})
    assert 202 == mine.post("/map", {"again": True}).status
    before = finished(mine.get).json
    old, _, named = parts(mine.get)
    mine.ask("DELETE", "/items", {"ids": ["n3"]})
    mine.post("/items", {"items": [{"id": "late", "text": "a late thing"}]})
    mine.ask("PUT", "/items", {"items": [{"id": "n4", "text": "quite another thing"}]})
    now = mine.get("/map").json
    assert (19, 1, 1) == (now["points"], now["missing"], now["changed"])
    assert before["version"] != now["version"]
    points, labels, ids = parts(mine.get)
    assert [id for id in named if id != "n3"] == ids
    assert np.array_equal(np.delete(old, named.index("n3"), 0), points)
    assert 19 == len(labels)
    mine.post("/map", {"again": False})
    then = finished(mine.get).json
    assert (20, 0, 0) == (then["points"], then["missing"], then["changed"])
    after, _, ids_after = parts(mine.get)
    kept = [ids_after.index(id) for id in ids if id != "n4"]
    same = [n for n, id in enumerate(ids) if id != "n4"]
    assert np.array_equal(points[same], after[kept])


def test_a_map_that_cannot_be_made_says_why(mine: Mine):
    mine.ask("DELETE", "/items", {"ids": ["first"]})
    mine.post("/map", {})
    for _ in range(600):
        reply = mine.get("/map")
        if reply.json.get("making", {}).get("done") is None:
            break
        time.sleep(0.4)
    assert "nothing to map" in json.dumps(reply.json)


def test_a_request_of_another_shape_is_refused(mine: Mine):
    assert 400 == mine.post("/map", {"again": "yes"}).status
    assert 400 == mine.post("/map", {"anew": True}).status
    assert 404 == mine.server.post("/collections/other/map", {}).status


def test_a_reader_makes_none_and_shows_what_is_there(mapped: Running, folder: Path):
    with serving(folder, "--read-only", "1") as reader:
        reply = reader.post(MAP, {})
        assert (409, "CollectionReadOnly") == (reply.status, reply.json["error"]["code"])
        assert mapped.get(MAP).json == reader.get(MAP).json


def test_where_no_process_can_be_had_the_server_is_busy(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    makings = Makings()
    for _ in range(3):
        with pytest.raises(TooBusy, match="no process that makes maps could be started"):
            makings.start("shop", tmp_path, again=False)
    assert makings.of("shop") is None
