"""Model folders that are damaged, or made to break something: faults 12, 20, 24, 30 and 34."""

import base64
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.encode.folder import open_folder
from cospace.errors import CospaceError, FormatTooNew, ModelDamaged, UnsafeFile
from cospace.testing.tiny import tiny_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_folder(tmp_path / "model", kinds=["text"])


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    record = json.loads((folder / "space.json").read_text())
    change(record)
    (folder / "space.json").write_text(json.dumps(record))


@pytest.mark.parametrize("name", ["text/model.xml", "text/model.bin", "text/tokenizer.json"])
def test_one_flipped_byte_names_the_file_and_both_hashes(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    listed = json.loads((folder / "space.json").read_text())["towers"][0]["files"][name]
    with pytest.raises(ModelDamaged, match=name) as caught:
        cs.load(folder)
    assert listed in str(caught.value)
    assert 7 == caught.value.exit_code


def test_a_change_between_opening_and_use_is_found(folder: Path) -> None:
    model = cs.load(folder)
    file = folder / "text" / "model.bin"
    file.write_bytes(file.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(ModelDamaged, match=r"model\.bin"):
        model.encode_query(["a chair"])


@pytest.mark.parametrize("name", ["text/model.xml", "text/model.bin", "text/tokenizer.json"])
def test_a_model_with_a_file_missing_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelDamaged, match="missing"):
        cs.load(folder)


def test_a_file_without_a_hash_is_not_read(folder: Path) -> None:
    rewrite(folder, lambda r: r["towers"][0]["files"].pop("text/model.bin"))
    with pytest.raises(ModelDamaged, match="lists no hash"):
        cs.load(folder).warm()


def test_a_newer_format_is_left_alone(folder: Path) -> None:
    rewrite(folder, lambda r: r.update(format=2))
    with pytest.raises(FormatTooNew, match="git pull"):
        cs.load(folder)


def test_an_unknown_kind_of_tower_asks_for_a_newer_cospace(folder: Path) -> None:
    rewrite(folder, lambda r: r["towers"][0].update(kind="smell"))
    with pytest.raises(FormatTooNew, match="smell"):
        cs.load(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.clear(),
        lambda r: r.update(format="1"),
        lambda r: r.update(format=True),
        lambda r: r.update(dim="many"),
        lambda r: r.update(dim=10**9),
        lambda r: r.update(metric="l2"),
        lambda r: r.update(towers=[]),
        lambda r: r.update(towers=r["towers"] * 2),
        lambda r: r.update(towers=7),
        lambda r: r.update(towers=[[]]),
        lambda r: r["towers"][0].update(run="os.system"),
        lambda r: r["towers"][0].update(files=["text/model.xml"]),
        lambda r: r["towers"][0].update(files={"../x": "0" * 64}, graph="../x"),
        lambda r: r["towers"][0].update(files={"/etc/passwd": "0" * 64}, graph="/etc/passwd"),
        lambda r: r["towers"][0].update(canaries=[{}]),
        lambda r: r["towers"][0].update(prompts=7),
        lambda r: r.update(name=7),
    ],
)
def test_a_record_that_is_none(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    rewrite(folder, change)
    with pytest.raises(ModelDamaged):
        cs.load(folder)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"7" * 5_000_000]
)
def test_a_record_that_is_no_record(folder: Path, data: bytes) -> None:
    (folder / "space.json").write_bytes(data)
    with pytest.raises(ModelDamaged):
        cs.load(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.update(canaries=[]),
        lambda t: t.update(canaries=[{"input": "a", "vector": "AAAA"}]),
        lambda t: t.update(canaries=[{"input": "a", "vector": "not base64"}]),
        lambda t: t.update(preprocess={}),
        lambda t: t.update(preprocess={"tokenizer": "text/model.xml", "max_tokens": 8}),
        lambda t: t.update(preprocess={"tokenizer": "../x.json", "max_tokens": 8}),
        lambda t: t["preprocess"].update(max_tokens="few"),
    ],
)
def test_a_tower_that_cannot_be_used(folder: Path, change: Callable[[Any], object]) -> None:
    rewrite(folder, lambda r: change(r["towers"][0]))
    with pytest.raises(ModelDamaged):
        cs.load(folder).encode_query(["a chair"])


def test_other_weights_fail_the_known_answers(tmp_path: Path) -> None:
    one, other = (tiny_folder(tmp_path / str(s), seed=s, kinds=["text"]) for s in (1, 2))
    answers = json.loads((other / "space.json").read_text())["towers"][0]["canaries"]
    rewrite(one, lambda r: r["towers"][0].update(canaries=answers))
    with pytest.raises(ModelDamaged, match="known answers") as caught:
        cs.load(one).encode_query(["a chair"])
    assert "f32" in str(caught.value), "plain float32 was tried before giving up"


def test_a_width_other_than_the_record_says_is_damage(folder: Path) -> None:
    rewrite(folder, lambda r: r.update(dim=33))  # fewer are a model that was saved with dim=
    with pytest.raises(ModelDamaged, match="32 numbers"):
        cs.load(folder).encode_query(["a chair"])


def test_nan_answers_are_no_answers(folder: Path) -> None:
    vector = base64.b64encode(np.full(32, np.nan, "<f4").tobytes()).decode()
    rewrite(folder, lambda r: r["towers"][0].update(canaries=[{"input": "a", "vector": vector}]))
    with pytest.raises(ModelDamaged, match="known answers"):
        cs.load(folder).encode_query(["a chair"])


def test_a_graph_that_is_no_graph(folder: Path) -> None:
    import hashlib

    bad = b"<net><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;</net>"
    (folder / "text" / "model.xml").write_bytes(bad)
    rewrite(
        folder,
        lambda r: r["towers"][0]["files"].update(
            {"text/model.xml": hashlib.sha256(bad).hexdigest()}
        ),
    )
    with pytest.raises(ModelDamaged):
        cs.load(folder).encode_query(["a chair"])


def test_a_link_that_leads_out_is_refused(folder: Path, tmp_path: Path) -> None:
    file = folder / "text" / "tokenizer.json"
    file.rename(tmp_path / "outside.json")
    file.symlink_to(tmp_path / "outside.json")
    with pytest.raises(ModelDamaged, match="leads out"):
        open_folder(folder)


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.file,)


@pytest.mark.parametrize("suffix", ["pt", "pkl", "bin", "kv", "joblib", "npy", "h5", "ckpt"])
def test_formats_that_run_code_are_never_opened(tmp_path: Path, suffix: str) -> None:
    file, trace = tmp_path / f"model.{suffix}", tmp_path / "it-ran"
    file.write_bytes(pickle.dumps(Canary(trace)))
    for given in (file, str(file)):
        with pytest.raises(UnsafeFile):
            cs.load(given)
    assert not trace.exists()


def test_a_pickle_in_place_of_each_file_is_a_damaged_model(folder: Path, tmp_path: Path) -> None:
    trace = tmp_path / "it-ran"
    for file in [p for p in folder.rglob("*") if p.is_file()]:
        whole = file.read_bytes()
        file.write_bytes(pickle.dumps(Canary(trace)))
        with pytest.raises(CospaceError):
            cs.load(folder).warm()
        file.write_bytes(whole)
    assert not trace.exists()
