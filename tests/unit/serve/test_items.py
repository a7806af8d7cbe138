"""/collections/{name}/items: a status for each item, and a write that is sent twice is one."""

import json
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from serving import Running, serving

import cospace as cs

from .conftest import Mine, data_url, png

PATH = "/items"


@pytest.fixture(scope="module")
def mine_for_ids(many: Iterator[Mine]) -> Mine:
    return next(many)


def items(*rows):
    return {"items": list(rows)}


def statuses(reply) -> dict[str, str]:
    return {one["id"]: one["status"] for one in reply.json["items"]}


def test_each_item_has_a_status_and_a_bad_one_fails_alone(mine: Mine):
    reply = mine.post(
        PATH,
        items(
            {"id": "a", "text": "A red chair", "metadata": {"price": 5}},
            {"id": "first", "text": "A green chair", "metadata": {"price": 10}},
            {"id": "b", "text": " "},
            {"id": "", "text": "no id"},
            {"text": "no id at all"},
            {"id": "c", "text": 5},
            {"id": "d", "text": "x", "colour": "red"},
            {"id": "e", "image": "http://example.org/x.png"},
            {"id": "f", "image": data_url(b"no image")},
            {"id": "g", "image": data_url(png())},
            {"id": "a", "text": "again"},
            {"id": "h", "text": "x", "metadata": {"bad": {"deep": [[[[[[[[[1]]]]]]]]]}}},
        ),
    )
    assert 207 == reply.status
    found = [(one["id"], one["status"]) for one in reply.json["items"]]
    assert {("a", "added"), ("first", "unchanged"), ("g", "added")} <= set(found)
    failed = {one["id"]: one["error"]["message"] for one in reply.json["items"] if "error" in one}
    assert "never fetched" in failed["e"]
    assert "colour: not known here" in failed["d"]
    assert "there twice" in failed["a"]
    assert {"b", "", "item 4", "c", "d", "e", "f", "a"} <= set(failed)
    counted = sum(reply.json[what] for what in ("added", "updated", "unchanged", "failed"))
    assert 12 == counted == len(reply.json["items"])
    assert "A red chair" == mine.get(f"{PATH}/a").json["text"]


def test_add_refuses_what_is_there_upsert_replaces_it_update_changes_it(mine: Mine):
    other = {"id": "first", "text": "Another", "metadata": {"colour": "red"}}
    assert {"first": "failed"} == statuses(mine.post(PATH, items(other)))
    assert {"first": "updated"} == statuses(mine.ask("PUT", PATH, items(other)))
    change = {"id": "first", "metadata": {"price": 3}}
    assert {"first": "updated"} == statuses(mine.ask("PATCH", PATH, items(change)))
    got = mine.get(f"{PATH}/first").json
    assert ("Another", {"colour": "red", "price": 3}) == (got["text"], got["metadata"])


def test_a_change_of_what_is_not_there_is_not_found(mine: Mine):
    change = {"id": "nobody", "metadata": {"price": 3}}
    alone = mine.ask("PATCH", PATH, items(change))
    assert (404, {"nobody": "failed"}) == (alone.status, statuses(alone))
    assert ("ItemNotFound", True) == (alone.json["error"]["code"], "'nobody'" in alone.error)
    two = mine.ask("PATCH", PATH, items(change, {"id": "nor this"}))
    assert (404, 2) == (two.status, two.json["failed"])
    assert "none of these 2 items" in two.error
    mixed = mine.ask("PATCH", PATH, items(change, {"id": "first", "metadata": {"price": 4}}))
    assert (207, 1, 1) == (mixed.status, mixed.json["updated"], mixed.json["failed"])
    kinds = {one["id"]: one.get("error", {}).get("type") for one in mixed.json["items"]}
    assert {"nobody": "ItemNotFound", "first": None} == kinds
    bad = mine.ask("PATCH", PATH, items(change, {"id": "first", "text": 5}))
    assert 207 == bad.status
    assert {"ItemNotFound", "BadArgument"} == {one["error"]["type"] for one in bad.json["items"]}


@pytest.mark.parametrize(
    "id", ["a\nb", "\n", "ends\n", "a\r\nb", "a\u2028b", "a/../b", "%41", "a?b#c", "get", " ", "."]
)
def test_every_id_that_can_be_stored_is_reached_by_its_address(mine_for_ids: Mine, id: str):
    assert {id: "added"} == statuses(mine_for_ids.post(PATH, items({"id": id, "text": "A lamp"})))
    address = f"{PATH}/{quote(id, safe='')}"
    reply = mine_for_ids.get(address)
    assert (200, id) == (reply.status, reply.json["id"])
    assert 1 == mine_for_ids.ask("DELETE", PATH, {"ids": [id]}).json["deleted"]
    assert 404 == mine_for_ids.get(address).status


def test_get_by_ids_and_by_filter(mine: Mine):
    mine.post(PATH, items({"id": "a/b ?", "text": "x y", "metadata": {"price": 99}}))
    got = mine.post(PATH + "/get", {"ids": ["nobody", "a/b ?"], "vectors": True}).json["items"]
    assert got[0] is None
    assert 384 == len(got[1]["vectors"]["text"])
    found = mine.post(PATH + "/get", {"where": {"price": {"$gt": 50}}}).json["items"]
    assert ["a/b ?"] == [one["id"] for one in found]
    assert "x y" == mine.get(PATH + "/a%2Fb%20%3F").json["text"]
    assert 404 == mine.get(PATH + "/nobody").status
    assert 400 == mine.post(PATH + "/get", {"ids": ["a"], "where": {"price": 1}}).status


