"""distill: a student that finds what its teacher finds, its folder and its card."""

import json
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, TrainingDiverged
from cospace.progress import Progress
from cospace.testing.tiny import tiny_folder, tiny_model
from cospace.train import Student, TrainingStopped, distill
from cospace.train.students import learning
from cospace.train.students.static import StaticLearner
from tests.unit.train.students.texts import TEXTS


@pytest.fixture(scope="module")
def student() -> Student:
    return distill(tiny_model(), TEXTS, epochs=8, name="fast")


def test_it_finds_what_its_teacher_finds(student: Student) -> None:
    [figure] = student.card.figures
    assert figure.before is not None
    assert figure.held.value > 0.8
    assert figure.held.value >= figure.before.value
    assert figure.shuffled is not None
    assert figure.shuffled < figure.held.value - 0.3


def test_its_folder_gives_it_back_with_its_card(student: Student, tmp_path: Path) -> None:
    model = student.save(tmp_path / "fast")
    again = cs.load(tmp_path / "fast")
    assert "fast" == again.name
    assert model.space.fingerprint == again.space.fingerprint
    assert "" == tiny_model().space.conflict(again.space)
    record = json.loads((tmp_path / "fast" / "card.json").read_text())
    assert student.card.data_sha256 == record["data_sha256"]
    assert "the teacher's ten nearest" in (tmp_path / "fast" / "card.md").read_text()
    teacher = tiny_model().encode_document(TEXTS).array
    assert np.einsum("ij,ij->i", again.encode_document(TEXTS).array, teacher).mean() > 0.8
    with pytest.raises(BadArgument, match="exists already"):
        student.save(tmp_path / "fast")
    student.save(tmp_path / "fast", replace=True)


def test_the_same_seed_gives_the_same_student(tmp_path: Path) -> None:
    prints = []
    for number in range(2):
        made = distill(tiny_model(), TEXTS, epochs=2, name="one").save(tmp_path / str(number))
        prints.append(made.space.fingerprint)
    assert prints[0] == prints[1]


def test_a_student_of_a_student_is_in_the_first_teachers_space(
    student: Student, tmp_path: Path
) -> None:
    model = student.save(tmp_path / "fast")
    second = distill(model, TEXTS, epochs=1).save(tmp_path / "second")
    assert "" == tiny_model().space.conflict(second.space)
    assert "fast-static" == second.name


def test_what_was_loaded_with_dim_teaches_as_many_numbers(tmp_path: Path) -> None:
    small = cs.load(tiny_folder(tmp_path / "tiny"), dim=8)
    made = distill(small, TEXTS, epochs=1).save(tmp_path / "small")
    assert 8 == made.space.dim
    assert "" == small.space.conflict(made.space)
    assert made.space.anchor == small.space.anchor


def test_ctrl_c_keeps_the_best_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [0]
    step = StaticLearner.step

    def interrupted(self: StaticLearner, *given: object) -> float:
        steps[0] += 1
        if steps[0] == 4:
            raise KeyboardInterrupt
        return step(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(StaticLearner, "step", interrupted)
    with pytest.raises(TrainingStopped) as stopped:
        distill(tiny_model(), TEXTS, epochs=50)
    assert 0 < stopped.value.share < 1
    kept = stopped.value.model
    assert isinstance(kept, Student)
    assert "stopped" in kept.card.notes[0]
    assert "stopped_after" in kept.training
    assert kept.save(tmp_path / "kept").encode_query(["a chair"]).array.shape == (1, 32)


def test_ctrl_c_in_the_control_keeps_the_student(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = distill(tiny_model(), TEXTS, epochs=1)

    def interrupted(self: StaticLearner) -> StaticLearner:
        raise KeyboardInterrupt

    monkeypatch.setattr(StaticLearner, "blank", interrupted)
    with pytest.raises(TrainingStopped) as stopped:
        distill(tiny_model(), TEXTS, epochs=1)
    kept = stopped.value.model
    assert isinstance(kept, Student)
    [one], [other] = whole.card.figures, kept.card.figures
    assert (one.held, None) == (other.held, other.shuffled)
    assert any("control on mixed-up pairs was stopped" in note for note in kept.card.notes)


def test_it_ends_when_it_gets_no_better(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([0.2, 0.5, *[0.4] * 100])
    monkeypatch.setattr(learning, "agreement", lambda given, rows: np.full(len(rows), next(scores)))
    made = distill(tiny_model(), TEXTS, epochs=50)
    assert 6 == len(made.card.points)
    assert "ended early" in made.card.notes[0]


def test_numbers_that_run_away_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StaticLearner, "step", lambda *_: float("nan"))
    with pytest.raises(TrainingDiverged, match="epoch 1 of 2"):
        distill(tiny_model(), TEXTS, epochs=2)


def test_it_tells_how_far_it_is() -> None:
    seen: list[Progress] = []
    distill(tiny_model(), TEXTS, epochs=2, progress=seen.append)
    assert ["vectors of tiny-text-0", "learning"] == list(dict.fromkeys(one.stage for one in seen))
    assert (seen[-1].total, 2) == (seen[-1].done, seen[-1].epochs)


class Letters:
    """An encoder that is no model of ours."""

    space = cs.Space.of("letters", 4)


@pytest.mark.parametrize(
    ("teacher", "options", "why"),
    [
        (tiny_model(), {"kind": "mlp"}, "'static' or 'transformer', not 'mlp'"),
        (tiny_model(), {"epoch": 3}, "there is no option 'epoch'"),
        (tiny_model(), {"epochs": 0}, "epochs is a whole number"),
        (tiny_model(), {"epochs": 1.5}, "epochs is a whole number"),
        (tiny_model(), {"weights": "x"}, "kind='transformer'"),
        (Letters(), {}, "whose folder is here, not Letters"),
        (tiny_model().restricted("image"), {}, "learns from texts"),
    ],
)
def test_what_is_refused(teacher: object, options: dict[str, object], why: str) -> None:
    with pytest.raises(BadArgument, match=why):
        distill(teacher, TEXTS, **options)  # type: ignore[arg-type]
