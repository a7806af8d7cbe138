"""/collections: search by words, picture and both, with filters, places and pages."""

import json
from pathlib import Path

import pytest
from serving import Running, serving

import cospace as cs

from .conftest import data_url, png

PATH = "/collections/shop/search"


def ids(reply) -> list[str]:
    assert 200 == reply.status, reply.body
    return [hit["id"] for hit in reply.json["hits"]]


def form(**parts: tuple[str, bytes]) -> tuple[bytes, dict[str, str]]:
    """A multipart form, as a browser sends it."""
    lines = []
    for name, (file, data) in parts.items():
        named = f'; filename="{file}"' if file else ""
        lines.append(
            f'--xyz\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode()
        )
        lines += [data, b"\r\n"]
    return b"".join(lines) + b"--xyz--\r\n", {"Content-Type": "multipart/form-data; boundary=xyz"}


def test_a_text_finds_what_the_library_finds(shop: Running, shop_folder):
    reply = shop.post(PATH, {"query": "vintage comfortable seating", "k": 3})
    with cs.open(shop_folder, read_only=True) as mine:
        expected = mine.search("vintage comfortable seating", 3)
    assert expected.ids == ids(reply)
    scores = [hit["score"] for hit in reply.json["hits"]]
    assert pytest.approx([hit.score for hit in expected], abs=1e-3) == scores
    assert expected.score == reply.json["score"]


def test_filters_places_and_pages(shop: Running):
    assert ["MK-3"] == ids(shop.post(PATH, {"query": "a thing", "where": {"price": {"$gt": 200}}}))
    near = shop.post(PATH, {"query": "a thing", "near": {"lat": 52.52, "lon": 13.40, "km": 60}})
    assert {"MK-1", "MK-3"} == set(ids(near))
    assert {0.0} < {hit["km"] for hit in near.json["hits"]}
    whole = ids(shop.post(PATH, {"query": "a thing", "k": 4}))
    first = shop.post(PATH, {"query": "a thing", "k": 2})
    then = shop.post(PATH, {"query": "a thing", "k": 2, "offset": first.json["next_offset"]})
    assert whole == ids(first) + ids(then)
    last = shop.post(PATH, {"query": "a thing", "k": 9})
    assert last.json["next_offset"] is None


def test_the_next_page_that_is_named_can_be_asked(shop_folder: Path):
    limits = {"COSPACE_LIMIT_MAX_K": "3"}
    with serving(shop_folder, "--read-only", "1", variables=limits) as running:
        first = running.post(PATH, {"query": "a thing", "k": 1}).json["next_offset"]
        for k, offset in ((1, 2), (2, 0), (3, 0)):
            reply = running.post(PATH, {"query": "a thing", "k": k, "offset": offset})
            assert (k, None) == (len(ids(reply)), reply.json["next_offset"])
        assert 1 == first
        assert [] != ids(running.post(PATH, {"query": "a thing", "k": 1, "offset": first}))


def test_explain_like_exclude_and_by(shop: Running):
    told = shop.post(PATH, {"query": "armchair", "explain": True}).json["hits"][0]["why"]
    assert {"text", "words"} <= {one["list"] for one in told}
    assert "MK-1" not in ids(shop.post(PATH, {"like": "MK-1", "query": "in green"}))
    assert "MK-1" not in ids(shop.post(PATH, {"query": "armchair", "exclude": ["MK-1"]}))
    assert "MK-1" == ids(shop.post(PATH, {"query": "armchair", "by": ["words"]}))[0]


def test_what_a_question_leaves_out_is_not_counted_as_findable(shop: Running):
    everything = shop.post(PATH, {"k": 1}).json["total"]
    for asked in ({"like": "MK-1"}, {"query": "armchair", "exclude": ["MK-1", "none"]}):
        assert everything - 1 == shop.post(PATH, asked).json["total"]
    assert "total" not in shop.post(PATH, {"query": "armchair"}).json
    found, at = [], 0
    while at is not None:
        reply = shop.post(PATH, {"like": "MK-1", "k": 2, "offset": at})
        found, at = found + ids(reply), reply.json["next_offset"]
    assert everything - 1 == len(set(found))


def test_a_picture_finds_itself_however_it_is_sent(shop: Running):
    by_url = shop.post(PATH, {"image": data_url(png(1))})
    raw, headers = form(image=("chair.png", png(1)))
    by_file = shop.post(PATH, raw=raw, headers=headers)
    raw, headers = form(image=("chair.png", png(1)), request=("", b'{"query": "armchair", "k": 1}'))
    both = shop.post(PATH, raw=raw, headers=headers)
    assert ["MK-1"] == ids(by_url) == ids(by_file) == ids(both)
    assert pytest.approx(1.0, abs=1e-3) == by_url.json["hits"][0]["score"]


