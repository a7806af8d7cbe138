"""`encode_items`: order, bad parts, early ends, and threads that are gone afterwards."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import cospace as cs
from cospace.encode.bulk import Encoded, encode_items
from cospace.encode.model import Model
from cospace.errors import BadArgument, BadItem
from cospace.limits import override
from cospace.testing.tiny import tiny_model


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny_model()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert before == threading.active_count(), "threads end with the generator"


def items(count: int) -> Iterator[cs.Item]:
    return (cs.Item(str(i), f"item number {i}") for i in range(count))


def flat(batches: Iterator[list[Encoded]]) -> list[Encoded]:
    return [done for batch in batches for done in batch]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1_300])
def test_batches_keep_the_order(model: Model, count: int) -> None:
    batches = list(encode_items(model, items(count), batch=8))
    assert [str(i) for i in range(count)] == [done.item.id for b in batches for done in b]
    assert all(8 == len(batch) for batch in batches[:-1])
    for done in flat(iter(batches))[:20]:
        expected = model.encode_document([done.item.parts]).array[0]
        assert done.vectors["text"] @ expected >= 0.9999


def test_text_and_image_get_a_vector_each(model: Model, tmp_path: Path) -> None:
    PIL.Image.new("RGB", (30, 30), "red").save(tmp_path / "a.png")
    item = cs.Item("1", cs.Parts(text="red", image=cs.Image(tmp_path / "a.png")))
    [[done]] = encode_items(model, [item], batch=5)
    for kind in ("text", "image"):
        expected = model.encode_document([item.parts[kind]]).array[0]
        np.testing.assert_allclose(expected, done.vectors[kind], atol=1e-5)
    assert ({}, False, False) == (done.failed, done.truncated, done.skipped)


def test_one_bad_part_never_fails_the_batch(model: Model) -> None:
    broken = cs.Image(b"\xff\xd8\xff broken")
    batch = [
        cs.Item("good", "a chair"),
        cs.Item("image", cs.Parts(text="a chair", image=broken)),
        cs.Item("gone", cs.Image("/nowhere/a.jpg")),
        cs.Item("blank", cs.Parts(text=" ", image=cs.Image(np.zeros((9, 9, 3), np.uint8)))),
        cs.Item("recording", cs.Parts(text="a chair", audio=b"")),
        cs.Item("both", cs.Parts(text="a\x00b", image=broken)),
    ]
    done = {d.item.id: d for d in flat(encode_items(model, batch, batch=3))}
    assert ["text"] == list(done["good"].vectors) == list(done["image"].vectors)
    assert ["image"] == list(done["image"].failed)
    assert "no such file" in done["gone"].failed["image"]
    assert ["image"] == list(done["blank"].vectors)
    assert "nothing to encode" in done["blank"].failed["text"]
    assert "cannot encode 'audio'" in done["recording"].failed["audio"]
    assert ({}, 2) == (done["both"].vectors, len(done["both"].failed))


def test_truncation_is_marked(model: Model) -> None:
    [[a, b]] = encode_items(model, [cs.Item("a", "x"), cs.Item("b", "xy " * 500)], batch=5)
    assert (False, True) == (a.truncated, b.truncated)


def test_known_items_are_skipped_and_hashes_are_stable(model: Model) -> None:
    first = {d.item.id: d.hash for d in flat(encode_items(model, items(9), batch=4))}
    changed = [*items(8), cs.Item("8", "painted over")]
    second = flat(
        encode_items(model, changed, batch=4, known=lambda one: first[one.item.id] == one.hash)
    )
    assert ["8"] == [d.item.id for d in second if not d.skipped]
    assert all(not d.vectors for d in second if d.skipped)


def test_what_the_source_raises_comes_after_the_items_before_it(model: Model) -> None:
    def source() -> Iterator[cs.Item]:
        yield from items(10)
        raise OSError("the disk is gone")

    seen: list[Encoded] = []
    with pytest.raises(OSError, match="the disk is gone"):
        for batch in encode_items(model, source(), batch=4):
            seen += batch
    assert 8 == len(seen)


def test_closing_early_takes_little_more_from_the_source(model: Model) -> None:
    taken = []

    def source() -> Iterator[cs.Item]:
        for item in items(100_000):
            taken.append(item.id)
            yield item

    stream = encode_items(model, source(), batch=10)
    next(stream)
    stream.close()
    assert len(taken) <= 60


def test_limits_hold_in_the_threads(model: Model) -> None:
    with override(text_chars=3):
        [[done]] = encode_items(model, [cs.Item("a", "longer")], batch=1)
    assert "at most 3" in done.failed["text"]


class Foreign:
    """An encoder of somebody else: refuses a whole batch for one input."""

    def __init__(self) -> None:
        self.space = cs.Space.of("foreign", 32)
        self.calls = 0

    def encode_document(self, inputs: Sequence[cs.Part]) -> cs.Vectors:
        self.calls += 1
        if any("bad" in part.value for part in inputs):
            raise BadItem("", "bad words")
        return cs.Vectors(np.ones((len(inputs), 32), np.float32), self.space)

    encode_query = encode_document


def test_any_encoder_falls_back_to_one_by_one() -> None:
    batch = [cs.Item("a", "fine"), cs.Item("b", "bad"), cs.Item("c", cs.Image(b"x"))]
    done = flat(encode_items(Foreign(), batch, batch=10))
    assert [["text"], [], []] == [list(d.vectors) for d in done]
    assert "bad words" == done[1].failed["text"]
    assert "cannot encode 'image'" in done[2].failed["image"]
    assert 1 == pytest.approx(np.linalg.norm(done[0].vectors["text"]))


def test_a_batch_holds_at_least_one(model: Model) -> None:
    with pytest.raises(BadArgument):
        encode_items(model, [], batch=0)
