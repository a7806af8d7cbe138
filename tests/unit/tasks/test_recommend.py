"""More like these, less like those; diversity; sessions are worth what held-out ones say."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cospace as cs
from cospace.errors import BadArgument, EmptyItem, ItemNotFound, NotFound
from cospace.tasks import Sessions, recommend
from cospace.tasks.recommend import learn
from cospace.tasks.recommend.ppmi import item_vectors
from cospace.tasks.recommend.recommending import mmr

from .drawn import clouds, shop_of


def shop(classes: int = 3, each: int = 20, spread: float = 0.2):
    rows, truth = clouds(classes, each, spread)
    return shop_of(rows, [{"kind": int(one)} for one in truth])


def kinds(found) -> list[int]:
    return [one.metadata["kind"] for one in found.items]


def test_what_is_liked_comes_with_its_like_and_not_itself():
    market = shop()
    found = recommend(market, ["i0", "i1"], k=18)
    assert [0] * 18 == kinds(found)
    assert not {"i0", "i1"} & {one.id for one in found.items}
    assert sorted((one.score for one in found.items), reverse=True) == [
        one.score for one in found.items
    ]


def test_liking_two_kinds_finds_both_and_unlike_takes_one_away():
    market = shop()
    assert {0, 1} == set(kinds(recommend(market, ["i0", "i20"], k=20)))
    away = recommend(market, ["i0", "i20"], unlike=[f"i{n}" for n in range(21, 26)], k=10)
    assert [0] * 10 == kinds(away)


def test_a_filter_holds_and_nothing_is_left_short():
    found = recommend(shop(), "i0", k=15, where={"kind": {"$in": [1, 2]}})
    assert 15 == len(found.items)
    assert {1, 2} >= set(kinds(found))


def test_diversity_makes_them_less_alike_and_costs_relevance():
    market = shop(2, 30, 0.5)
    plain, mixed = recommend(market, "i0", diversity=0), recommend(market, "i0", diversity=0.6)
    assert mixed.alike < plain.alike == plain.alike_without == mixed.alike_without
    assert mixed.relevance <= plain.relevance
    assert plain.items[0].id == mixed.items[0].id  # the first has nothing above it


@given(st.integers(0, 200), st.integers(1, 12), st.floats(0, 1))
def test_mmr_names_each_once_and_begins_with_the_best(seed, k, diversity):
    draw = np.random.default_rng(seed)
    rows = draw.standard_normal((8, 4))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    score = draw.random(8)
    found = mmr(score, rows @ rows.T, k, diversity)
    assert min(k, 8) == len(set(found)) == len(found)
    if diversity < 1:
        assert int(score.argmax()) == found[0]
    if diversity == 0:
        assert np.argsort(-score, kind="stable")[:k].tolist() == found


# --- sessions ---


def together(count: int, seed: int = 0) -> list[list[str]]:
    """Sessions of one of 10 fixed sets of six items, which cut across the kinds."""
    draw = np.random.default_rng(seed)
    sets = np.random.default_rng(9).permutation(60).reshape(10, 6)
    return [[f"i{n}" for n in draw.permutation(sets[draw.integers(10)])[:4]] for _ in range(count)]


def test_what_goes_together_in_sessions_is_learnt_where_content_says_nothing():
    market = shop()
    learnt = learn(market, Sessions.of(together(400)), dim=16)
    assert learnt.recall is not None
    assert 80 == learnt.tested
    assert learnt.recall["both"].value > 0.9
    assert learnt.recall["content"].high < 0.5
    assert learnt.share > 0.3
    sets = np.random.default_rng(9).permutation(60).reshape(10, 6)
    first, *rest = (f"i{n}" for n in sets[0])
    found = recommend(market, first, k=5, sessions=learnt)
    assert set(rest) == {one.id for one in found.items}


def test_what_is_learnt_of_scores_is_of_those_that_recommend_gives():
    draw = np.random.default_rng(0)
    market = cs.open(":memory:", model="starter")
    words = ("chair", "table", "sofa", "lamp", "rake", "spade", "coat", "dress", "ball", "drum")
    for at, word in enumerate(words):
        photo = cs.Image(draw.integers(0, 40 + 20 * at, (32, 32, 3)).astype(np.uint8))
        only = {3: cs.Parts(text=word), 6: cs.Parts(image=photo)}
        market.add(cs.Item(f"i{at}", only.get(at, cs.Parts(text=f"A {word}", image=photo))))
    lists = [[f"i{n}" for n in draw.permutation(10)[:3]] for _ in range(12)]
    learnt = learn(market, Sessions.of(lists))
    content, joined = [], []
    for one in lists:
        items = recommend(market, one, k=10, sessions=learnt).items
        assert 7 == len(items)
        content += [item.content for item in items]
        joined += [item.together for item in items]
    assert (np.mean(content), np.std(content)) == pytest.approx(learnt.content, abs=1e-5)
    assert (np.mean(joined), np.std(joined)) == pytest.approx(learnt.together, abs=1e-5)


def test_sessions_that_hold_all_items_are_taken():
    learnt = learn(shop(1, 3), Sessions.of([["i0", "i1", "i2"]] * 3))
    assert (0, 1) == learnt.content


def test_sessions_by_lot_earn_no_share_over_content():
    draw = np.random.default_rng(0)
    lists = [[f"i{n}" for n in draw.choice(60, 4, replace=False)] for _ in range(200)]
    learnt = learn(shop(), Sessions.of(lists))
    assert learnt.recall is not None
    for one in learnt.recall.values():
        assert one.low < learnt.chance + 0.15


def test_few_sessions_hold_out_none_and_say_so():
    learnt = learn(shop(), Sessions.of(together(5)))
    assert (None, 0, 0.5) == (learnt.recall, learnt.tested, learnt.share)
    assert any("fewer than 30" in note for note in learnt.notes)


def test_vectors_of_items_are_unit_or_zero():
    rows = item_vectors([[0, 1, 2], [2, 3]], 6, dim=4)
    assert [1, 1, 1, 1, 0, 0] == np.linalg.norm(rows, axis=1).round(4).tolist()


def test_a_table_of_sessions_is_read_in_the_order_of_time(tmp_path: Path):
    file = tmp_path / "log.csv"
    file.write_text("session,item,time\ns,b,10\ns,a,9\nt,c,1\nu,,2\nt,c,2\n")
    found = Sessions.read(file)
    assert (("a", "b"),) == found.lists
    assert 2 == len(found.notes)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("user,item\ns,a\ns,b\n", BadArgument),
        ("session,item\ns,a\n", BadArgument),
        ("session,item\n", EmptyItem),
    ],
)
def test_a_table_that_holds_no_sessions_is_typed(tmp_path: Path, text, error):
    file = tmp_path / "log.csv"
    file.write_text(text)
    with pytest.raises(error):
        Sessions.read(file)


def test_sessions_of_other_ids_are_typed(tmp_path: Path):
    with pytest.raises(BadArgument, match="are its ids"):
        learn(shop(), Sessions.of([["x", "y"]]))
    with pytest.raises(NotFound):
        Sessions.read(tmp_path / "none.csv")
    with pytest.raises(BadArgument, match="seed is"):
        learn(shop(), Sessions.of(together(40)), seed=-1)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"like": []}, BadArgument),
        ({"like": ["nobody"]}, ItemNotFound),
        ({"like": ["i0"], "unlike": ["nobody"]}, ItemNotFound),
        ({"like": ["i0"], "unlike": ["i0"]}, BadArgument),
        ({"like": ["i0"], "k": 0}, BadArgument),
        ({"like": ["i0"], "diversity": 1.5}, BadArgument),
    ],
)
def test_what_cannot_be_is_typed(options, error):
    with pytest.raises(error):
        recommend(shop(1, 4), **options)


def test_one_item_has_nothing_beside_it():
    assert () == recommend(shop(1, 1), "i0").items
