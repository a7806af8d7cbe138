"""One kind asked by the other: ranks with ties, captions that repeat, classes told by name."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictured

import cospace as cs
from cospace.errors import BadArgument, NotFound
from cospace.evaluate import CrossmodalReport, crossmodal
from cospace.evaluate.crossmodal.captions import contents_of, direction
from cospace.evaluate.crossmodal.naming import check_prompts
from cospace.evaluate.crossmodal.ranks import by_chance, ranks_of
from cospace.evaluate.crossmodal.source import Material
from cospace.testing.tiny import tiny_model
from cospace.topk import cosines

COLOURS = {"red": (220, 20, 20), "green": (20, 200, 30), "blue": (20, 30, 220), "grey": (128,) * 3}


def painted(colour: tuple[int, ...], shade: int = 0) -> cs.Image:
    return cs.Image(np.clip(np.full((8, 8, 3), colour) - shade, 0, 255).astype(np.uint8))


class Told:
    """A model that is told the vector of each text, and of each image by its first pixel."""

    def __init__(self, vectors: dict[object, list[float]]) -> None:
        dim = len(next(iter(vectors.values())))
        towers = tuple(cs.Tower(kind=kind, model="told") for kind in ("text", "image"))
        self.space = cs.Space("told", dim, towers=towers)
        self._vectors = vectors

    def encode_query(self, inputs: list[object]) -> cs.Vectors:
        return self._encode(inputs, "query")

    def encode_document(self, inputs: list[object]) -> cs.Vectors:
        return self._encode(inputs, "document")

    def _encode(self, inputs: list[object], role: str) -> cs.Vectors:
        parts = [next(iter(cs.Parts.of(one).values())).value for one in inputs]
        keys = [one if isinstance(one, str) else int(one[0, 0, 0]) for one in parts]
        rows = [self._vectors[(role, key) if (role, key) in self._vectors else key] for key in keys]
        return cs.Vectors(np.array(rows, np.float32), self.space)


def pair(number: int, text: str | None, pixel: int | None) -> cs.Item:
    image = None if pixel is None else cs.Image(np.full((2, 2, 3), pixel, np.uint8))
    return cs.Item(f"i{number}", cs.Parts(text=text, image=image))


def figures(report: CrossmodalReport, name: str, *, single: bool = False) -> dict[str, float]:
    [result] = report.results
    found = (result.single if single else result.figures)[name]
    return {one: figure.value for one, figure in found.items()}


# --- ranks ---


def by_orders(scores: list[int], right: set[int], k: int) -> tuple[float, float]:
    """recall@k and the best right one's rank, averaged over every order of equal scores."""
    hits, ranks = [], []
    for shuffled in itertools.permutations(range(len(scores))):
        order = sorted(shuffled, key=lambda one: -scores[one])
        rank = 1 + min(order.index(one) for one in right)
        hits.append(rank <= k)
        ranks.append(rank)
    return float(np.mean(hits)), float(np.mean(ranks))


@given(st.lists(st.integers(0, 2), min_size=1, max_size=6), st.data())
@settings(deadline=None, max_examples=60)
def test_a_figure_is_the_mean_over_all_orders_of_equal_scores(
    scores: list[int], data: st.DataObject
) -> None:
    right = data.draw(st.sets(st.integers(0, len(scores) - 1), min_size=1))
    k = data.draw(st.integers(1, 7))
    table = np.array([scores], np.float32)
    ranks = ranks_of(lambda q, r: table[q, r], len(scores), [np.array(sorted(right), np.intp)])
    recall, rank = by_orders(scores, right, k)
    assert ranks.recall(k)[0] == pytest.approx(recall)
    assert ranks.place()[0] == pytest.approx(rank)


def test_chance_is_where_all_are_equal() -> None:
    right = [np.array([0], np.intp), np.array([1, 2, 3], np.intp)]
    ranks = by_chance(10, right)
    same = ranks_of(lambda q, r: np.zeros((2, 10), np.float32)[q, r], 10, right)
    assert all((a == b).all() for a, b in zip(ranks, same, strict=True))
    assert ranks.recall(5).tolist() == pytest.approx([0.5, 1 - math.comb(7, 5) / math.comb(10, 5)])
    assert ranks.place().tolist() == [5.5, 11 / 4]


