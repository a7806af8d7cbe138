"""widen: the image tower's own vectors for videos, heat and depth; and towers bound from there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import cospace as cs
from cospace.encode import Model
from cospace.errors import BadArgument, ModelNotFound, UnsupportedModel
from cospace.testing.signals import gif_bytes
from cospace.testing.tiny import tiny_model
from cospace.train import bind, widen

from .catalogue import NAMES, draw, items

RANDOM = np.random.default_rng(3)


@pytest.fixture(scope="module")
def sees(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return widen("starter", tmp_path_factory.mktemp("widen") / "sees")


def grey(place: Path, seed: int) -> tuple[np.ndarray, cs.Image]:
    """A grey plane of 8 bits, of the size that the tower takes, and the same as an image."""
    plane = np.random.default_rng(seed).integers(0, 256, (224, 224)).astype(np.uint8)
    PIL.Image.fromarray(plane).save(place / f"{seed}.png")
    return plane, cs.Image(place / f"{seed}.png")


def test_heat_and_disparity_are_seen_as_grey_images_to_the_bit(sees: Model, tmp_path: Path) -> None:
    planes, images = zip(*(grey(tmp_path, seed) for seed in range(20)), strict=True)
    expected = cs.load("starter").encode(list(images)).array
    heat = sees.encode([cs.Part("thermal", plane) for plane in planes]).array
    assert (expected == heat).all()
    near = [cs.Depth(plane.astype(np.float32) / 255 * 75, disparity=1.0) for plane in planes]
    assert (expected == sees.encode(near).array).all()


def test_a_video_is_the_mean_of_its_frames(sees: Model, tmp_path: Path) -> None:
    colours = RANDOM.integers(0, 256, (2, 1, 1, 3)).astype(np.uint8)
    film = np.repeat(np.broadcast_to(colours, (2, 48, 48, 3)), [1, 1], axis=0)
    video = cs.Video(gif_bytes(film, 1000))  # one clip: its first and its last frame
    frames = []
    for number, frame in enumerate(film):
        PIL.Image.fromarray(frame).save(tmp_path / f"{number}.png")
        frames.append(cs.Image(tmp_path / f"{number}.png"))
    mean = cs.load("starter").encode(frames).array.mean(0)
    cosine = sees.encode([video]).array[0] @ (mean / np.linalg.norm(mean))
    assert cosine > 0.9999


def test_many_videos_at_once_are_as_each_alone(sees: Model) -> None:
    films = RANDOM.integers(0, 256, (24, 4, 32, 32, 3)).astype(np.uint8)
    videos = [cs.Video(gif_bytes(film, 700)) for film in films]
    together = sees.encode(videos).array
    alone = np.concatenate([sees.encode([video]).array for video in videos])
    assert np.einsum("ij,ij->i", together, alone).min() > 0.99999


def test_the_towers_that_were_there_stay_to_the_bit(sees: Model, tmp_path: Path) -> None:
    starter = cs.load("starter")
    image = grey(tmp_path, 1)[1]
    for content in ("an armchair", image):
        assert (starter.encode([content]).array == sees.encode([content]).array).all()
    assert sees.space.anchor == starter.space.anchor
    assert ("text", "image", "video", "thermal", "depth") == sees.space.kinds


def test_a_collection_made_before_opens_with_it_and_takes_the_new_kinds(
    sees: Model, tmp_path: Path
) -> None:
    plane, image = grey(tmp_path, 5)
    with cs.open(tmp_path / "shop", model="starter") as shop:
        shop.add([cs.Item("chair", "a chair"), cs.Item("noise", image)])
    with cs.open(tmp_path / "shop", model=sees) as shop:
        assert shop.add([cs.Item("warm", cs.Part("thermal", plane))]).added == 1
        assert ["warm"] == shop.search(image, by="thermal").ids
        assert ["noise"] == shop.search(cs.Part("thermal", plane), by="image").ids
        assert {"chair", "noise", "warm"} == set(shop.search("something to sit on").ids)


def test_some_kinds_alone(tmp_path: Path) -> None:
    assert ("text", "image", "video") == widen("starter", tmp_path / "v", kinds="video").space.kinds


def test_what_cannot_be_seen_is_refused(sees: Model, tmp_path: Path) -> None:
    def refused(match: str, model: str | Model = "starter", **given: object) -> None:
        with pytest.raises(BadArgument, match=match):
            widen(model, tmp_path / "x", **given)  # type: ignore[arg-type]

    refused("can see video, thermal, depth, not 'audio'", kinds=["video", "audio"])
    refused("can see video, thermal, depth, not nothing", kinds=[])
    refused("sees has a tower for video already; name other kinds", sees)
    refused("MiniLM.* has no image tower to see with", cs.load("minilm"))
    with pytest.raises(ModelNotFound, match="was loaded from has gone"):
        widen(tiny_model(), tmp_path / "x")  # its folder goes with the call
    assert not (tmp_path / "x").exists()
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "file").write_text("mine")
    refused("exists already")


def test_an_image_tower_of_another_shape_is_refused(tmp_path: Path) -> None:
    from cospace.encode.engines.eyes import seen_by
    from cospace.encode.engines.openvino import openvino

    ov = openvino()
    given = ov.opset13.parameter([-1, 3, 8, 8], ov.Type.f32, name="x")
    graph = ov.Model([ov.opset13.result(given)], [given], "other")
    with pytest.raises(UnsupportedModel, match=r"expected images uint8 \[n, 8, 8, 3\]"):
        seen_by(graph, "video", 8)


def heat_of(item: cs.Item) -> np.ndarray:
    """The plane that a catalogue's image would be to a camera of heat: its colours are lost."""
    return 255 - np.asarray(PIL.Image.open(item.parts["image"].value).convert("L"))


