"""POST /why: as the library tells it, with the photo decoded apart."""

import base64
import shutil
from pathlib import Path

import numpy as np
import pytest
from serving import Running, serving

import cospace as cs

PATH = "/collections/shop/why"
MARKET = Path(__file__).parents[3] / "examples/marketplace"


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


def test_the_photo_that_is_nearest_is_the_one_that_is_lit(tmp_path: Path):
    files = [Path(shutil.copy(one, tmp_path)) for one in sorted((MARKET / "photos").iterdir())[:6]]
    rows = ["sku,name,images", f"two,Two,{files[0].name};{files[1].name}"]
    rows += [f"{path.stem},One,{path.name}" for path in files[2:]]
    (tmp_path / "shop.csv").write_text("\n".join(rows) + "\n")
    with cs.open(tmp_path / "many.cospace", model="starter") as many:
        many.add(cs.read(tmp_path / "shop.csv"))
    with (
        serving(tmp_path / "many.cospace", "--read-only", "1") as server,
        cs.open(tmp_path / "many.cospace", read_only=True) as mine,
    ):
        for path, name in zip(files, ("image", "image 2"), strict=False):
            asked = "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode()
            told = server.post("/collections/many/why", {"id": "two", "image": asked}).json
            expected = mine.explain(cs.Image(path), "two").region
            assert name == told["region"]["part"] == expected.part
            assert np.allclose(expected.heat, told["region"]["heat"], atol=0.02)


def test_a_photo_that_is_gone_is_noted(tmp_path: Path):
    photo = tmp_path / "a.jpg"
    photo.write_bytes(next((MARKET / "photos").iterdir()).read_bytes())
    with cs.open(tmp_path / "one.cospace", model="starter") as one:
        one.add(cs.Item("1", cs.Parts(text="a chair", image=cs.Image(photo))))
    photo.unlink()
    with serving(tmp_path / "one.cospace", "--read-only", "1") as server:
        told = server.post("/collections/one/why", {"id": "1", "query": "a chair"}).json
    assert told["region"] is None
    assert any("image cannot be read now" in note for note in told["notes"])
    assert str(tmp_path) not in str(told)
