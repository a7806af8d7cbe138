"""Signals, from files of every modality to vectors in a collection."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

import cospace as cs
from cospace.encode.bulk import encode_items
from cospace.encode.cache.hashing import content_hash
from cospace.encode.folder import open_folder
from cospace.encode.towers.signals import (
    AudioTower,
    DepthTower,
    MotionTower,
    ThermalTower,
    VideoTower,
)
from cospace.errors import BadItem, ModelDamaged
from cospace.item import DepthMap, Item, Part, Parts
from cospace.testing.signals import gif_bytes, wav_bytes

pytest.importorskip("torch", reason="the tiny ImageBind is converted from torch")

RANDOM = np.random.default_rng(1)
SECONDS = np.arange(5 * 16_000) / 16_000
CHIRP = np.sin(2 * np.pi * (200 + 300 * SECONDS) * SECONDS) / 2


@pytest.fixture(scope="module")
def model(imagebind_folder: Path) -> Any:
    return cs.load(imagebind_folder)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Part]:
    """A real file of every modality."""
    folder = tmp_path_factory.mktemp("signals")
    deep = np.add.outer(np.arange(90), np.arange(120)).astype(np.uint16) * 20 + 500
    film = RANDOM.integers(0, 256, (10, 40, 60, 3), np.uint8)
    (folder / "bark.wav").write_bytes(wav_bytes(CHIRP, 16_000))
    (folder / "dog.gif").write_bytes(gif_bytes(film, 400))
    images = [PIL.Image.fromarray(frame) for frame in film]
    images[0].save(
        folder / "dog.webp", save_all=True, append_images=images[1:], duration=400, lossless=True
    )
    images[0].save(folder / "dog.png")
    PIL.Image.fromarray(deep).save(folder / "room.png")
    PIL.Image.fromarray(deep[::-1].copy()).save(folder / "heat.tiff")
    np.savetxt(folder / "walk.csv", np.sin(np.arange(300)[:, None] / np.arange(3, 9)), "%.5f", ",")
    return {
        "audio": cs.Audio(str(folder / "bark.wav")),
        "video": cs.Video(folder / "dog.gif"),
        "webp": cs.Video(folder / "dog.webp"),
        "image": cs.Image(folder / "dog.png"),
        "depth": cs.Depth(folder / "room.png", metres=0.001, focal=500),
        "thermal": Part("thermal", folder / "heat.tiff"),
        "imu": Part("imu", folder / "walk.csv"),
    }


def test_a_file_of_every_kind_alone_in_a_batch_and_by_its_bytes(
    model: Any, files: dict[str, Part]
) -> None:
    inputs = [*files.values(), "a dog barks"]
    together = model.encode_document(inputs).array
    assert (8, 16) == together.shape
    alone = np.concatenate([model.encode_query([one]).array for one in inputs])
    assert np.einsum("ij,ij->i", together, alone).min() > 0.9999
    audio = Part("audio", files["audio"].value.read_bytes())
    same = model.encode_document([audio]).array[0]
    assert same @ together[0] > 0.9999
    assert together[1] @ together[2] > 0.98, "a GIF and a WebP of the same frames, but its palette"


def test_a_collection_takes_them_and_finds_them(
    model: Any, files: dict[str, Part], tmp_path: Path
) -> None:
    items = [Item(kind, Parts(**{part.kind: part})) for kind, part in files.items()]
    items += [Item("text", "a dog barks"), Item("gone", cs.Audio("/nowhere/at/all.wav"))]
    items += [Item("both", Parts(text="a bark", audio=files["audio"]))]
    with cs.open(tmp_path / "a.cospace", model=model) as shop:
        report = shop.add(items, errors="report")
        assert 9 == report.added
        assert ["gone"] == [reason.name for reason in report.reasons]
        assert 8 == shop.upsert(items[:-2]).unchanged
        for kind in ("audio", "imu", "thermal"):
            assert kind in [hit.id for hit in shop.search(files[kind], k=2, by=kind)]
        [back] = shop.get(["audio"])
        assert back is not None
        assert files["audio"] == back.parts["audio"]
        assert str(files["depth"].path) == shop.search("a", by="depth", k=1)[0].media["depth"]


def test_the_hash_of_a_part_is_of_its_file_and_of_what_it_means(files: dict[str, Part]) -> None:
    bytes_of = {"depth": b"abc"}
    near = Parts(depth=cs.Depth("a.png", metres=0.001, focal=500))
    far = Parts(depth=cs.Depth("b.png", metres=0.002, focal=500))
    moved = Parts(depth=cs.Depth("b.png", metres=0.001, focal=500))
    assert content_hash(near, bytes_of) == content_hash(moved, bytes_of)
    assert content_hash(near, bytes_of) != content_hash(far, bytes_of)


def test_one_bad_signal_never_fails_the_rest(model: Any, files: dict[str, Part]) -> None:
    items = [
        Item("good", files["imu"]),
        Item("bad", Part("imu", b"1,2\n" * 20)),
        Item("str", Part("imu", "walk.csv")),
    ]
    [done] = encode_items(model, items, batch=5)
    assert [["imu"], [], []] == [sorted(one.vectors) for one in done]
    assert "line 1 holds '1,2'" in done[1].failed["imu"]
    assert "not str" in done[2].failed["imu"]


def test_a_library_that_is_missing_is_the_reason_of_its_items_alone(
    model: Any, files: dict[str, Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    items = [Item("flac", cs.Audio(b"fLaC" + bytes(99))), Item("wav", files["audio"])]
    [done] = encode_items(model, items, batch=5)
    assert [[], ["audio"]] == [sorted(one.vectors) for one in done]
    assert ".[audio]" in done[0].failed["audio"]


def test_queries_of_several_parts_are_their_mean(model: Any, files: dict[str, Part]) -> None:
    both, text, audio = model.encode_query(
        [Parts(text="a dog", audio=files["audio"]), "a dog", files["audio"]]
    ).array
    assert both @ (text + audio) / np.linalg.norm(text + audio) > 0.9999


# --- what each tower does to its input ---


def tower(model: Any, kind: str) -> Any:
    return model._tower(kind)


def test_a_recording_is_three_clips_and_a_short_one_is_one(model: Any) -> None:
    audio: AudioTower = tower(model, "audio")
    clips = audio.prepare(wav_bytes(CHIRP, 16_000), "")
    assert (3, 128, 204) == clips.shape
    assert not clips[:, :, 198:].any(), "two seconds are 198 windows; the rest is zeros"
    assert (1, 128, 204) == audio.prepare(wav_bytes(CHIRP[:20_000], 16_000), "").shape
    first = audio.prepare(wav_bytes(CHIRP[:32_000], 16_000), "")[0]
    assert np.allclose(first, clips[0])
    low = np.interp(np.arange(5 * 8_000) / 8_000, SECONDS, CHIRP)
    other = audio.prepare(wav_bytes(low, 8_000), "")
    assert np.abs(other - clips)[:, 5:40, 1:197].mean() < 0.5, "at another rate, the same sound"


def test_clips_are_averaged(model: Any) -> None:
    audio: AudioTower = tower(model, "audio")
    clips = audio.prepare(wav_bytes(CHIRP, 16_000), "")
    [whole], _ = audio.encode([clips])
    parts, _ = audio.encode([clips[i : i + 1] for i in range(3)])
    mean = parts.mean(axis=0)
    assert whole @ mean / np.linalg.norm(mean) > 0.99999


def test_a_video_is_five_clips_of_two_frames(model: Any) -> None:
    video: VideoTower = tower(model, "video")
    greys = (
        np.zeros((20, 30, 50, 3), np.uint8)
        + (np.arange(20, dtype=np.uint8) * 12)[:, None, None, None]
    )
    clips = video.prepare(gif_bytes(greys, 500), "")  # ten seconds
    assert (5, 448, 224, 3) == clips.shape
    seen = [(int(c[100, 100, 0]), int(c[300, 100, 0])) for c in clips]
    assert [(0, 36), (48, 84), (96, 132), (144, 180), (192, 228)] == seen
    still = PIL.Image.fromarray(greys[3])
    file = io.BytesIO()
    still.save(file, "PNG")
    [image] = model.encode_document([cs.Image(file.getvalue())]).array
    [film] = model.encode_document([cs.Video(file.getvalue())]).array
    assert image @ film > 0.999, "an image is a video of one frame"


def test_metres_become_disparity(model: Any) -> None:
    depth: DepthTower = tower(model, "depth")

    def plane(value: float, **meaning: float) -> float:
        samples = np.full((30, 40), value, np.float32)
        samples[0, 0] = value or 1  # a map of nothing but 0 is refused
        part = cs.Depth(samples, **meaning)
        [clip] = depth.prepare(part.value, "")
        assert (224, 224) == clip.shape
        return float(clip[100, 100])

    assert np.isclose(500 * 0.075 / 2 / 75, plane(2_000, metres=0.001, focal=500))
    assert np.isclose(plane(2, metres=1, focal=500), plane(500 * 0.075 / 2, disparity=1))
    assert 1.0 == plane(0, metres=0.001, focal=500), "what was not measured counts as nearest"
    assert np.isclose(500 * 0.075 / 50 / 75, plane(9_000, metres=1, focal=500))
    assert 1.0 == plane(80, disparity=1)
    with pytest.raises(BadItem, match=r"Depth\(source, disparity"):
        depth.prepare(np.ones((9, 9), np.uint16), "")


@pytest.mark.parametrize(
    "meaning",
    [
        {}, {"metres": 1}, {"focal": 500}, {"disparity": 1, "metres": 1, "focal": 5},
        {"disparity": 1, "focal": 5}, {"disparity": 0}, {"disparity": -1},
        {"disparity": float("nan")}, {"disparity": "1"},
    ],
)  # fmt: skip
def test_a_depth_says_what_it_means(meaning: dict[str, Any]) -> None:
    with pytest.raises(BadItem, match="says what one unit is"):
        cs.Depth("a.png", **meaning)


def test_a_depth_knows_its_path() -> None:
    part = cs.Depth("a.png", disparity=2)
    assert (Path("a.png"), DepthMap(Path("a.png"), None, None, 2)) == (part.path, part.value)


def test_heat_is_stretched_unless_it_has_8_bits(model: Any) -> None:
    thermal: ThermalTower = tower(model, "thermal")
    raw = np.add.outer(np.arange(60), np.arange(60)).astype(np.uint16) + 27_000
    raw[5, 5] = 65_535  # a dead pixel
    [clip] = thermal.prepare(raw, "")
    assert clip.min() < 0.02
    assert clip.max() > 0.98
    assert abs(float(np.median(clip)) - 0.5) < 0.05
    [plain] = thermal.prepare(np.full((9, 9), 51, np.uint8), "")
    assert np.allclose(0.2, plain)
    [flat] = thermal.prepare(np.full((9, 9), 27_000, np.uint16), "")
    assert not flat.any()


@pytest.mark.parametrize("rows", [500, 1_000, 2_000, 3_000, 997])
def test_motion_is_brought_to_2000_readings(model: Any, rows: int) -> None:
    motion: MotionTower = tower(model, "imu")
    seconds = np.arange(rows) * 5 / rows
    waves = 9.81 + np.sin(2 * np.pi * 2 * seconds[:, None] + np.arange(6))
    [clip] = motion.prepare(waves, "")
    expected = 9.81 + np.sin(2 * np.pi * 2 * np.arange(2_000) / 400 + np.arange(6)[:, None])
    assert (6, 2_000) == clip.shape
    assert np.abs(clip - expected)[:, 100:-100].max() < 0.02


def test_a_record_that_says_something_else_is_refused(imagebind_folder: Path) -> None:
    folder = open_folder(imagebind_folder)
    for kind, change in (
        ("audio", {"rate": 8_000}),
        ("audio", {"channels": "first"}),
        ("video", {"clips": 0}),
        ("video", {"crop": "left"}),
        ("depth", {"baseline_metres": "wide"}),
        ("thermal", {"low_percentile": None}),
        ("imu", {"seconds": 0}),
    ):
        spoilt = folder.tower(kind)
        record = {**spoilt.preprocess, **change}
        bad = cs.Tower(kind, "bad", preprocess=record)
        family = {"audio": AudioTower, "video": VideoTower, "depth": DepthTower}.get(
            kind, ThermalTower if kind == "thermal" else MotionTower
        )
        with pytest.raises(ModelDamaged, match=f"{kind} tower"):
            family(folder, bad, None)  # type: ignore[arg-type]
