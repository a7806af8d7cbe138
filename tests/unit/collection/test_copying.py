"""A collection copied to another place: whole, taken up again, compared, mended."""

import json
from pathlib import Path
from typing import Any

import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.collection.copying import copy_collection
from cospace.collection.models import own_model
from cospace.errors import BadArgument, SpaceMismatch
from cospace.testing.tiny import tiny_folder, tiny_model


def fill(shop: cs.Collection, n: int = 2500) -> cs.Collection:
    shop.add(cs.Item(f"id-{i}", f"chair number {i}", {"n": i, "tags": ["x"]}) for i in range(n))
    return shop


def rows(shop: cs.Collection) -> list[Any]:
    return [
        (row.id, row.text, row.metadata, row.media, row.hash, row.vectors["text"].tobytes())
        for row in shop.store.scan(vectors=True)
    ]


@pytest.fixture
def source() -> cs.Collection:
    return fill(cs.open(":memory:", model=tiny_model()))


def test_all_is_there(source: cs.Collection, fast_path: Path) -> None:
    source.judge("a seat", "id-7", 3)
    source.weights = {"text": 1.0, "image": 0.1, "words": 0.5}
    with cs.open(fast_path / "to") as target:
        copied = copy_collection(source, target)
        assert (2500, 0, 2500, 0) == (
            copied.sent, copied.there, copied.compared, copied.mended,
        )  # fmt: skip
        assert rows(source) == rows(target)
        assert source.judgments == target.judgments
        assert source.weights == target.weights
        assert source.space == target.space
        assert 2 == target.count({"n": {"$lt": 2}})


def test_the_language_that_was_told_and_what_failed_go_along(fast_path: Path) -> None:
    with (
        cs.open(fast_path / "from", model=tiny_model(), language="german") as first,
        cs.open(fast_path / "to") as second,
        cs.open(":memory:") as third,
    ):
        texts = [f"die roten Stühle {n}" for n in range(3)]
        first.add(ids=["1", "2", "3"], documents=texts)
        first.add([cs.Item("bad", "  ")], errors="report")
        for target in (second, third):
            copy_collection(first, target)
            assert ("german", 1) == (target.info().language, target.info().failures)
            assert first.store.failures() == target.store.failures()  # type: ignore[attr-defined]
            assert copy_collection(first, target).sent == 0
        assert (
            second.search("Stuhl", k=3, by="words").ids
            == first.search("Stuhl", k=3, by="words").ids
            != []
        )


def test_a_folder_is_not_copied_to_itself(fast_path: Path) -> None:
    folder, link = fast_path / "one.cospace", fast_path / "link.cospace"
    cs.open(folder, model=tiny_model()).close()
    link.symlink_to(folder)
    for target in (link, f"{fast_path}/./one.cospace"):
        assert 2 == main(["copy", str(folder), str(target)])


def test_a_model_that_stays_behind_is_told(
    fast_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, model = fast_path / "one.cospace", tiny_model()
    with cs.open(folder, model=model) as made:
        made.add(ids=["1"], documents=["a chair"])
    copy = ["copy", str(folder), str(fast_path / "two")]
    assert 0 == main([*copy, "--json"])
    assert "" == json.loads(capsys.readouterr().out)["model"]
    own = tiny_folder(own_model(folder, model.space))
    assert 0 == main([*copy, "--json"])
    assert str(own) == json.loads(capsys.readouterr().out)["model"]
    assert 0 == main(copy)
    assert f"--model {own}" in capsys.readouterr().err


def test_it_goes_on_where_it_was(source: cs.Collection, fast_path: Path) -> None:
    with cs.open(fast_path / "to") as target:

        def stop(now: Any) -> None:
            if now.done >= 1000:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            copy_collection(source, target, progress=stop)
        source.upsert(cs.Item("id-3", "a rug", {"n": 3}))
        copied = copy_collection(source, target)
        assert (1501, 999) == (copied.sent, copied.there)
        assert sorted(rows(source)) == sorted(rows(target))


def test_differences_are_named_and_mended(source: cs.Collection, fast_path: Path) -> None:
    with cs.open(fast_path / "to") as target:
        copy_collection(source, target)
        target.update("id-5", n=-1)
        [row] = target.store.get(["id-9"], vectors=True)
        assert row is not None
        row.vectors = {"text": -row.vectors["text"]}
        target.store.write([row], replace=True)
        copied = copy_collection(source, target)
        assert [("id-5", "metadata"), ("id-9", "text vector")] == [
            (one.id, one.what) for one in copied.differences
        ]
        assert (0, 2) == (copied.sent, copied.mended)
        assert rows(source) == rows(target)


def test_another_space_and_other_items_are_refused(source: cs.Collection, fast_path: Path) -> None:
    with cs.open(fast_path / "other", model=tiny_model(dim=16, seed=1)) as other:
        other.add(cs.Item("id-1", "a chair"))
        with pytest.raises(SpaceMismatch):
            copy_collection(source, other)
        assert 1 == len(other)
    with cs.open(fast_path / "to", model=tiny_model()) as target:
        target.add(cs.Item("mine", "a chair"))
        with pytest.raises(BadArgument, match="'mine'"):
            copy_collection(source, target)
        assert 1 == len(target)
        assert 1 == copy_collection(source, target, prune=True).removed
        assert sorted(rows(source)) == sorted(rows(target))


def test_the_command(fast_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = str(fast_path / "one"), str(fast_path / "two")
    with cs.open(one, model=tiny_model()) as shop:
        fill(shop, 20)
        assert 0 == main(["copy", one, two, "--json"])  # beside its owner
    record = json.loads(capsys.readouterr().out)
    assert (20, 20, 0) == (record["sent"], record["compared"], record["mended"])
    assert 0 == main(["copy", one, two])
    assert "20 were there" in capsys.readouterr().out
    assert 2 == main(["copy", one, one])
    assert 4 == main(["copy", str(fast_path / "none"), two])
