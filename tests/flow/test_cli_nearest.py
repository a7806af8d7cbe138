"""cospace nearest: neighbours and analogies, as typed."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_shop import Cli

from cospace.encode.words import WordModel, WordVectors

WORDS = ["man", "woman", "king", "queen", "sofa", "settee"]
ROWS = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0.2, 1]]


@pytest.fixture(autouse=True)
def model(tmp_path: Path) -> None:
    WordModel.of(WordVectors(WORDS, np.array(ROWS, np.float32)), name="m").save(tmp_path / "m")


def test_neighbours_of_words_and_what_is_not_known(cli: Cli) -> None:
    ran = cli("nearest", "./m", "sofa", "sofs", "-k", 1)
    assert 0 == ran.code
    assert "settee 0.98" in ran.out
    assert "'sofs' is not among the 6 words of m; spelled alike are sofa" in ran.err
    record = json.loads(cli("nearest", "./m", "sofa", "x", "--json").out)
    assert "settee" == record["nearest"]["sofa"][0]["word"]
    assert ["x"] == record["unknown"]


def test_an_analogy_is_solved(cli: Cli) -> None:
    ran = cli("nearest", "./m", "man", "king", "woman", "--analogy", "-k", 1)
    assert 0 == ran.code
    assert "king - man + woman" in ran.out
    assert "queen" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("./m", "zzz"), 4, "not among the 6 words"),
        (("./m", "man", "zzz", "woman", "--analogy"), 4, "'zzz' is not among"),
        (("./m", "man", "king", "--analogy"), 2, "three words"),
        (("./m", "man", "-k", 0), 2, "k is a whole number, 1 or more"),
        (("minilm", "man"), 2, "no word model"),
        (("./nowhere", "man"), 4, "nowhere"),
    ],
)
def test_what_cannot_be_answered_says_why(
    cli: Cli, words: tuple[object, ...], code: int, expected: str
) -> None:
    ran = cli("nearest", *words)
    assert code == ran.code
    assert expected in ran.err
