"""Lists of one's own, what a model lacks, and what the tests say."""

import json
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.audit import audit
from cospace.audit.bias import BiasTest, Members, built_in, measure_bias, read_lists
from cospace.audit.bias.check import findings
from cospace.encode.words import WordModel, WordVectors
from cospace.errors import BadArgument
from cospace.testing.tiny import tiny_model

LISTS = {
    "x": ["rose", "tulip", "lily", "daisy"],
    "y": ["ant", "wasp", "flea", "moth"],
    "a": ["love", "peace"],
    "b": ["filth", "poison"],
}


def file_of(tmp_path: Path, held: object) -> Path:
    path = tmp_path / "lists.json"
    path.write_text(json.dumps(held))
    return path


def words(lacking: int = 0) -> WordModel:
    """Flowers lie near to what is pleasant, insects to what is not."""
    random = np.random.default_rng(0)
    good, bad = np.eye(8)[:2]
    rows, names = [], []
    for side, way in (("x", good), ("y", bad), ("a", good), ("b", bad)):
        for word in LISTS[side][lacking if side == "x" else 0 :]:
            names.append(word)
            rows.append(way + random.normal(0, 0.1, 8))
    return WordModel.of(WordVectors(names, np.array(rows, np.float32)), name="garden")


def test_the_built_in_lists_are_those_of_the_paper() -> None:
    tests = built_in()
    sizes = [tuple(len(side.words) for side in one.sides) for one in tests]
    assert [
        (25, 25, 25, 25), (25, 25, 25, 25), (32, 32, 25, 25), (16, 16, 25, 25), (16, 16, 8, 8),
        (8, 8, 8, 8), (8, 8, 8, 8), (8, 8, 8, 8), (6, 6, 7, 7), (8, 8, 8, 8),
    ] == sizes  # fmt: skip
    assert [1.5, 1.53, 1.41, 1.5, 1.28, 1.81, 1.06, 1.24, 1.38, 1.21] == [
        one.published for one in tests
    ]
    assert all("Science" in one.source for one in tests)
    assert [True, True, *[False] * 8] == [one.control for one in tests]


def test_lists_of_ones_own_are_read_in_each_form(tmp_path: Path) -> None:
    [one] = read_lists(file_of(tmp_path, LISTS))
    assert tuple(LISTS["x"]) == one.x.words
    [two] = read_lists(file_of(tmp_path, [LISTS]))
    assert one == two
    named = {"source": "ours", "tests": [{**LISTS, "name": "garden", "published": 1.2}]}
    [three] = read_lists(file_of(tmp_path, named))
    assert ("garden", "ours", 1.2) == (three.name, three.source, three.published)
    assert built_in() == read_lists("weat")


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ([], "no tests"),
        ({"tests": [{"x": ["a"]}]}, "needs the sides"),
        ({**LISTS, "x": []}, "one word at least"),
        ({**LISTS, "x": ["rose", ""]}, "word 2"),
        ({**LISTS, "x": [3]}, "not int"),
        ({**LISTS, "x": {"words": ["a"], "where": {"b": 1}}}, "either"),
        ({**LISTS, "x": {"where": {}}}, "filter"),
        ({**LISTS, "y": ["rose", "ant"]}, "both x and y"),
        ({**LISTS, "z": ["rose"]}, "'z'"),
        ({**LISTS, "published": "high"}, "number"),
        ("words", "no tests"),
    ],
)
def test_what_is_wrong_with_lists_is_told_with_its_place(
    tmp_path: Path, held: object, told: str
) -> None:
    with pytest.raises(BadArgument, match=told):
        read_lists(file_of(tmp_path, held))


def test_a_file_that_is_not_there_or_no_json_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="--bias takes a JSON file"):
        read_lists(tmp_path / "none.json")
    (tmp_path / "lists.json").write_text("{")
    with pytest.raises(BadArgument, match="not JSON"):
        read_lists(tmp_path / "lists.json")


