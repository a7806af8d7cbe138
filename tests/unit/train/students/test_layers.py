"""The transformer student: two layers of a teacher, trained in torch, run by the engine."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="a transformer student is trained with torch")

import torch_models

import cospace as cs
from cospace.adopt import adopt
from cospace.encode.model import Model
from cospace.errors import BadArgument, MissingExtra
from cospace.train import distill
from cospace.train.students import eight, layers, lesson
from tests.unit.train.students.texts import TEXTS


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("teacher")
    torch_models.text_model(found)
    return found / "saved"


@pytest.fixture
def teacher(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    return adopt(place, name="teacher").model


def test_a_student_of_two_layers(
    teacher: Model, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson, "_NEAR", 2.0)  # to random weights all texts are much alike
    made = distill(teacher, TEXTS, kind="transformer", epochs=2, weights=place, name="fast")
    model = made.save(tmp_path / "fast")
    again = cs.load(tmp_path / "fast")
    assert model.space.fingerprint == again.space.fingerprint
    assert "" == teacher.space.conflict(again.space)
    assert "fast is a student of teacher" in teacher.space.apart(again.space)
    assert (tmp_path / "fast" / "card.md").is_file()
    # The engine gives what the torch module gives.
    some = np.arange(10)
    rows = again.encode_document(TEXTS[:10]).array
    assert np.einsum("ij,ij->i", rows, made.learner.encode(some)).min() > 0.999
    scores = cs.similarity(again.encode_query(TEXTS[:1]), teacher.encode_document(TEXTS[:1]))
    assert scores[0, 0] > 0.9  # its teacher has two layers too


def test_a_step_lowers_the_loss_and_the_table_stays(teacher: Model, place: Path) -> None:
    learner = layers.layer_learner(place, TEXTS, seed=0)
    table = learner.built.module.transformer.embeddings.word_embeddings.weight.detach().clone()
    before, rows = learner.state(), teacher.encode_document(TEXTS).array[:32]
    turned = np.ascontiguousarray(rows[:, ::-1])  # something else than it gives already
    losses = [learner.step(np.arange(32), turned, 0.1) for _ in range(10)]
    assert losses[-1] < losses[0]
    after = learner.built.module.transformer.embeddings.word_embeddings.weight
    assert bool((table == after).all())
    changed = learner.encode(np.arange(4))
    learner.restore(before)
    assert not np.allclose(changed, learner.encode(np.arange(4)))


def test_batches_hold_every_text_once(place: Path) -> None:
    learner = layers.layer_learner(place, TEXTS, seed=0)
    batches = list(learner.batches(np.arange(150), np.random.default_rng(0)))
    assert list(range(150)) == sorted(int(i) for batch in batches for i in batch)


def test_a_blank_one_knows_nothing(place: Path) -> None:
    learner = layers.layer_learner(place, TEXTS, seed=0)
    mine, blank = (one.encode(np.arange(8)) for one in (learner, learner.blank()))
    assert np.abs(np.einsum("ij,ij->i", mine, blank)).mean() < 0.9


def test_weights_that_are_not_the_teachers_are_refused(teacher: Model, tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="begins with the torch weights of teacher"):
        distill(teacher, TEXTS, kind="transformer")
    with pytest.raises(BadArgument, match="no folder"):
        distill(teacher, TEXTS, kind="transformer", weights=tmp_path / "nowhere")
    other = tmp_path / "other"
    torch_models.text_model(other, dense=32)
    with pytest.raises(BadArgument, match="not the weights of teacher"):
        distill(teacher, TEXTS, kind="transformer", weights=other / "saved")


def test_without_torch_the_pip_line_is_told(
    teacher: Model, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"\.\[torch\]"):
        distill(teacher, TEXTS, kind="transformer", weights=place)


def test_a_transformer_of_another_make_is_refused(tmp_path: Path) -> None:
    torch_models.text_model(tmp_path, "DistilBert")
    with pytest.raises(BadArgument, match="cannot be cut to two layers"):
        layers.layer_learner(tmp_path / "saved", TEXTS, seed=0)


def test_a_bert_and_its_mean_are_written_in_8_bits(
    teacher: Model, place: Path, tmp_path: Path
) -> None:
    learner = layers.layer_learner(place, TEXTS, seed=0)
    learner.write(tmp_path / "s", "s", teacher.space, {})
    model = cs.load(tmp_path / "s")
    assert model.space.towers[0].precision == "int8"
    rows = model.encode_document(TEXTS).array
    assert np.einsum("ij,ij->i", rows, learner.encode(np.arange(len(TEXTS)))).min() > 0.995


def test_what_8_bits_cannot_hold_is_written_in_floats(
    teacher: Model, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = layers.layer_learner(place, TEXTS, seed=0)
    other = layers.layer_learner(place, TEXTS, seed=0).blank()
    monkeypatch.setattr(  # ranges and numbers of another network
        layers, "eight_bits", lambda _, tokens, name: eight.eight_bits(other.built, tokens, name)
    )
    learner.write(tmp_path / "s", "s", teacher.space, {})
    model = cs.load(tmp_path / "s")
    assert model.space.towers[0].precision != "int8"
    rows = model.encode_document(TEXTS).array
    assert np.einsum("ij,ij->i", rows, learner.encode(np.arange(len(TEXTS)))).min() > 0.999


@pytest.mark.parametrize("change", ["hidden_act", "layer_norm_eps", "model_type", "pooling"])
def test_a_transformer_of_another_form_has_no_graph_of_bytes(place: Path, change: str) -> None:
    built = layers.layer_learner(place, TEXTS, seed=0).built
    if change == "pooling":
        built = replace(built, pooling="cls")
    else:
        config = built.module.transformer.config
        setattr(config, change, {"layer_norm_eps": 1e-5}.get(change, "relu"))
    assert eight.eight_bits(built, [[5, 6]], "s") is None


def test_ranges_are_measured_on_what_was_learnt_from(
    teacher: Model, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = layers.layer_learner(place, TEXTS, seed=0)
    list(learner.batches(np.arange(10), np.random.default_rng(0)))
    seen: list[int] = []
    monkeypatch.setattr(layers, "eight_bits", lambda _, tokens, __: seen.append(len(tokens)))
    learner.write(tmp_path / "s", "s", teacher.space, {})
    assert seen == [10]