def test_ranks_do_not_depend_on_blocks() -> None:
    rows = np.random.default_rng(0).normal(size=(4_200, 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[4_150:] = rows[7]  # equal to one in another block
    right = [np.array([7 + i], np.intp) for i in range(70)]
    ranks = ranks_of(cosines(rows[7:77], rows), len(rows), right)
    assert ranks.before.max() == 0
    assert ranks.tied[0] == 51
    assert ranks.recall(1)[0] == pytest.approx(1 / 51)
    assert (ranks.recall(1)[1:] == 1).all()


# --- captions ---


def material(*pairs: tuple[str | None, int | None]) -> Material:
    items = [pair(at, *one) for at, one in enumerate(pairs)]
    return Material("made up", ("text", "image"), items, [""] * len(items))


def contents(data: Material):
    kept = [at for at, item in enumerate(data.items) if len(item.parts) == 2]
    texts = {
        item.id: str(item.parts.get("text") and item.parts["text"].value) for item in data.items
    }
    images = {
        item.id: str(item.parts["image"].value[0, 0, 0])
        for item in data.items
        if "image" in item.parts
    }
    return contents_of(data, kept, (texts, images))


def test_captions_that_repeat_are_one_and_any_of_their_images_is_right() -> None:
    found = contents(material(("A hat", 1), ("a  hat", 2), ("A hat", 3), ("a scarf", 3), (None, 4)))
    ask = direction(found, 0)
    assert [[0, 1, 2], [2]] == [one.tolist() for one in ask.right]
    assert [False, False] == ask.single.tolist()  # the scarf's image is a hat's too
    back = direction(found, 1)
    assert [[0], [0], [0, 1]] == [one.tolist() for one in back.right]
    assert found.counts == {
        "repeated text": 2,
        "equal but for case and spaces": 3,
        "repeated image": 2,
        "no text, or an empty one": 1,
    }
    assert found.such["repeated text"] == ["A hat"]
    assert found.such["no text, or an empty one"] == ["i4"]


def test_pairs_that_are_all_single_have_nothing_to_name() -> None:
    found = contents(material(("a", 1), ("b", 2)))
    assert ({}, True) == (found.counts, bool(found.single.all()))


# --- the figures ---

LINE = {1: [1.0, 0, 0], 2: [0, 1.0, 0], 3: [0, 0, 1.0]}


def test_figures_by_hand() -> None:
    told = Told({**LINE, "one": [1, 0.1, 0], "two": [1, 0.5, 0], "three": [0, 0, 1]})
    report = crossmodal([pair(1, "one", 1), pair(2, "two", 2), pair(3, "three", 3)], told)
    there = figures(report, "text to image")
    assert there["recall@1"] == pytest.approx(2 / 3)  # "two" finds image 1, then its own
    assert (there["recall@5"], there["median rank"]) == (1, 1)
    back = figures(report, "image to text")
    # Image 1 likes "one" best, image 2 likes "two", image 3 "three".
    assert (back["recall@1"], back["median rank"]) == (1, 1)
    [ask, _] = report.questions
    assert ask.chance == {
        "recall@1": pytest.approx(1 / 3), "recall@5": 1, "recall@10": 1, "median rank": 2,
    }  # fmt: skip
    assert (report.pairs, report.classes, report.counts) == (3, (), {})


def test_a_model_that_tells_nothing_apart_has_the_figures_of_chance() -> None:
    same = {key: [1.0, 0.0] for key in (1, 2, 3, 4, "a", "b", "c", "d")}
    items = [pair(i, text, i) for i, text in enumerate("abcd", start=1)]
    report = crossmodal(items, Told(same))
    for question in report.questions:
        assert figures(report, question.name) == pytest.approx(dict(question.chance))


def test_a_repeated_caption_is_asked_once_and_counted_apart() -> None:
    told = Told({**LINE, 4: [0, 0, -1], "hat": [1, 1, 0], "cap": [0, 0, 1], "rug": [0, 1, 0]})
    items = [pair(1, "hat", 1), pair(2, "hat", 2), pair(3, "cap", 3), pair(4, "rug", 4)]
    report = crossmodal(items, told)
    ask = report.questions[0]
    assert (ask.queries, ask.candidates, ask.single) == (3, 4, 2)
    assert figures(report, ask.name)["recall@1"] == pytest.approx(2 / 3)
    assert figures(report, ask.name, single=True)["recall@1"] == pytest.approx(1 / 2)
    assert ask.single_chance["recall@1"] == pytest.approx(1 / 4)
    assert ask.chance["recall@1"] == pytest.approx((2 / 4 + 1 / 4 + 1 / 4) / 3)
    assert report.counts == {"repeated text": 2}
    assert report.such == {"repeated text": ["hat"]}


def test_texts_ask_with_the_prompt_of_queries_and_are_found_as_documents() -> None:
    told = Told(
        {1: [1, 0], 2: [0, 1], ("query", "a"): [1, 0], ("document", "a"): [0, 1],
         ("query", "b"): [0, 1], ("document", "b"): [1, 0]}
    )  # fmt: skip
    report = crossmodal([pair(1, "a", 1), pair(2, "b", 2)], told)
    assert figures(report, "text to image")["recall@1"] == 1
    assert figures(report, "image to text")["recall@1"] == 0


def test_models_are_compared_with_the_first_on_the_same_pairs() -> None:
    good = Told({**{i: list(row) for i, row in enumerate(np.eye(8))},
                 **{str(i): list(row) for i, row in enumerate(np.eye(8))}})  # fmt: skip
    bad = Told({**{i: list(row) for i, row in enumerate(np.eye(8))},
                **{str(i): list(row) for i, row in enumerate(np.eye(8)[::-1])}})  # fmt: skip
    bad.space = cs.Space("bad", 8, towers=bad.space.towers)
    report = crossmodal([pair(i, str(i), i) for i in range(8)], [good, bad])
    first, second = report.results
    assert first.differences == {}
    change = second.differences["text to image"]
    assert (change["recall@1"].value, change["recall@1"].verdict) == (-1, "worse")
    # Its own is the one of the highest score below; all others are tied before it.
    assert change["median rank"].value > 0


def test_what_cannot_be_encoded_is_listed_and_left_out_for_all_models(tmp_path: Path) -> None:
    items = [
        *(cs.Item(name, cs.Parts(text=name, image=painted(c))) for name, c in COLOURS.items()),
        cs.Item("broken", cs.Parts(text="broken", image=cs.Image(b"no image"))),
    ]
    report = crossmodal(items, tiny_model())
    assert (report.pairs, report.results[0].failed) == (4, 1)
    [failure] = report.failed
    assert "broken" in failure.name and "image" in failure.reason


def test_further_photos_of_an_item_are_counted() -> None:
    items = [
        cs.Item(n, cs.Parts(text=n, image=[painted(c), painted(c, 9)])) for n, c in COLOURS.items()
    ]
    report = crossmodal(items, tiny_model())
    assert report.counts["further parts of a kind, not used"] == 4


def test_ids_that_repeat_are_two_items() -> None:
    items = [cs.Item("x", cs.Parts(text=n, image=painted(c))) for n, c in COLOURS.items()]
    assert crossmodal(items, tiny_model()).pairs == 4


def test_other_kinds_by_name() -> None:
    items = [cs.Item(n, cs.Parts(text=n, image=painted(c))) for n, c in COLOURS.items()]
    report = crossmodal(items, tiny_model(), kinds=("image", "text"))
    assert [one.name for one in report.questions] == ["image to text", "text to image"]
    with pytest.raises(BadArgument, match="takes text and image"):
        crossmodal(
            [cs.Item("1", cs.Parts(text="a", audio=np.zeros(9, np.float32)))],
            tiny_model(),
            kinds=("text", "audio"),
        )


# --- classes ---


def shop(tmp_path: Path, *, split: bool = False) -> Path:
    """Photos of three colours, one subfolder each; the same below train/ and test/."""
    for part in ("train", "test") if split else ("",):
        for name in ("red", "green", "blue"):
            folder = tmp_path / part / name
            folder.mkdir(parents=True)
            for shade in range(6):
                colour = np.clip(np.array(COLOURS[name]) + 9 * shade + (part == "test"), 0, 255)
                Pictured.fromarray(np.full((8, 8, 3), colour, np.uint8)).save(
                    folder / f"{shade}.png"
                )
    return tmp_path


def test_a_folder_of_classes_is_told_by_name_neighbours_and_probe(tmp_path: Path) -> None:
    report = crossmodal(shop(tmp_path), tiny_model())
    assert (report.classes, report.train + report.test) == (("blue", "green", "red"), 18)
    assert report.chance["zero-shot"] == pytest.approx(1 / 3)
    [result] = report.results
    assert set(result.accuracy) == {"zero-shot", "knn", "probe"}
    assert result.accuracy["probe"].value == 1
    assert report.questions == ()
    assert any("neither is asked" in note for note in report.notes)


def test_a_folder_that_comes_split_is_measured_on_what_it_holds_out(tmp_path: Path) -> None:
    report = crossmodal(shop(tmp_path, split=True), tiny_model())
    assert (report.train, report.test, report.split) == (18, 18, "as the folder comes split")


def test_a_class_is_called_as_it_is_said(tmp_path: Path) -> None:
    vectors = {**LINE, "a photo of a hat": [1, 0, 0], "a photo of a rug": [0, 1, 0]}
    items = [
        cs.Item(f"{name} {i}", cs.Parts(image=
                                        cs.Image(np.full((2 + i, 2, 3), pixel, np.uint8))),
                {"kind": name})
        for name, pixel in (("HAT-01", 1), ("rug", 2))
        for i in range(8)
    ]  # fmt: skip
    report = crossmodal(
        items, Told(vectors), label="kind", prompts="a photo of a {}", names={"HAT-01": "hat"}
    )
    assert report.names == ("hat", "rug")
    assert report.results[0].accuracy["zero-shot"].value == 1
    with pytest.raises(BadArgument, match="no class 'cap'; there is"):
        crossmodal(items, Told(vectors), label="kind", names={"cap": "hat"})


def test_pairs_and_classes_of_one_table(tmp_path: Path) -> None:
    rows = ["id,title,photo,colour"]
    for name in ("red", "green", "blue"):
        for i in range(4):
            Pictured.fromarray(
                np.clip(np.full((8, 8, 3), COLOURS[name]) + 9 * i, 0, 255).astype(np.uint8)
            ).save(tmp_path / f"{name}{i}.png")
            rows.append(f"{name}{i},a {name} thing {i},{name}{i}.png,{name if i else ''}")
    (tmp_path / "shop.csv").write_text("\n".join(rows) + "\n")
    reading = cs.read(tmp_path / "shop.csv", text="title", image="photo")
    report = crossmodal(reading, tiny_model(), label="colour")
    assert (report.name, report.pairs) == ("shop.csv", 12)
    assert report.classes == ("blue", "green", "red")
    assert report.train + report.test == 9
    assert "items without colour, of no class: 3" in report.notes


# --- refused ---


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ([], "no item has both"),
        ([pair(1, "a", 1)], "all 1 pairs have the same text"),
        ([pair(1, "a", 1), pair(2, "A ", 2)], "all 2 pairs have the same text"),
        ([pair(1, "a", 1), pair(2, "b", 1)], "all 2 pairs have the same image"),
        ([pair(1, "a", None), pair(2, "b", None)], "no item has both text and image"),
    ],
)
def test_nothing_to_measure_is_said(items: list[cs.Item], why: str) -> None:
    with pytest.raises(BadArgument, match=why):
        crossmodal(items, Told({1: [1, 0], 2: [0, 1], "a": [1, 0], "A ": [1, 0], "b": [0, 1]}))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"kinds": ("text",)}, "two that differ"),
        ({"kinds": ("text", "text")}, "two that differ"),
        ({"k": 0}, "1 or more"),
        ({"test": 1.0}, "between 0 and 1"),
        ({"prompts": "a photo"}, "one {} for the name"),
        ({"prompts": ["{} and {}"]}, "one {} for the name"),
        ({"label": "kind"}, "no item has the label 'kind'"),
    ],
)
def test_bad_options_are_refused(options: dict, why: str) -> None:
    with pytest.raises(BadArgument, match=why):
        crossmodal([pair(1, "a", 1), pair(2, "b", 2)], tiny_model(), **options)


def test_a_folder_has_no_label_and_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="its subfolders"):
        crossmodal(shop(tmp_path), tiny_model(), label="kind")
    with pytest.raises(NotFound):
        crossmodal(tmp_path / "gone", tiny_model())


def test_prompts_are_a_text_or_several() -> None:
    assert (("{}",), ("a {}",)) == (check_prompts(()), check_prompts("a {}"))