def test_heat_is_bound_with_the_eyes_of_an_image_tower(tmp_path: Path) -> None:
    things = items(tmp_path)
    pairs = [(cs.Part("thermal", heat_of(one)), one.parts["text"]) for one in things]
    made = bind(pairs, tmp_path / "model", anchor="starter", kind="thermal")
    assert made.better
    figure = made.card.figures[-1]
    assert figure.before is not None, "what the eyes see unbound is what it is compared with"
    assert figure.held.value > figure.before.value + 0.2
    assert figure.shuffled is not None
    assert figure.shuffled < figure.held.value - 0.2
    assert ("text", "image", "thermal") == made.model.space.kinds
    fresh = [cs.Item(str(n), cs.Image(draw(tmp_path / f"n{n}.png", n, 900 + n))) for n in range(20)]
    heat = made.model.encode([cs.Part("thermal", heat_of(one)) for one in fresh])
    found = cs.similarity(cs.load("minilm").encode_query(list(NAMES)), heat)
    assert (found.argmax(0) == np.arange(20)).mean() > 0.25  # 5% by chance
    assert [] == [place.name for place in tmp_path.iterdir() if place.name.startswith(".")]


def test_videos_are_seen_through_a_head_that_was_bound(tmp_path: Path) -> None:
    """The head of an image is one of each frame; the head of the video comes after the mean."""
    things = items(tmp_path)
    bound = bind(things, tmp_path / "images", anchor="starter", kind="image", epochs=2).model
    sees = widen(bound, tmp_path / "sees", kinds="video")
    still = [one.parts["image"].value for one in things[:60]]
    films = [np.asarray(PIL.Image.open(path).convert("RGB"))[None] for path in still]
    videos = [cs.Video(gif_bytes(film.repeat(2, 0), 500)) for film in films]
    shown = cs.similarity(sees.encode(videos[:5]), bound.encode([cs.Image(p) for p in still[:5]]))
    assert (shown.argmax(1) == np.arange(5)).all()
    pairs = [(video, one.parts["text"]) for video, one in zip(videos, things[:60], strict=True)]
    made = bind(pairs, tmp_path / "both", anchor=bound, kind="video", epochs=3)
    assert ("text", "image", "video") == made.model.space.kinds
    again = bind(pairs, tmp_path / "again", anchor=made.model, kind="video", epochs=3)
    assert again.model.encode(videos[:3]).shape == (3, 384)
