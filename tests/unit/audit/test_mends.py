"""The commands that mend: whole, quoted for a shell, and taken by the command they name."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.audit import hubs, leaks
from cospace.audit.asked import Asked
from cospace.audit.duplicates import check as duplicates_of
from cospace.audit.duplicates import groups_of
from cospace.audit.flips.check import finding_of
from cospace.audit.flips.edits import Flip
from cospace.audit.flips.measure import Flipped
from cospace.audit.languages.check import finding_of as of_languages
from cospace.audit.languages.measure import OfLanguage
from cospace.audit.view import Matrix, View
from cospace.cli import migrate, search
from cospace.cli.main import main


def view_of(ids: list[str], **matrices: list[list[float]]) -> View:
    view = View("my shop", None, ids=ids)
    view.texts = [f"thing {id}" for id in ids]
    view.metadata, view.media = [{} for _ in ids], [{} for _ in ids]
    for kind, rows in matrices.items():
        array = np.array(rows, np.float32)
        array /= np.linalg.norm(array, axis=1, keepdims=True)
        view.matrices[kind] = Matrix(np.arange(len(ids)), array)
    return view


@pytest.mark.parametrize("ids", [["MK 1", "it's"], ["-a", "--where"], ["$(rm)", "a;b"]])
def test_what_deletes_leaks_is_taken_as_it_stands(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    ids: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    said = ["Oak chair with arms", "Steel garden rake"]
    for name, names in (("train", ["1", "2"]), ("-the test", ids)):
        with cs.open(name, model="starter") as shop:
            shop.add(ids=names, documents=said)
            shop.add(ids=["kept"], documents=[f"A desk lamp for {name}"])
    assert 0 == main(["audit", "train", "--against=-the test", "--checks", "leaks", "--json"])
    [found] = json.loads(capsys.readouterr().out)["findings"]
    assert "found" == found["verdict"]
    program, *words = shlex.split(found["mend"])
    assert "cospace" == program
    assert 0 == main(words)
    with cs.open("-the test", read_only=True) as shop:
        assert ["kept"] == [item.id for item in shop]


def test_more_ids_than_are_typed_are_told_in_words() -> None:
    said = view_of(["a"]).deletion([f"{i}" for i in range(420)])
    assert "420 items of 'my shop'" in said
    assert not said.startswith("cospace")
    assert "..." not in said


def test_a_hub_is_deleted_by_its_quoted_id() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 20))
    rows[:, 0] += 5
    rows[0] = [1] + [0] * 19
    found = hubs.check(view_of(["-hub 1", *map(str, range(199))], text=rows.tolist()), Asked())
    assert "cospace delete 'my shop' -- '-hub 1'" == found.mend


def test_all_flips_that_go_unnoticed_are_kept_and_the_folder_is_quoted() -> None:
    flip = Flip("negation", "without arms", "with", "without", "with arms")
    tried = [Flipped(number, flip, 0.0, 0.1) for number in range(30)]
    found = finding_of("negation", tried, view_of([str(i) for i in range(30)]))
    assert 30 == len(found.groups) == found.figures["unnoticed"]
    assert found.mend.startswith("cospace search 'my shop' ")


@pytest.mark.parametrize("kind", ["negation", "number", "size", "colour", "name"])
def test_what_mends_a_flip_is_read_by_its_command(kind: str) -> None:
    """Also the filter in it: what is to be filled in are words in capitals alone."""
    flip = Flip(kind, "without arms", "with", "without", "with arms")
    tried = [Flipped(number, flip, 0.0, 0.1) for number in range(30)]
    found = finding_of(kind, tried, view_of([str(i) for i in range(30)]))
    _, _, *words = shlex.split(found.mend.partition("   (")[0])
    taken = search.parser().parse_intermixed_args(words)
    assert "my shop" == taken.folder
    assert kind == "negation" or {"FIELD": "VALUE"} == json.loads(taken.where)


def test_what_mends_an_unknown_language_is_read_by_its_command() -> None:
    view = view_of([str(i) for i in range(8)])
    all_of_it = tuple(range(8))
    alone = OfLanguage("german", all_of_it, all_of_it, 0.1, 0.9, (True,) * 8)
    _, then = of_languages([alone], view, 8).mend.split("; ")
    taken = migrate.parser().parse_intermixed_args(shlex.split(then)[2:])
    assert ("my shop", "multilingual") == (taken.folder, taken.to)


def test_three_thousand_equal_texts_are_one_entry_for_each_that_leaked() -> None:
    view = view_of([f"{i:04}" for i in range(3_000)], text=[[1.0, 2.0]] * 3_000)
    view.texts = ["Oak chair"] * 3_000
    view.metadata = [{"split": "test" if i % 2 else "train"} for i in range(3_000)]
    found = leaks.check(view, Asked(split="split"))
    assert 1_500 == len(found.groups) == found.figures["leaked items"]
    assert 1.0 == found.severity
    assert ("0000", "0001") == found.groups[0].ids


def test_a_leak_names_the_item_that_is_alike_in_most_parts() -> None:
    view = view_of(
        ["1", "2", "3", "new"],
        text=[[1, 0], [1, 0], [0, 1], [1, 0]],
        image=[[1, 0], [0, 1], [1, 1], [0, 1]],
    )
    view.texts = ["Oak chair", "Oak chair", "Steel rake", "Oak chair"]
    view.metadata = [{"split": "train"}] * 3 + [{"split": "test"}]
    [group] = leaks.check(view, Asked(split="split")).groups
    assert ("2", "new") == group.ids
    assert group.said.startswith("text and photo, ")


@pytest.mark.parametrize("alike", ["text", "image"])
def test_what_is_alike_in_one_part_alone_counts_and_its_command_finds_it(alike: str) -> None:
    other = {"text": "image", "image": "text"}[alike]
    rows = {alike: [[1, 0, 0], [1, 0, 0], [0, 1, 0]], other: np.eye(3).tolist()}
    view = view_of(["a", "b", "c"], **rows)
    if alike == "text":
        view.texts = ["Oak chair", "Oak chair", "Steel rake"]
    found = duplicates_of(view, Asked())
    assert "found" == found.verdict
    assert 1 / 3 == found.severity
    assert found.said.startswith("1 of 3 items is a copy of another (33.3%)")
    assert f"cospace dedupe 'my shop' --by {alike}" == found.mend
    assert 1 == len(groups_of(view, alike))