def test_a_word_model_is_asked_for_words_alone(tmp_path: Path) -> None:
    [test] = read_lists(file_of(tmp_path, LISTS))
    [found] = measure_bias([test], words())
    assert found.found is not None
    assert found.found.effect > 1.5
    assert 1 / 70 == found.found.p
    [said] = findings([found])
    assert "found" == said.verdict
    assert said.p == found.found.p_two_sided


def test_words_that_a_model_lacks_are_told_and_too_few_are_inconclusive(tmp_path: Path) -> None:
    [test] = read_lists(file_of(tmp_path, LISTS))
    [found] = measure_bias([test], words(lacking=1))
    assert found.found is None
    assert {"x": ["rose"]} == found.lacking
    [said] = findings([found])
    assert "inconclusive" == said.verdict
    assert "3 left" in said.said
    assert "lacks rose" in said.said


def test_a_control_is_nothing_wrong_and_unseen_makes_the_rest_inconclusive() -> None:
    sides = [Members(side, tuple(LISTS[side])) for side in "xyab"]
    control = BiasTest("control", *sides, control=True)
    other = BiasTest("other", sides[0], sides[1], sides[2], sides[3])
    model = words()
    assert ["clean", "found"] == [
        one.verdict for one in findings(measure_bias([control, other], model))
    ]
    blind = BiasTest("control", sides[1], sides[0], sides[2], sides[3], control=True)
    mixed = (sides[0].words[:2] + sides[1].words[:2], sides[0].words[2:] + sides[1].words[2:])
    null = BiasTest("null", Members("p", mixed[0]), Members("q", mixed[1]), sides[2], sides[3])
    told = findings(measure_bias([blind, null], model))
    assert ["inconclusive", "inconclusive"] == [one.verdict for one in told]


def test_sides_may_be_photos_of_items() -> None:
    shop = cs.open(":memory:", model=tiny_model())
    red, blue = (
        np.zeros((8, 8, 3), np.uint8) + np.array(colour, np.uint8)
        for colour in ([200, 0, 0], [0, 0, 200])
    )
    for n in range(12):
        image = cs.Image((red if n < 6 else blue) + np.uint8(n))
        shop.add(ids=[f"{n}"], documents=[f"item {n}"], images=[image],
                 metadatas=[{"kind": "warm" if n < 6 else "cold"}])  # fmt: skip
    warm, cold = (Members(one, where={"kind": one}) for one in ("warm", "cold"))
    test = BiasTest("photos", warm, cold, warm, cold)
    [found] = audit(shop, bias=[test], checks=["bias"]).findings
    assert "found" == found.verdict
    assert "6 and 6 items" in found.said
    with pytest.raises(BadArgument, match="cospace audit FOLDER"):
        measure_bias([test], tiny_model())


def test_a_word_is_one_unit_also_in_sentences() -> None:
    sides = [Members(side, tuple(LISTS[side])) for side in "xyab"]
    found = measure_bias([BiasTest("garden", *sides)], cs.load("starter"))
    assert ["words", "sentences"] == [one.form for one in found]
    assert [70, 70] == [one.found.ways for one in found if one.found is not None]


class Hosted:
    """An encoder whose vocabulary is elsewhere."""

    def __init__(self) -> None:
        self._inner = tiny_model()
        self.space = self._inner.space
        self.asked = 0

    def encode_query(self, inputs):
        self.asked += len(inputs)
        return self._inner.encode_query(inputs)

    def encode_document(self, inputs):
        self.asked += len(inputs)
        return self._inner.encode_document(inputs)


def test_a_model_that_has_to_be_paid_is_not_asked_unless_it_was_said() -> None:
    model = Hosted()
    shop = cs.open(":memory:", model=model)
    shop.add(ids=["1", "2"], documents=["A red chair with 4 legs", "A blue one"])
    before = model.asked
    found = audit(shop, checks=["bias", "flips", "languages", "questions"]).findings
    assert ["skipped"] * 4 == [one.verdict for one in found]
    assert before == model.asked
    sides = [Members(side, tuple(LISTS[side])) for side in "xyab"]
    audit(shop, bias=[BiasTest("garden", *sides)], checks=["bias"])
    assert model.asked > before
