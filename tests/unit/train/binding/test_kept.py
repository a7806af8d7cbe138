"""What is not bound stays as it was, and the proof would say so if it did not."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode.names import load_folder
from cospace.testing import tiny_folder
from cospace.train import bind
from cospace.train.binding.kept import Kept, towers_kept, vectors_kept


def _pairs() -> list[tuple[cs.Part, str]]:
    random = np.random.default_rng(0)
    return [
        (cs.Image(random.integers(0, 256, (24, 24, 3), np.uint8)), f"thing number {n}")
        for n in range(24)
    ]


def test_bind_proves_that_the_texts_are_as_they_were(tmp_path: Path) -> None:
    anchor = tiny_folder(tmp_path / "tiny")
    made = bind(_pairs(), tmp_path / "bound", anchor=anchor, kind="image", epochs=1)
    [kept] = made.kept
    assert (True, "text", "files") == (kept.same, kept.kind, kept.what)
    assert kept.number >= 2
    words = ["a chair", "thing number 3"]
    before, after = (
        cs.load(one).encode_document(words).normalized for one in (anchor, made.model.path)
    )
    assert before.tobytes() == after.tobytes()


def test_a_file_that_changed_is_seen(tmp_path: Path) -> None:
    anchor = tiny_folder(tmp_path / "tiny")
    copy = tmp_path / "copy"
    shutil.copytree(anchor, copy)
    one, two = load_folder(anchor).folder, load_folder(copy).folder
    [same] = towers_kept(one, two, "image")
    assert same.same
    name = sorted(one.tower("text").files)[0]
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    [changed] = towers_kept(one, two, "image")
    assert not changed.same
    assert "text: files have CHANGED" in str(changed)


def test_a_vector_that_changed_is_seen() -> None:
    shop = cs.open(":memory:", model=None)
    space = cs.Space.of("demo", 4)
    rows = np.eye(4, dtype=np.float32)
    shop.add(ids=list("abcd"), documents=list("abcd"), embeddings=cs.Vectors(rows, space))
    count, digest = vectors_kept(shop.store, "text")
    assert 4 == count
    assert (4, digest) == vectors_kept(shop.store, "text")
    shop.upsert(ids=["a"], documents=["a"], embeddings=cs.Vectors(rows[1:2], space))
    assert digest != vectors_kept(shop.store, "text")[1]
    assert (0, vectors_kept(shop.store, "image")[1]) == vectors_kept(shop.store, "image")


@pytest.mark.parametrize(("after", "said"), [("aa", "as they were, to the bit"), ("bb", "CHANGED")])
def test_it_is_said_in_words(after: str, said: str) -> None:
    assert said in str(Kept("text", "vectors", 1_234, "aa", after))
