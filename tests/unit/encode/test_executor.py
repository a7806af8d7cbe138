"""`cs.encode_items`: what is encoded elsewhere is cut alike, and what travels arrives whole."""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.encode import executor
from cospace.encode.bulk import Encoded
from cospace.encode.executor import encode_items
from cospace.encode.names import load_folder
from cospace.encode.ray import Job, _opened, _Worker
from cospace.errors import BadArgument, BadItem, CospaceError, ModelNotFound, SpaceMismatch
from cospace.limits import limit, override
from cospace.testing.tiny import tiny_folder, tiny_model


def texts(count: int) -> list[cs.Item]:
    return [
        cs.Item(str(n), f"item number {n} of many " * (1 + n % 7), {"n": n}) for n in range(count)
    ]


def flat(batches: Any) -> list[Encoded]:
    return [one for batch in batches for one in batch]


def check_same(first: Sequence[Encoded], second: Sequence[Encoded]) -> None:
    for one, other in zip(first, second, strict=True):
        assert (one.item, one.hash, one.failed) == (other.item, other.hash, other.failed)
        assert one.truncated == other.truncated
        assert list(one.vectors) == list(other.vectors)
        for name, vector in one.vectors.items():
            assert np.array_equal(vector, other.vectors[name]), "bit for bit"


@pytest.mark.parametrize("batch", [100, 512, 700, 1_200])
def test_a_batch_is_the_same_alone_and_among_others(batch: int) -> None:
    items, model = texts(1_500), tiny_model()
    alone = [
        one
        for start in range(0, len(items), batch)
        for one in flat(encode_items(model, items[start : start + batch], batch=batch))
    ]
    check_same(alone, flat(cs.encode_items(model, items, batch=batch)))


def over_a_pipe(job: Job, units: Any, address: str) -> Any:
    """What a cluster of one node does, with all that travels sent as bytes."""
    assert "10.0.0.1:6379" == address
    worker = _Worker(pickle.loads(pickle.dumps(job)), 1_000, {"item_photos": limit("item_photos")})
    _opened(pickle.loads(pickle.dumps(worker.start())))
    for unit in units:
        sent = pickle.loads(pickle.dumps(unit))
        yield _opened(pickle.loads(pickle.dumps(worker.work(sent))))


@pytest.fixture
def model(tmp_path: Path) -> Any:
    return load_folder(tiny_folder(tmp_path / "tiny"))


def test_what_travels_arrives_whole(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "over_nodes", over_a_pipe)
    monkeypatch.setattr(executor, "check", lambda address: None)  # Ray is not needed
    pixels = np.full((9, 9, 3), 200, np.uint8)
    items = [
        cs.Item("two", cs.Parts(text="a red chair", image=cs.Image(pixels)), {"price": 3}),
        cs.Item("photos", cs.Parts(image=[cs.Image(pixels), cs.Image(b"\xff\xd8\xff broken")])),
        cs.Item("gone", cs.Image("/nowhere/a.jpg")),
        cs.Item("bad", "a\x00b"),
        cs.Item("depth", cs.Depth(pixels[..., 0], disparity=1.0)),
        cs.Item("nothing", cs.Parts()),
        cs.Item("日本", "x" * 5_000),
        *texts(5),
    ]
    here = flat(encode_items(model, items, batch=5))
    with override(item_photos=1):
        there = flat(encode_items(model, items, batch=5, ray="10.0.0.1:6379"))
    assert "at most 1 photos" in there[1].failed["image 2"], "limits travel too"
    there[1].failed = here[1].failed
    check_same(here, there)


def test_a_part_of_a_model_is_loaded_as_it_is(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "over_nodes", over_a_pipe)
    monkeypatch.setattr(executor, "check", lambda address: None)  # Ray is not needed
    part = load_folder(model.path, 8).restricted("text")
    there = flat(encode_items(part, texts(3), batch=2, ray="10.0.0.1:6379"))
    assert [(8,)] * 3 == [one.vectors["text"].shape for one in there]


def test_a_model_in_another_folder_is_found_by_its_towers(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    loads = executor._Loads("/no/such/folder", model.space, "")
    with pytest.raises(ModelNotFound, match="this node has no model"):
        executor._load(loads)
    tiny_folder(tmp_path / "home/models/same")
    assert model.space.fingerprint == executor._load(loads).space.fingerprint
    other = load_folder(tiny_folder(tmp_path / "other", seed=1))
    with pytest.raises(SpaceMismatch):
        executor._load(loads._replace(folder=str(other.path)))


def test_what_a_node_raises_is_raised_here() -> None:
    worker = _Worker(Job(_starts, _works, 2), 1_000, {})
    _opened(worker.start())
    assert 6 == _opened(worker.work(3))
    for unit, kind in ((0, BadItem), (-1, CospaceError)):
        with pytest.raises(kind, match="no unit"):
            _opened(worker.work(unit))


def _starts(given: int) -> int:
    return given


def _works(state: int, unit: int) -> int:
    if unit == 0:
        raise BadItem("zero", "no unit")
    if unit < 0:
        raise RuntimeError("no unit")
    return state * unit


def test_what_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own:
        space = tiny_model().space

    for address in ("", "locally", "host", ":6379", "ray://host:10001"):
        with pytest.raises(BadArgument, match="HOST:PORT"):
            encode_items(tiny_model(), texts(1), batch=1, ray=address)
    monkeypatch.setattr(executor, "check", lambda address: None)  # Ray is not needed
    with pytest.raises(BadArgument, match="Own has none"):
        encode_items(Own(), texts(1), batch=1, ray="local")  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="known="):
        encode_items(tiny_model(), texts(1), batch=1, ray="local", known=lambda one: True)
    with pytest.raises(BadArgument, match="batch is a whole number, 1 or more"):
        encode_items(tiny_model(), texts(1), batch=0, ray="local")


@pytest.mark.parametrize("ray", [None, "local"])
@pytest.mark.parametrize(
    "wrong",
    [{"encoder": "starter"}, {"batch": 1.5}, {"batch": "x"}, {"batch": True},
     {"items": cs.Item("1", "a chair")}, {"items": "a chair"}, {"items": None}],
)  # fmt: skip
def test_what_is_no_item_model_or_number_is_named(wrong: dict[str, Any], ray: str | None) -> None:
    given = {"encoder": tiny_model(), "items": [cs.Item("1", "a chair")], "batch": 2, **wrong}
    with pytest.raises(BadArgument, match=next(iter(wrong))):
        encode_items(**given, ray=ray)


def test_what_is_no_item_is_told_after_the_items_before_it() -> None:
    given: Any = [cs.Item("1", "a chair"), {"id": "2"}]
    batches = encode_items(tiny_model(), given, batch=1)
    assert next(batches)[0].item.id == "1"
    with pytest.raises(BadItem, match="number 1: expected an Item, not dict"):
        next(batches)
