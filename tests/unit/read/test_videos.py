import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from cospace.errors import BadItem, MissingExtra
from cospace.limits import override
from cospace.read.clips import clip_frames, clip_starts
from cospace.read.videos import open_video
from cospace.testing.signals import gif_bytes

# Eight plain frames: number i is a grey of 30 i.
GREYS = np.broadcast_to(np.arange(8, dtype=np.uint8)[:, None, None, None] * 30, (8, 24, 32, 3))


def animated(kind: str, **options: object) -> bytes:
    images = [PIL.Image.fromarray(frame) for frame in np.ascontiguousarray(GREYS)]
    file = io.BytesIO()
    more = {"save_all": True, "append_images": images[1:], "duration": 250, **options}
    images[0].save(file, kind, **more)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {})]
)
def test_an_animation_has_its_times_and_its_frames(kind: str, options: dict[str, object]) -> None:
    film = open_video(animated(kind, **options))
    assert [i / 4 for i in range(8)] == list(film.times)
    assert 2.0 == film.duration
    found = film.frames([5, 0, 5])
    assert {0: 0, 5: 150} == {i: np.asarray(p)[3, 3, 0] for i, p in found.items()}
    assert all(p.mode == "RGB" for p in found.values())


def test_a_still_image_is_a_video_of_one_frame() -> None:
    film = open_video(gif_bytes(np.ascontiguousarray(GREYS[:1]), 0))
    assert ([0.0], 0.1) == (film.times, film.duration)


def test_limits_are_held() -> None:
    data = animated("GIF")
    with override(video_frames=7), pytest.raises(BadItem, match="more than 7 frames"):
        open_video(data)
    with override(video_pixels=24 * 32 * 8 - 1), pytest.raises(BadItem, match="pixels or more"):
        open_video(data)
    with override(image_pixels=100), pytest.raises(BadItem, match="at most 100 pixels"):
        open_video(data)
    with override(image_frames=2):  # that limit is of images
        assert 8 == len(open_video(data).times)


def mp4(tmp_path: Path, count: int = 60) -> bytes:
    """Sixty frames at 20 a second; number i has a grey of 4 i."""
    av = pytest.importorskip("av", reason="the extra [video] is not installed")
    path = tmp_path / "a.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.gop_size = 12
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), i * 4, np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()


def test_an_mp4_has_its_times_and_its_frames(tmp_path: Path) -> None:
    film = open_video(mp4(tmp_path))
    assert np.allclose(np.arange(60) / 20, film.times)
    assert abs(film.duration - 3) < 1e-6
    found = film.frames([59, 0, 31, 12])
    assert [0, 12, 31, 59] == sorted(found)
    for i, image in found.items():
        assert abs(float(np.asarray(image).mean()) - i * 4) < 4
    with override(video_pixels=64 * 48 * 2), pytest.raises(BadItem, match="would have to be"):
        film.frames([0, 30, 59])


def test_damaged_videos_are_refused(tmp_path: Path) -> None:
    for data in (animated("GIF"), animated("WEBP"), mp4(tmp_path)):
        for length in (20, len(data) // 2):
            with pytest.raises(BadItem):
                film = open_video(data[:length])
                film.frames(range(len(film.times)))
    for data in (b"", b"<html></html>", b"RIFF0000WAVE", b"%PDF"):
        with pytest.raises(BadItem, match="not a video"):
            open_video(data)


def test_without_av_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(MissingExtra, match=r"\.\[video\]"):
        open_video(b"\0\0\0\x20ftypisom" + bytes(40))


def test_clips_spread_over_the_whole() -> None:
    two = Fraction(2)
    assert [0, 2, 4, 6, 8] == clip_starts(Fraction(10), two, 5)
    assert [0, Fraction(1, 4), Fraction(1, 2)] == clip_starts(Fraction(5, 2), two, 3)
    assert [0] == clip_starts(Fraction(1), two, 5) == clip_starts(two, two, 5)


def test_a_clip_has_its_first_and_its_last_frame() -> None:
    times = [i / 2 for i in range(20)]
    assert [(0, 3), (16, 19)] == clip_frames(times, [Fraction(0), Fraction(8)], Fraction(2))
    slow = [0.0, 5.0]  # between them, the first frame stays in view
    assert [(0, 0), (0, 0)] == clip_frames(slow, [Fraction(0), Fraction(2)], Fraction(2))
