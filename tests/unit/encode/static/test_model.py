"""A static student: a folder, an encoder, and what is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode.static import StaticModel, bare, save_static, tower
from cospace.errors import BadArgument, BadItem, EmptyItem, ModelDamaged
from cospace.files import make_folder
from cospace.testing import check_encoder
from cospace.testing.tiny import tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    teacher = tiny_model()
    tokenizer = bare(teacher.text_tower().tokenizer.to_str().encode())
    size = teacher.text_tower().tokenizer.get_vocab_size()
    rows = np.random.default_rng(0).standard_normal((size, 32)).astype(np.float32)
    place = tmp_path_factory.mktemp("static") / "fast"
    make_folder(place)
    save_static(place, rows, tokenizer, name="fast", teacher=teacher.space, training={"seed": 1})
    return place


@pytest.fixture(scope="module")
def model(folder: Path) -> StaticModel:
    loaded = cs.load(folder)
    assert isinstance(loaded, StaticModel)
    return loaded


def test_it_is_an_encoder_as_any_other(model: StaticModel) -> None:
    check_encoder(model)


def test_its_space_is_its_teachers(model: StaticModel) -> None:
    teacher = tiny_model()
    assert "" == teacher.space.conflict(model.space)
    assert teacher.space.anchor == model.space.anchor
    assert model.space.towers[0].teacher == teacher.space.towers[0].fingerprint
    scores = cs.similarity(model.encode_query(["a chair"]), teacher.encode_document(["a chair"]))
    assert (1, 1) == scores.shape


def test_a_text_is_the_sum_of_its_tokens_at_length_one(model: StaticModel) -> None:
    reader = model.text_tower()
    assert isinstance(reader, tower.StaticTower)
    for text in ("a red chair", "Größe 42, wie neu!"):
        ids = reader.tokenizer.encode(text, add_special_tokens=False).ids
        total = reader.rows[ids].sum(0)
        expected = total / np.linalg.norm(total)
        assert np.allclose(expected, model.encode_document([text]).array[0], atol=1e-6)


def test_a_text_has_the_same_bits_alone_and_in_any_batch(model: StaticModel) -> None:
    texts = [f"item {n} " + "chair " * (n % 40) for n in range(300)]
    together = model.encode_document(texts).array
    alone = np.concatenate([model.encode_document([text]).array for text in texts[::37]])
    assert (together[::37] == alone).all()


def test_windows_make_no_difference(model: StaticModel, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"item {n}" for n in range(50)]
    whole = model.encode_document(texts).array
    monkeypatch.setattr(tower, "_WINDOW", 7)
    assert (whole == model.encode_document(texts).array).all()


def test_parts_and_texts_have_the_same_vectors(model: StaticModel) -> None:
    plain = model.encode_document(["a chair", "a lamp"]).array
    mixed = model.encode_document(["a chair", cs.Parts(text="a lamp")]).array
    assert (plain == mixed).all()


def test_what_is_cut_short_is_told(model: StaticModel, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = model.text_tower()
    monkeypatch.setattr(reader, "max_tokens", 4)
    found = model.encode_document(["a", "red chair " * 20])
    assert [1] == list(found.truncated)
    assert "cut at" in found.report[0]
    first = reader.tokenizer.encode("red chair red", add_special_tokens=False).ids[:4]
    assert isinstance(reader, tower.StaticTower)
    total = reader.rows[first].sum(0)
    assert np.allclose(total / np.linalg.norm(total), found.array[1], atol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "error", "why"),
    [
        (["a chair", " "], EmptyItem, "input 1"),
        (["a chair", 3], BadItem, "input 1"),
        ("a chair", BadArgument, "write .it. instead"),
        (["a \ud800"], BadItem, "surrogate"),
        ([cs.Image(np.zeros((4, 4, 3), np.uint8))], BadItem, "takes text"),
    ],
)
def test_what_is_no_text_is_refused(
    model: StaticModel, inputs: object, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        model.encode_document(inputs)  # type: ignore[arg-type]


def test_the_first_numbers_are_a_model_of_their_own(folder: Path, tmp_path: Path) -> None:
    small = cs.load(folder, dim=8)
    assert (1, 8) == small.encode_query(["a chair"]).array.shape
    again = cs.load(small.save(tmp_path / "small"))
    assert small.space.fingerprint == again.space.fingerprint
    expected = small.encode_query(["a chair"]).array
    assert np.allclose(expected, again.encode_query(["a chair"]).array)
    assert "" == tiny_model().space.truncated(8).conflict(again.space)


def test_it_needs_no_engine(folder: Path) -> None:
    with pytest.raises(BadArgument, match="needs no engine"):
        cs.load(folder, engine="onnx")


def test_vectors_that_do_not_fit_the_tokenizer_are_refused(folder: Path, tmp_path: Path) -> None:
    teacher = tiny_model()
    tokenizer = bare(teacher.text_tower().tokenizer.to_str().encode())
    for number, shape in enumerate([(10, 32), (3, 3, 32)]):
        place = tmp_path / str(number)
        make_folder(place)
        with pytest.raises(ModelDamaged, match="the tokenizer has"):
            save_static(place, np.ones(shape, np.float32), tokenizer, name="x",
                        teacher=teacher.space, training={})  # fmt: skip
    place = shutil.copytree(folder, tmp_path / "copy")
    record = json.loads((place / "space.json").read_text())
    record["towers"][0]["teacher"] = 7
    (place / "space.json").write_text(json.dumps(record))
    with pytest.raises(ModelDamaged, match="expected a string"):
        cs.load(place)


def test_a_changed_file_is_found(folder: Path, tmp_path: Path) -> None:
    place = shutil.copytree(folder, tmp_path / "copy")
    data = bytearray((place / "vectors.safetensors").read_bytes())
    data[-1] ^= 1
    (place / "vectors.safetensors").write_bytes(data)
    with pytest.raises(ModelDamaged, match="damaged"):
        cs.load(place)
