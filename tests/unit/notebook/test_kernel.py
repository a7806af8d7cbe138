"""What the widget asks of the kernel, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.notebook.kernel import Reply, reply


def ask(shop: cs.Collection, route: str, body: object = None, **asked: str) -> Reply:
    return reply(shop, f"/collections/shop/{route}", asked, body or {})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cs.Collection]:
    from PIL import Image

    place = tmp_path_factory.mktemp("notebook")
    Image.new("RGB", (300, 200), (200, 30, 30)).save(place / "red.png")
    items = [
        cs.Item("MK-1", cs.Parts(text="Red sofa", image=cs.Image(place / "red.png"))),
        cs.Item("MK-2", "Steel rake", {"price": 15.0}),
        cs.Item("MK-3", "Garden spade", {"price": 20.0}),
    ]
    with cs.open(place / "shop.cospace", model="starter") as made:
        made.upsert(items)
        made.make_map()
        yield made


def test_a_search_has_small_pictures_in_it(shop: cs.Collection):
    status, found, data = ask(shop, "search", {"query": "a red sofa", "k": 2})
    assert (200, None) == (status, data)
    assert "MK-1" == found["hits"][0]["id"]
    assert found["hits"][0]["media"]["image"].startswith("data:image/webp;base64,")
    assert 2 == len(found["hits"])


def test_without_a_question_all_are_shown_and_like_leaves_its_own_out(shop: cs.Collection):
    assert 3 == len(ask(shop, "search", {"k": 9}).json["hits"])
    found = ask(shop, "search", {"like": "MK-2", "k": 9}).json["hits"]
    assert "MK-2" not in [one["id"] for one in found]


def test_items_by_id_and_one_that_is_not_there(shop: cs.Collection):
    found = ask(shop, "items/get", {"ids": ["MK-3", "nobody"]}).json["items"]
    assert "Garden spade" == found[0]["text"] and found[1] is None


def test_the_map_in_all_its_parts(shop: cs.Collection):
    head = ask(shop, "map").json
    assert 3 == head["points"] and head["fields"] == ["price"]
    points = np.frombuffer(ask(shop, "map/points", version="1").data, "<f4")
    assert (shop.map().xy.ravel() == points).all()
    assert 6 == len(ask(shop, "map/labels").data)
    assert shop.map().ids == ask(shop, "map/ids").json["ids"]
    assert "number" == ask(shop, "map/field", name="price").json["type"]


def test_errors_are_answers(shop: cs.Collection, tmp_path: Path):
    assert 404 == ask(shop, "nothing").status
    bad = ask(shop, "search", {"like": "nobody"})
    assert (404, "ItemNotFound") == (bad.status, bad.json["error"]["code"])
    with cs.open(tmp_path / "bare.cospace", model="starter") as bare:
        bare.add(ids="a", documents="a chair")
        assert "MapMissing" == ask(bare, "map").json["error"]["code"]


def test_a_map_that_is_posted_is_made(tmp_path: Path):
    with cs.open(tmp_path / "bare.cospace", model="starter") as bare:
        bare.add(ids=["a", "b"], documents=["a chair", "a rake"])
        assert 404 == ask(bare, "map").status
        assert (
            2
            == reply(bare, "/collections/bare/map", {}, {"again": False}, posted=True).json[
                "points"
            ]
        )
        assert 2 == ask(bare, "map").json["points"]
    with cs.open(tmp_path / "bare.cospace", read_only=True) as bare:
        refused = reply(bare, "/collections/bare/map", {}, {}, posted=True)
        assert "CollectionReadOnly" == refused.json["error"]["code"]


def test_the_widget_has_no_trait_that_ipywidgets_takes_for_a_model(shop: cs.Collection):
    assert "style" not in shop.show().keys, "the view of a DOMWidget makes a view of its style"


def test_the_widget_answers_what_it_is_sent(shop: cs.Collection):
    widget = shop.show("a sofa", k=3)
    sent: list[tuple[dict, list[bytes]]] = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._handle_custom_msg(
        {
            "number": 7,
            "path": "/collections/x/search",
            "query": {},
            "body": {"query": "sofa", "k": 1},
        },
        [],
    )
    [(content, buffers)] = sent
    assert (7, 200, []) == (content["number"], content["status"], buffers)
    assert ["MK-1"] == [one["id"] for one in content["json"]["hits"]]
    assert {"name": shop.name, "metadata": {"price": "number"}} == widget.about
