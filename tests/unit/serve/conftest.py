"""One server for the tests that only ask it, and photos to send."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from serving import Reply, Running, serving

import cospace as cs

WORDS = {
    "MK-1": ("Retro velvet armchair", {"price": 120, "location": {"lat": 52.52, "lon": 13.40}}),
    "MK-2": ("Steel rake for the garden", {"price": 15, "location": {"lat": 48.14, "lon": 11.58}}),
    "MK-3": (
        "Mountain bicycle, 27 gears",
        {"price": 340, "location": {"lat": 52.40, "lon": 13.05}},
    ),
    "MK/4 ö": ("Porcelain tea cups", {"price": 30, "location": {"lat": 53.55, "lon": 9.99}}),
}


def png(seed: int = 0, size: int = 40) -> bytes:
    from PIL import Image

    rows = np.random.default_rng(seed).integers(0, 255, (size, size, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(rows).save(file, "PNG")
    return file.getvalue()


def data_url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("served")
    (place / "chair.png").write_bytes(png(1))
    (place / "page.png").write_bytes(b"<html><script>alert(1)</script></html>")
    with cs.open(place / "shop.cospace", model="starter") as shop:
        for id, (text, metadata) in WORDS.items():
            photo = cs.Image(place / "chair.png") if id == "MK-1" else None
            shop.add(cs.Item(id, cs.Parts(text=text, image=photo), metadata))
    return place / "shop.cospace"


@pytest.fixture(scope="session")
def shop(shop_folder: Path) -> Iterator[Running]:
    """A server of four things that nobody changes."""
    with serving(shop_folder, "--read-only", "1") as running:
        yield running


class Mine:
    """A collection of its own, of a server that others ask too."""

    def __init__(self, server: Running, name: str) -> None:
        self.server = server
        self.path = f"/collections/{name}"

    def ask(self, method: str, path: str, body: object = None, **more: object) -> Reply:
        return self.server.ask(method, self.path + path, body, **more)

    def post(self, path: str, body: object = None, **more: object) -> Reply:
        return self.ask("POST", path, body, **more)

    def get(self, path: str) -> Reply:
        return self.ask("GET", path)


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Mine]]:
    place = tmp_path_factory.mktemp("many")
    folders = [place / f"mine{n}.cospace" for n in range(48)]
    for folder in folders:
        with cs.open(folder, model="starter") as made:
            made.add(cs.Item("first", "A green chair", {"price": 10}))
    with serving(*folders) as running:
        yield (Mine(running, f"mine{n}") for n in range(48))


@pytest.fixture
def mine(many: Iterator[Mine]) -> Mine:
    """A collection that the test may change: it holds one chair."""
    return next(many)
