"""`cospace evaluate crossmodal`: pairs and classes, in tables and in JSON."""

from pathlib import Path

import numpy as np
import pytest
from cli_shop import Cli
from PIL import Image

from cospace.testing.tiny import tiny_folder

COLOURS = {"red": (220, 20, 20), "green": (20, 200, 30), "blue": (20, 30, 220)}


@pytest.fixture(scope="session", autouse=True)
def second(home: Path) -> None:
    """Another model beside tiny-0."""
    tiny_folder(home / "models" / "tiny-2", dim=16, seed=2)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = ["id,title,photo,colour"]
    for name, colour in COLOURS.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(6):
            path = f"photos/{name}/{i}.png"
            Image.fromarray(np.full((8, 8, 3), np.array(colour) + 5 * i, np.uint8)).save(path)
            lines.append(f"{name}{i},a {name} thing{f' {i}' if i > 1 else ''},{path},{name}")
    lines.append("none,,photos/red/0.png,red")
    lines.append("gone,a thing,photos/red/gone.png,red")
    Path("shop.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


TABLE = ("evaluate", "crossmodal", "shop.csv", "--text", "title", "--image", "photo")


def test_a_table_of_pairs_with_classes(shop: Path, cli: Cli) -> None:
    ran = cli(*TABLE, "--label", "colour", "--model", "tiny-0")
    assert ran.code == 0
    for words in (
        "shop.csv: 18 pairs of text and image",
        "repeated text",
        "such as 'a red thing'",
        "no text, or an empty one",
        "15 queries (12 without repeats), 18 candidates",
        "text to image",
        "image to text",
        "chance",
        "tiny-0, without repeats",
        "3 classes",
        "zero-shot",
        "linear probe",
    ):
        assert words in ran.out, words
    assert "gone.png" in ran.err


def test_as_json(shop: Path, cli: Cli) -> None:
    record = cli(*TABLE, "--label", "colour", "--model", "tiny-0", "--json").json
    assert record["pairs"] == 18
    assert record["counts"]["repeated text"] == 6
    ask = record["questions"]["text to image"]
    assert (ask["queries"], ask["single_queries"]) == (15, 12)
    assert ask["chance"]["recall@1"] == pytest.approx((12 / 18 + 3 * 2 / 18) / 15)
    [result] = record["results"]
    assert set(result["figures"]["image to text"]) == {
        "recall@1", "recall@5", "recall@10", "median rank",
    }  # fmt: skip
    assert set(result["accuracy"]) == {"zero-shot", "knn", "probe"}
    assert record["left_out"] == len(record["failed"]) > 0


def test_a_folder_of_classes_with_names_and_a_prompt(shop: Path, cli: Cli) -> None:
    ran = cli(
        "evaluate", "crossmodal", "photos", "--prompt", "a {} photo", "--name", "red=crimson",
        "--model", "tiny-0", "--json",
    )  # fmt: skip
    assert ran.json["names"] == ["blue", "green", "crimson"]
    assert ran.json["prompts"] == ["a {} photo"]
    assert ran.json["questions"] == {}


def test_a_second_model_is_compared_with_the_first(shop: Path, cli: Cli) -> None:
    ran = cli(*TABLE, "--label", "colour", "--model", "tiny-0", "--model", "tiny-2")
    assert 3 == ran.out.count("against tiny-0")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("sts", "shop.csv", "--label", "colour"), "--label is for crossmodal, not for sts"),
        (("crossmodal", "shop.csv", "--kinds", "text"), "--kinds takes two"),
        (("crossmodal", "photos", "--text", "title"), "a folder or a single file has no columns"),
        (("crossmodal", "photos", "--name", "red"), "write CLASS=NAME"),
        (("crossmodal", "photos", "--name", "pink=rose"), "no class 'pink'"),
        (("crossmodal", "photos", "--prompt", "a photo"), "one {} for the name"),
        (("crossmodal", "photos", "--split", "dev"), "--split is for retrieval"),
        (("crossmodal", "shop.csv", "--text", "title", "--label", "size"), "no item has the label"),
    ],
)  # fmt: skip
def test_it_refuses_with_a_reason(shop: Path, cli: Cli, words: tuple[str, ...], why: str) -> None:
    ran = cli("evaluate", *words, "--model", "tiny-0")
    assert ran.code == 2
    assert why in ran.err