def test_the_file_of_an_item_is_served_and_its_path_is_not_told(shop: Running, shop_folder):
    reply = shop.post(PATH, {"query": "armchair", "k": 1})
    assert str(shop_folder.parent).encode() not in reply.body
    file = shop.get(reply.json["hits"][0]["media"]["image"])
    assert (200, "image/png", png(1)) == (file.status, file.headers["content-type"], file.body)
    assert "nosniff" == file.headers["x-content-type-options"]


def test_a_page_of_html_is_never_shown_in_place(tmp_path):
    from serving import serving

    (tmp_path / "photo.png").write_bytes(png(1))
    with cs.open(tmp_path / "a.cospace", model="starter") as made:
        made.add(cs.Item("x", cs.Image(tmp_path / "photo.png")))
    for bad in (b"<html><script>1</script></html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        (tmp_path / "photo.png").write_bytes(bad)
        with serving(tmp_path / "a.cospace") as server:
            file = server.get("/collections/a/media?id=x&part=image")
        assert "application/octet-stream" == file.headers["content-type"]
        assert "attachment" == file.headers["content-disposition"]


def test_a_file_that_is_gone_and_parts_that_are_not_there_are_404(shop: Running):
    for query in (
        "id=MK-2&part=image",
        "id=nobody",
        "id=MK-1&part=..%2F..%2Fetc",
        "id=MK-1&part=text",
    ):
        assert 404 == shop.get(f"/collections/shop/media?{query}").status


def test_what_there_is(shop: Running):
    [one] = shop.get("/collections").json["collections"]
    assert ("shop", 4, "starter") == (one["name"], one["items"], one["model"])
    assert "location" == one["metadata"]["location"]
    assert one == shop.get("/collections/shop").json


def test_passages_with_their_places(shop: Running):
    reply = shop.post("/collections/shop/context", {"question": "what can I sit on?", "tokens": 50})
    assert 200 == reply.status, reply.body
    assert "MK-1" == reply.json["passages"][0]["id"]
    assert 4 == reply.json["stored"]


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({"exclude": ["a"]}, 400, "give query"),
        ({"query": "x", "k": 0}, 400, "k: "),
        ({"query": "x", "k": "5"}, 400, "k: "),
        ({"query": "x", "k": 5_000}, 400, "at most 1000"),
        ({"query": "x", "where": {"price": {"$foo": 1}}}, 400, "$foo"),
        ({"query": "x", "where": {"price": {"$lt": "' OR 1=1 --"}}}, 400, "price"),
        ({"query": "x", "by": ["smell"]}, 400, "smell"),
        ({"query": "x", "near": {"lat": 91, "lon": 0}}, 400, "near.lat"),
        ({"query": "x", "near": {"lat": 1, "lon": 0, "field": "price"}}, 400, "price"),
        ({"query": "x", "near": {"lat": 1, "lon": 0, "field": ""}}, 400, "no location"),
        ({"like": "nobody"}, 404, "nobody"),
        ({"query": "x", "limit": 3}, 400, "limit: not known here"),
        ({"image": "https://example.org/a.png"}, 400, "never fetched"),
        ({"query": "x" * 200_000}, 400, "characters"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(shop: Running, given, status, says):
    reply = shop.post(PATH, given)
    assert (status, True) == (reply.status, says in reply.error), reply.body


def test_a_form_with_something_else_is_refused(shop: Running):
    for parts, says in (
        ({"other": ("", b"x")}, "other"),
        ({"image": ("", b"x")}, "no file image"),
        ({"request": ("", b"{}")}, "no file image"),
        ({"image": ("a.png", b"not a png")}, "image"),
        ({"image": ("a.png", png()), "request": ("", b"{nonsense")}, "not JSON"),
    ):
        raw, headers = form(**parts)
        reply = shop.post(PATH, raw=raw, headers=headers)
        assert 400 == reply.status
        assert says in reply.error
    many = {f"image{n}": ("a.png", b"x") for n in range(50)}
    raw, headers = form(**many)
    assert 400 == shop.post(PATH, raw=raw, headers=headers).status


@pytest.mark.parametrize("name", ["other", "..", "%2e%2e%2fshop", "shop%00", "sh/op", "a" * 300])
def test_a_name_is_no_path(shop: Running, name):
    reply = shop.post(f"/collections/{name}/search", {"query": "x"})
    assert reply.status in (404, 405)


def test_openapi_has_every_route_with_an_example(shop: Running):
    page = shop.get("/openapi.json").json
    paths = {
        "/v1/embeddings",
        "/v2/rerank",
        "/collections/{name}/search",
        "/collections/{name}/items",
    }
    assert paths <= set(page["paths"])
    for path in paths:
        body = page["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        assert body["example"]
        assert "$ref" not in json.dumps(body["schema"])


def test_an_address_that_lacks_something_says_what(shop: Running):
    reply = shop.get("/collections/shop/media")
    assert (400, True) == (reply.status, reply.error.startswith("id: "))