def test_delete_by_ids_and_by_filter_never_by_accident(mine: Mine):
    mine.post(PATH, items(*({"id": f"d{n}", "text": "x", "metadata": {"n": n}} for n in range(5))))
    reply = mine.ask("DELETE", PATH, {"ids": ["d0", "nobody"]})
    assert {"d0": "deleted", "nobody": "not found"} == statuses(reply)
    assert {"deleted": 2} == mine.ask("DELETE", PATH, {"where": {"n": {"$gt": 2}}}).json
    for nothing in ({}, {"where": {}}, {"ids": None, "where": None}):
        assert 400 == mine.ask("DELETE", PATH, nothing).status
    assert 3 == mine.get("").json["items"]


def test_a_write_under_a_key_is_done_once(mine: Mine):
    body = items({"id": "k", "text": "A lamp"})
    key = {"Idempotency-Key": "5f0c"}
    first, again = (mine.post(PATH, body, headers=key) for _ in range(2))
    assert {"k": "added"} == statuses(first)
    assert first.body == again.body
    assert "true" == again.headers["idempotent-replayed"]
    other = mine.post(PATH, items({"id": "z", "text": "Another"}), headers=key)
    assert 422 == other.status
    assert 404 == mine.get(PATH + "/z").status
    assert 400 == mine.post(PATH, body, headers={"Idempotency-Key": "k" * 300}).status


def test_a_write_under_a_key_at_the_same_time_is_done_once(mine: Mine):
    body = items(*({"id": f"t{n}", "text": f"thing {n}"} for n in range(100)))
    replies = []

    def send():
        replies.append(mine.post(PATH, body, headers={"Idempotency-Key": "same"}))

    threads = [threading.Thread(target=send) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [100] * 5 == [one.json["added"] for one in replies]


def test_too_many_items_are_refused_whole(mine: Mine):
    many = items(*({"id": str(n), "text": "x"} for n in range(1_001)))
    assert 400 == mine.post(PATH, many).status
    assert 1 == mine.get("").json["items"]


def test_nothing_is_written_to_what_is_read_only(shop: Running):
    path = "/collections/shop/items"
    for method, body in (
        ("POST", items({"id": "n", "text": "x"})),
        ("PUT", items({"id": "n", "text": "x"})),
        ("PATCH", items({"id": "MK-1", "metadata": {"price": 1}})),
        ("DELETE", {"ids": ["MK-1"]}),
    ):
        reply = shop.ask(method, path, body)
        assert 409 == reply.status, (method, reply.body)
    assert 4 == shop.get("/collections/shop").json["items"]


def test_what_was_acknowledged_is_there_after_an_orderly_end(tmp_path):
    with cs.open(tmp_path / "mine.cospace", model="starter") as made:
        made.add(cs.Item("first", "A green chair"))
    with serving(tmp_path / "mine.cospace") as server:
        server.post("/collections/mine/items", items({"id": "second", "text": "A lamp"}))
        assert 0 == server.stop()
    with cs.open(tmp_path / "mine.cospace") as after:
        assert ["second"] == after.search("A lamp", 1).ids


def test_found_as_soon_as_it_is_acknowledged(mine: Mine):
    for n in range(5):
        mine.post(PATH, items({"id": f"n{n}", "text": f"unicorn number {n}"}))
        reply = mine.post("/search", {"query": f"unicorn number {n}", "k": 1})
        assert [f"n{n}"] == [hit["id"] for hit in json.loads(reply.body)["hits"]]


def test_of_an_id_that_comes_twice_add_takes_the_first_and_upsert_the_last(mine: Mine):
    twice = items({"id": "two", "text": "the first"}, {"id": "two", "text": "the last"})
    added = mine.post(PATH, twice)
    assert (207, 1, 1) == (added.status, added.json["added"], added.json["failed"])
    assert "the first" == mine.get(f"{PATH}/two").json["text"]
    put = mine.ask("PUT", PATH, twice)
    assert (200, {"two": "updated"}) == (put.status, statuses(put))
    assert "the last counts" in put.json["items"][0]["note"]
    assert "the last" == mine.get(f"{PATH}/two").json["text"]


def test_a_key_is_of_one_collection(mine: Mine):
    key = {"Idempotency-Key": "shared"}
    other = Mine(mine.server, "mine0")
    assert 200 == mine.post(PATH, items({"id": "k1", "text": "A lamp"}), headers=key).status
    assert 200 == other.post(PATH, items({"id": "k2", "text": "A sofa"}), headers=key).status


def test_what_is_no_item_fails_alone(mine: Mine):
    reply = mine.post(PATH, {"items": [1, None, "x", [], {"id": "good", "text": "A lamp"}]})
    assert (207, 1, 4) == (reply.status, reply.json["added"], reply.json["failed"])
    assert {"item 0", "item 1", "item 2", "item 3", "good"} == set(statuses(reply))


def test_a_number_of_more_than_64_bits_is_refused_and_not_rounded(mine: Mine):
    raw = b'{"items":[{"id":"n","text":"x","metadata":{"n":18446744073709551617}}]}'
    reply = mine.post(PATH, raw=raw)
    assert (400, True) == (reply.status, "64 bits" in reply.error)
    deep = b'{"items":' + b"[" * 985 + b"1" * 20 + b"]" * 985 + b"}"
    reply = mine.post(PATH, raw=deep)
    assert (400, True) == (reply.status, "nested" in reply.error)
    sound = b'{"items":[{"id":"n","text":"0123456789012345678901234","metadata":{"n":0.1}}]}'
    assert {"n": "added"} == statuses(mine.post(PATH, raw=sound))
