"""POST /why: as the library tells it, with the photo decoded apart."""

from pathlib import Path

import pytest
from serving import Running

import cospace as cs

PATH = "/collections/shop/why"


def test_why_is_what_the_library_says(shop: Running, shop_folder: Path):
    reply = shop.post(PATH, {"id": "MK-1", "query": "a velvet seat"})
    assert 200 == reply.status, reply.body
    told = reply.json
    with cs.open(shop_folder, read_only=True) as mine:
        expected = mine.explain("a velvet seat", "MK-1").to_json()
    assert expected["exact"] == told["exact"] != []
    assert [word[:2] for word in expected["words"]] == [word[:2] for word in told["words"]]
    assert (7, 7) == (told["region"]["rows"], told["region"]["cols"])
    assert [len(row) for row in told["region"]["heat"]] == [7] * 7
    assert {"text", "words"} <= {one["list"] for one in told["score"]}
    assert str(shop_folder.parent).encode() not in reply.body


def test_an_item_without_a_photo_has_no_region(shop: Running):
    told = shop.post(PATH, {"id": "MK-2", "query": "garden"}).json
    assert None is told["region"]
    assert told["words"]


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({"id": "MK-1"}, 400, "give query"),
        ({"query": "a"}, 400, "id"),
        ({"id": "nobody", "query": "a"}, 404, "nobody"),
        ({"id": "MK-1", "query": "  "}, 400, "query"),
        ({"id": "MK-1", "query": "a", "k": 3}, 400, "k: not known"),
    ],
)
def test_what_cannot_be_told_says_why(shop: Running, given, status, says):
    reply = shop.post(PATH, given)
    assert (status, True) == (reply.status, says in reply.error), reply.body
