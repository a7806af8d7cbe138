"""Ways to train are compared on one corpus, with one table."""

from pathlib import Path

import pytest

from cospace.draw import Method, draw_methods
from cospace.errors import BadArgument
from cospace.train.comparison import compare_methods

SENTENCES = [["sofa", "couch", "lamp", "rug"], ["pump", "tyre", "bell", "chain"]] * 50
GIVEN = {"min_count": 1, "dim": 16, "epochs": 2}


def test_each_method_is_trained_on_the_same_words(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("word1,word2,score\nsofa,couch,9\npump,tyre,8\nsofa,pump,1\nlamp,bell,2\n")
    methods = ["word2vec", "glove", "subwords"]
    found = compare_methods(methods, SENTENCES, settings=GIVEN, yardsticks=pairs, words=["sofa"])
    assert methods == [one.method for one in found.results]
    assert 1 == len({tuple(one.model.words) for one in found.results})
    assert all(one.seconds > 0 and one.memory > 0 for one in found.results)
    assert found.report is not None
    assert [4, 4, 4] == [one.pairs[0].found for one in found.report.results]
    assert all(3 == len(lists) for lists in found.neighbours.values())
    assert methods == list(found.to_json()["neighbours"]["sofa"])


def test_words_may_be_chosen_and_an_unknown_one_is_refused() -> None:
    found = compare_methods(["glove"], SENTENCES, settings=GIVEN, words=["lamp"])
    assert ["lamp"] == list(found.neighbours)
    with pytest.raises(BadArgument, match="'velvet' too seldom"):
        compare_methods(["glove"], SENTENCES, settings=GIVEN, words=["velvet"])


@pytest.mark.parametrize("methods", [[], ["bert"], ["glove", "glove"]])
def test_unknown_methods_are_refused(methods: list[str]) -> None:
    with pytest.raises(BadArgument, match="each once"):
        compare_methods(methods, SENTENCES)


@pytest.mark.parametrize("figures", [{}, {"men": (40.0, 35.0, 45.0), "all": (12.0, 11.0, 13.0)}])
def test_the_plot_is_written_with_and_without_yardsticks(
    figures: dict[str, tuple[float, float, float]], tmp_path: Path
) -> None:
    methods = [Method("word2vec", figures, 12.0, 300.0), Method("glove", figures, 40.0, 900.0)]
    draw_methods(methods, tmp_path / "found.png", title="texts")
    assert (tmp_path / "found.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(BadArgument, match="no method"):
        draw_methods([], tmp_path / "found.png", title="texts")
    with pytest.raises(BadArgument, match="ends in"):
        draw_methods(methods, tmp_path / "found.gif", title="texts")
