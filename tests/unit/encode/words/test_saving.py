"""A word model's folder: written whole or not at all, read back bit by bit, held to its hashes."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace import files
from cospace.encode.words import WordModel
from cospace.errors import BadArgument, DiskFull, ModelDamaged
from cospace.limits import override

from .tables import table, with_subwords

FILES = {"space.json", "vectors.safetensors", "words.txt"}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("made", [table(), table(counts=False), with_subwords()])
def test_a_folder_gives_back_every_bit(made, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    model = WordModel.of(made, name="demo")
    assert tmp_path / "demo" == model.save(tmp_path / "demo")
    assert FILES == names(tmp_path / "demo")
    again = cs.load(tmp_path / "demo")
    assert isinstance(again, WordModel)
    assert made.words == again.table.words
    assert made.rows.tobytes() == again.table.rows.tobytes()
    assert (made.counts is None) == (again.table.counts is None)
    if made.counts is not None:
        assert made.counts.tolist() == again.table.counts.tolist()  # type: ignore[union-attr]
    if made.subwords is not None:
        kept = again.table.subwords
        assert kept is not None
        assert made.subwords.rows.tobytes() == kept.rows.tobytes()
        assert (5_000, 3, 5) == (kept.buckets, kept.least, kept.most)
    texts = ["a red sofa", "the lamp"]
    assert model.space.fingerprint == again.space.fingerprint
    assert (model.encode_query(texts).array == again.encode_query(texts).array).all()


def test_other_vectors_words_and_ways_to_read_have_other_fingerprints() -> None:
    first = table()
    other = table([*first.words[:-1], "tricycle"])
    moved = type(first)(first.words, first.rows + 1, first.counts)
    models = [
        WordModel.of(first, name="demo"),
        WordModel.of(other, name="demo"),
        WordModel.of(moved, name="demo"),
        WordModel.of(table(counts=False), name="demo"),
        WordModel.of(first, name="demo", weighting="mean"),
        WordModel.of(first, name="demo", split="spaces"),
        WordModel.of(with_subwords(), name="demo"),
    ]
    assert 7 == len({model.space.fingerprint for model in models})


def test_what_stands_there_is_kept_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    place.mkdir()
    WordModel.of(table(), name="one").save(place)  # an empty folder is free
    with pytest.raises(BadArgument, match="exists already"):
        WordModel.of(table(), name="two").save(place)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadArgument, match="exists already"):
        WordModel.of(table(), name="two").save(tmp_path / "file")
    assert "one" == cs.load(place).name
    WordModel.of(table(), name="two").save(place, replace=True)
    assert "two" == cs.load(place).name
    assert {"demo", "file"} == names(tmp_path)


def test_a_disk_without_room_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with override(free_bytes=1 << 60), pytest.raises(DiskFull, match="nothing was written"):
        WordModel.of(table(), name="demo").save(tmp_path / "demo")
    assert set() == names(tmp_path)


def test_a_disk_that_fills_up_leaves_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    place = WordModel.of(table(), name="one").save(tmp_path / "demo")

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(DiskFull):
            WordModel.of(table(), name="two").save(place, replace=True)
    assert "one" == cs.load(place).name
    assert {"demo"} == names(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("after", range(1, 12, 2))
def test_a_kill_at_any_fsync_leaves_the_old_folder_or_the_new(tmp_path: Path, after: int) -> None:
    """The process kills itself at its fsync of this number."""
    place = WordModel.of(table(), name="one").save(tmp_path / "demo")
    program = f"""
import os, signal
import numpy as np
from cospace.encode.words import WordModel, WordVectors
fsync, left = os.fsync, {after}
def dying(descriptor):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    fsync(descriptor)
os.fsync = dying
table = WordVectors(["a", "b"], np.eye(2, dtype=np.float32))
WordModel.of(table, name="two").save({str(place)!r}, replace=True)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode in (0, -signal.SIGKILL)
    left = [path for path in (place, *tmp_path.glob(".demo.*.old")) if path.is_dir()]
    assert {cs.load(path).name for path in left} & {"one", "two"}
    files.remove(tmp_path / "demo")


def test_threads_may_save_to_one_folder(tmp_path: Path) -> None:
    def save(number: int) -> str:
        for _ in range(5):
            WordModel.of(table(), name=f"by-{number}").save(tmp_path / "demo", replace=True)
        return f"by-{number}"

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(save, range(4)))
    assert cs.load(tmp_path / "demo").name in made
    assert {"demo"} == names(tmp_path)


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    place = WordModel.of(table(), name="demo").save(tmp_path / "demo")
    for name in ("vectors.safetensors", "words.txt"):
        data = (place / name).read_bytes()
        (place / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(ModelDamaged, match=name):
            cs.load(place)
        (place / name).write_bytes(data)
    assert "demo" == cs.load(place).name


def rewritten(place: Path, name: str, data: bytes) -> None:
    """The file with other content, and the record with its hash."""
    from cospace.encode.folder import sha256_of

    (place / name).write_bytes(data)
    record = json.loads((place / "space.json").read_text())
    record["towers"][0]["files"][name] = sha256_of(place / name)
    (place / "space.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("words.txt", b"the\nred\n"),
        ("words.txt", b"the\nthe\nsofa\ncouch\nlamp\nbicycle\n"),
        ("words.txt", b"\xff\nred\nsofa\ncouch\nlamp\nbicycle\n"),
        ("words.txt", b""),
        ("vectors.safetensors", b""),
        ("vectors.safetensors", b"\x02" + b"\0" * 7 + b"{}"),
        ("vectors.safetensors", b"\x02" + b"\0" * 7 + b"[]"),
    ],
)
def test_parts_that_do_not_agree_are_raised_as_damage(
    tmp_path: Path, name: str, data: bytes
) -> None:
    place = WordModel.of(table(), name="demo").save(tmp_path / "demo")
    rewritten(place, name, data)
    with pytest.raises(ModelDamaged):
        cs.load(place).warm()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("split", "nonsense"),
        ("weighting", "tfidf"),
        ("split", None),
        ("subwords", [1]),
        ("subwords", "abc"),
    ],
)
def test_a_record_that_cannot_be_followed_is_raised_as_damage(
    tmp_path: Path, field: str, value: object
) -> None:
    place = WordModel.of(with_subwords(), name="demo").save(tmp_path / "demo")
    record = json.loads((place / "space.json").read_text())
    preprocess = record["towers"][0]["preprocess"]
    preprocess[field] = value
    (place / "space.json").write_text(json.dumps(record))
    with pytest.raises(ModelDamaged):
        cs.load(place)
    del preprocess[field]
    (place / "space.json").write_text(json.dumps(record))
    with pytest.raises(ModelDamaged):
        cs.load(place)


def test_a_vector_that_is_not_finite_is_never_loaded(tmp_path: Path) -> None:
    import io

    from cospace.encode.words.tensors import write_tensors

    place = WordModel.of(table(), name="demo").save(tmp_path / "demo")
    rows = table().rows.copy()
    rows[3, 3] = np.nan
    stream = io.BytesIO()
    write_tensors(stream, {"vectors": rows})
    rewritten(place, "vectors.safetensors", stream.getvalue())
    with pytest.raises(ModelDamaged, match="couch"):
        cs.load(place)
