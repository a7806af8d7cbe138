"""What a page of search asks: facets, orders, pages, spelling, completions, small images."""

import io

import pytest
from PIL import Image
from serving import Running, serving

import cospace as cs

from .conftest import WORDS, png

PATH = "/collections/shop"


def ids(reply) -> list[str]:
    assert 200 == reply.status, reply.body
    return [hit["id"] for hit in reply.json["hits"]]


def test_facets_of_what_passes(shop: Running):
    reply = shop.post(f"{PATH}/facets", {"where": {"price": {"$lt": 100}}})
    assert 200 == reply.status, reply.body
    found = reply.json
    assert 2 == found["items"]
    fields = {one["name"]: one for one in found["fields"]}
    assert ("number", 15.0, 340.0) == tuple(fields["price"][k] for k in ("type", "min", "max"))
    assert 4 == sum(one["count"] for one in fields["price"]["bins"])
    assert 2 == fields["location"]["count"] == len(fields["location"]["points"])


def test_without_a_question_all_items_come_in_an_order(shop: Running):
    search = f"{PATH}/search"
    assert ["MK-2", "MK/4 ö", "MK-1", "MK-3"] == ids(shop.post(search, {"sort": "price"}))
    first = shop.post(search, {"sort": "-price", "k": 3})
    then = shop.post(search, {"sort": "-price", "k": 3, "offset": first.json["next_offset"]})
    assert ["MK-3", "MK-1", "MK/4 ö", "MK-2"] == ids(first) + ids(then)
    assert (4, None) == (first.json["total"], then.json["next_offset"])
    near = {"lat": 48.1, "lon": 11.5, "km": 20_000}
    by = shop.post(search, {"sort": "distance", "near": near})
    assert "MK-2" == ids(by)[0]
    assert sorted(hit["km"] for hit in by.json["hits"]) == [h["km"] for h in by.json["hits"]]
    assert list(WORDS) == ids(shop.post(search, {}))


def test_with_a_question_its_best_matches_are_sorted(shop: Running):
    reply = shop.post(f"{PATH}/search", {"query": "velvet armchair", "sort": "price"})
    assert (["MK-1"], 1, 4) == (ids(reply), reply.json["sorted_among"], reply.json["total"])
    assert reply.json["next_offset"] is None, "the others are not among what is sorted"
    assert "leave out sort" in reply.json["notes"][0]
    assert [{"code": "sorted_few", "sorted": 1, "total": 4}] == reply.json["note_codes"]


def test_a_typing_error_is_mended_and_told(shop: Running):
    reply = shop.post(f"{PATH}/search", {"query": "velvte armchair", "k": 1})
    assert ["MK-1"] == ids(reply)
    told = {"text": "velvet armchair", "used": True, "words": [["velvte", "velvet"]]}
    assert told == reply.json["did_you_mean"]
    as_typed = shop.post(f"{PATH}/search", {"query": "velvte armchair", "spelling": False})
    assert "did_you_mean" not in as_typed.json
    assert "did_you_mean" not in shop.post(f"{PATH}/search", {"query": "velvet armchair"}).json


def test_what_was_begun_is_completed(shop: Running):
    reply = shop.get(f"{PATH}/complete?text=retro")
    assert ["retro velvet armchair"] == reply.json["completions"]
    assert [] == shop.get(f"{PATH}/complete?text=").json["completions"]


@pytest.mark.parametrize(
    ("path", "given", "says"),
    [
        ("facets", {"fields": ["smell"]}, "smell"),
        ("facets", {"where": {"smell": 1}}, "smell"),
        ("facets", {"near": {"lat": 1, "lon": 1, "field": "price"}}, "price"),
        ("search", {"sort": "smell"}, "smell"),
        ("search", {"sort": "distance"}, "near"),
        ("search", {"sort": "location"}, "distance"),
        ("search", {"sort": ""}, "sort"),
        ("search", {"by": ["words"]}, "give query"),
        ("search", {"query": "a", "sort": "smell"}, "smell"),
    ],
)
def test_what_cannot_be_asked_says_why(shop: Running, path, given, says):
    reply = shop.post(f"{PATH}/{path}", given)
    assert (400, True) == (reply.status, says in reply.error), reply.body


# --- small images ---


def turned_photo() -> bytes:
    """A wide photo, stored upright with a note to turn it, a place and a comment."""
    image = Image.new("RGB", (300, 600), "red")
    image.paste("blue", (0, 0, 300, 300))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by a quarter
    exif[0x010E] = "taken at my home"
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif, comment=b"secret")
    return file.getvalue()


def moving() -> bytes:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("green", "yellow")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Running:
    place = tmp_path_factory.mktemp("photos")
    files = {"turned": turned_photo(), "moving": moving(), "broken": png(3), "page": png(4)}
    files["gone"] = png(5)
    with cs.open(place / "photos.cospace", model="starter") as made:
        for name, data in files.items():
            (place / f"{name}.png").write_bytes(data)
            made.add(cs.Item(name, cs.Image(place / f"{name}.png")))
    (place / "broken.png").write_bytes(png(3)[:-300])
    (place / "page.png").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
    (place / "gone.png").unlink()
    home = {"COSPACE_HOME": str(place / "home")}
    with serving(place / "photos.cospace", "--read-only", "1", variables=home) as running:
        running.place = place  # type: ignore[attr-defined]
        yield running


def small(server: Running, id: str, width: int = 240, **more):
    return server.get(f"/collections/photos/media?id={id}&part=image&width={width}", **more)


def test_a_small_image_is_upright_and_tells_nothing_else(photos: Running):
    reply = small(photos, "turned")
    assert (200, "image/webp") == (reply.status, reply.headers["content-type"])
    image = Image.open(io.BytesIO(reply.body))
    assert (240, 120) == image.size
    red, blue = image.convert("RGB").getpixel((20, 60)), image.convert("RGB").getpixel((220, 60))
    assert red[0] > 200 > red[2]
    assert blue[2] > 200 > blue[0]
    assert not {"exif", "xmp", "icc_profile"} & set(image.info)
    assert b"home" not in reply.body
    assert b"secret" not in reply.body


def test_it_is_made_once_and_asked_for_again(photos: Running):
    first = small(photos, "turned")
    kept = list((photos.place / "home/cache/thumbnails").rglob("*.webp"))
    assert first.body in [file.read_bytes() for file in kept]
    assert not list((photos.place / "photos.cospace").rglob("*.webp"))
    again = small(photos, "turned", headers={"If-None-Match": first.headers["etag"]})
    assert (304, b"") == (again.status, again.body)
    assert first.headers["etag"] == again.headers["etag"]
    assert "private, max-age=600" == first.headers["cache-control"]
    assert "no-store" == photos.get("/collections").headers["cache-control"]


def test_the_first_frame_of_a_moving_image_is_shown(photos: Running):
    image = Image.open(io.BytesIO(small(photos, "moving", 120).body))
    assert ((60, 40), 1) == (image.size, getattr(image, "n_frames", 1))
    assert image.convert("RGB").getpixel((30, 20))[1] > 100


@pytest.mark.parametrize(
    ("id", "width", "status"),
    [
        ("broken", 240, 422),
        ("page", 240, 422),
        ("gone", 240, 404),
        ("nobody", 240, 404),
        ("turned", 241, 400),
        ("turned", -1, 400),
    ],
)
def test_what_cannot_be_shown_is_refused_with_its_status(photos: Running, id, width, status):
    reply = small(photos, id, width)
    assert (status, True) == (reply.status, bool(reply.error)), reply.body
