"""The server itself: models by their names, and how much of what was sent is held at once."""

import asyncio
import json
from pathlib import Path

import numpy as np
from serving import serving

import cospace as cs
from cospace.errors import TooBusy
from cospace.limits import override
from cospace.serve.server import Server
from cospace.serve.settings import Settings
from cospace.testing.reranker import tiny_reranker_folder
from cospace.testing.tiny import tiny_folder

from .conftest import png


def called(folder: Path, name: str) -> str:
    """The model folder, its model called so."""
    record = json.loads((folder / "space.json").read_text())
    (folder / "space.json").write_text(json.dumps(record | {"name": name}))
    return str(folder)


def test_two_models_of_one_name_are_two(tmp_path: Path) -> None:
    folders = [called(tiny_folder(tmp_path / str(n), seed=n), "student") for n in (1, 2)]
    models = [cs.load(folder) for folder in folders]
    with serving("--models", ",".join(folders)) as server:
        listed = server.get("/v1/models").json["data"]
        names = [one["id"] for one in listed]
        assert ["student", f"student@{models[1].space.fingerprint[:8]}"] == names
        assert [one.space.fingerprint for one in models] == [one["fingerprint"] for one in listed]
        for name, model in zip(names + folders, models + models, strict=True):
            reply = server.post("/v1/embeddings", {"model": name, "input": "a red chair"})
            expected = model.encode_document(["a red chair"]).array[0]
            np.testing.assert_allclose(reply.json["data"][0]["embedding"], expected, atol=1e-5)


def test_the_first_of_two_rerankers_of_one_name_keeps_it(tmp_path: Path) -> None:
    folders = [called(tiny_reranker_folder(tmp_path / str(n), seed=n), "judge") for n in (1, 2)]
    server = Server(Settings(models=("starter",), rerankers=tuple(folders)))
    try:
        first, second = (server.reranker(folder) for folder in folders)
        assert first.fingerprint != second.fingerprint
        assert server.reranker("judge") is first
    finally:
        server.close()


def test_what_is_held_is_counted_when_its_turn_comes(tmp_path: Path) -> None:
    """Requests that wait together do not each find the room that one of them will take."""
    server = Server(Settings(models=(str(tiny_folder(tmp_path / "tiny")),)))

    async def story() -> list[object]:
        sent = (server.image(png(size=100)) for _ in range(12))
        return list(await asyncio.gather(*sent, return_exceptions=True))

    try:
        with override(upload_held=50_000):
            found = asyncio.run(story())
        assert {TooBusy} == {type(one) for one in found if isinstance(one, Exception)}
        assert 2 == sum(isinstance(one, cs.Image) for one in found)
        found.clear()
        with override(upload_held=0):
            assert isinstance(asyncio.run(server.image(png())), cs.Image)
    finally:
        server.close()
