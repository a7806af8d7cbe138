"""Judgments and the state of a collection, over HTTP."""

import signal

import pytest
from serving import Running, serving

import cospace as cs
from cospace.evaluate import retrieval

from .conftest import Mine, png


def test_a_judgment_is_kept_and_replaced(mine: Mine):
    given = {"query": "a place to sit", "id": "first", "grade": 1}
    assert (200, given) == ((reply := mine.post("/judgments", given)).status, reply.json)
    assert 200 == mine.post("/judgments", {**given, "grade": 3}).status
    assert {"queries": 1, "judgments": [{**given, "grade": 3}]} == mine.get("/judgments").json
    assert 200 == mine.post("/judgments", {**given, "grade": None}).status
    assert [] == mine.get("/judgments").json["judgments"]


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({"query": "a", "id": "first", "grade": 4}, 400, "grade"),
        ({"query": "a", "id": "first", "grade": True}, 400, "grade"),
        ({"query": "a", "id": "first"}, 400, "grade"),
        ({"query": " ", "id": "first", "grade": 1}, 400, "query"),
        ({"query": "a", "id": "nobody", "grade": 1}, 404, "nobody"),
    ],
)
def test_what_cannot_be_judged_says_why(mine: Mine, given, status, says):
    reply = mine.post("/judgments", given)
    assert (status, True) == (reply.status, says in reply.error), reply.body


def test_a_server_that_only_reads_refuses(shop: Running):
    given = {"query": "a", "id": "MK-1", "grade": 1}
    reply = shop.post("/collections/shop/judgments", given)
    assert (409, "CollectionReadOnly") == (reply.status, reply.json["error"]["code"])


def test_what_was_acknowledged_survives_a_kill_and_is_evaluated(tmp_path):
    folder = tmp_path / "a.cospace"
    with cs.open(folder, model="starter") as made:
        made.add(ids=["1", "2"], documents=["Velvet armchair", "Steel rake"])
    with serving(folder) as server:
        for grade in (0, 3):
            given = {"query": "a place to sit", "id": "1", "grade": grade}
            assert 200 == server.post("/collections/a/judgments", given).status
        server.stop(signal.SIGKILL)
    with cs.open(folder) as again:
        assert {"a place to sit": {"1": 3}} == again.judgments
    [result] = retrieval(folder, ["starter"]).results
    assert 1.0 == result.figures["ndcg@10"].value


def test_the_status_says_what_is_there_and_what_failed(tmp_path):
    (tmp_path / "good.png").write_bytes(png(1))
    (tmp_path / "late.png").write_bytes(png(2))
    rows = [
        cs.Item("1", cs.Parts(text="Velvet armchair", image=cs.Image(tmp_path / "good.png"))),
        cs.Item("2", cs.Parts(text="Steel rake", image=cs.Image(tmp_path / "late.png"))),
        cs.Item("3", cs.Image(tmp_path / "nothing.png")),
    ]
    late = (tmp_path / "late.png").read_bytes()
    (tmp_path / "late.png").write_bytes(b"damaged")
    with cs.open(tmp_path / "a.cospace", model="starter") as made:
        made.add(rows, errors="report")
    with serving(tmp_path / "a.cospace") as server:
        told = server.get("/collections/a/status").json
        assert (2, 0) == (told["items"], told["waiting"])
        assert {"text": 2, "image": 1} == {k: v["items"] for k, v in told["indexed"].items()}
        assert ("starter", 384) == (told["space"]["name"], told["space"]["dim"])
        assert {"max_k", "thumbnail_bytes"} <= {row["name"] for row in told["limits"]}
        failed = told["failed"]
        assert (1, 1) == (failed["not_stored"], failed["without_a_part"])
        assert [("3", False), ("2", True)] == [(r["id"], r["stored"]) for r in failed["items"]]
        pages = [server.get(f"/collections/a/status?limit=1&offset={n}").json for n in range(3)]
        shown = [[row["id"] for row in page["failed"]["items"]] for page in pages]
        assert [["3"], ["2"], []] == shown
        assert [1, None, None] == [page["failed"]["next_offset"] for page in pages]

        again = server.post("/collections/a/retry").json
        assert (1, 0, ["2"]) == (again["tried"], again["cured"], [r["id"] for r in again["still"]])
        (tmp_path / "late.png").write_bytes(late)
        again = server.post("/collections/a/retry").json
        assert (1, 1, [], 1) == tuple(again[k] for k in ("tried", "cured", "still", "not_stored"))
        assert "source" in again["note"]
        told = server.get("/collections/a/status").json
        assert (2, 0) == (told["indexed"]["image"]["items"], told["failed"]["without_a_part"])


def test_how_far_a_bulk_write_is(mine: Mine):
    idle = mine.get("/status").json["ingest"]
    assert (False, 0) == (idle["running"], idle["done"])
    items = [{"id": f"i{n}", "text": f"thing number {n}"} for n in range(30)]
    assert 200 == mine.post("/items", {"items": items}).status
    told = mine.get("/status").json["ingest"]
    assert (False, 30, 30) == (told["running"], told["done"], told["total"])
    assert told["per_second"] > 0


def test_an_unknown_collection_has_no_state(shop: Running):
    for path in ("status", "judgments"):
        assert 404 == shop.get(f"/collections/other/{path}").status
