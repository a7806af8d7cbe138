"""Complete linkage: every pair of a group is near, and the order of the items changes nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cospace.audit.linkage import linked
from cospace.audit.near import near_pairs


@st.composite
def pairs(draw: st.DrawFn) -> tuple[int, dict[tuple[int, int], float]]:
    n = draw(st.integers(2, 12))
    some = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=40))
    values = st.sampled_from([0.91, 0.92, 0.95, 0.99, 1.0])
    return n, {(min(p), max(p)): draw(values) for p in sorted(some) if p[0] != p[1]}


def groups(found: dict[tuple[int, int], float], ids: list[str]) -> list[list[int]]:
    a = np.array([one for one, _ in found], np.int64)
    b = np.array([two for _, two in found], np.int64)
    return linked(a, b, np.array(list(found.values()), np.float64), ids)


@given(pairs())
def test_every_pair_of_a_group_is_near(given_: tuple[int, dict[tuple[int, int], float]]) -> None:
    n, found = given_
    for group in groups(found, [f"{i:02}" for i in range(n)]):
        assert all((min(x, y), max(x, y)) in found for x in group for y in group if x != y)


@given(pairs())
def test_an_item_is_in_one_group(given_: tuple[int, dict[tuple[int, int], float]]) -> None:
    n, found = given_
    members = [i for group in groups(found, [f"{i:02}" for i in range(n)]) for i in group]
    assert len(set(members)) == len(members)


@given(pairs())
def test_no_two_groups_could_be_one(given_: tuple[int, dict[tuple[int, int], float]]) -> None:
    n, found = given_
    made = groups(found, [f"{i:02}" for i in range(n)])
    for one in made:
        for two in made:
            if one is not two:
                assert not all((min(x, y), max(x, y)) in found for x in one for y in two)


@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_the_items_changes_nothing(given_, random) -> None:  # type: ignore[no-untyped-def]
    n, found = given_
    ids = [f"{i:02}" for i in range(n)]
    turned = list(range(n))
    random.shuffle(turned)
    place = {old: new for new, old in enumerate(turned)}
    moved = {(min(place[a], place[b]), max(place[a], place[b])): v for (a, b), v in found.items()}
    new_ids = [ids[old] for old in turned]
    before = [[ids[i] for i in group] for group in groups(found, ids)]
    after = [[new_ids[i] for i in group] for group in groups(moved, new_ids)]
    assert before == after


def test_near_things_in_a_row_do_not_chain() -> None:
    angles = np.radians(np.arange(0, 40, 4.0))  # each 4 degrees from the next
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    least = float(np.cos(np.radians(5)))
    found = near_pairs(rows, least)
    made = linked(found.a, found.b, found.cosines, [f"{i:02}" for i in range(10)])
    assert {2} == {len(group) for group in made}


@given(st.integers(0, 1_000))
def test_grouped_search_finds_what_all_comparisons_find(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(600, 32)).astype(np.float32)
    rows[:40] = rows[40:80] + 0.05 * draw.normal(size=(40, 32)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    exact, grouped = near_pairs(rows, 0.97), near_pairs(rows, 0.97, exact=100)
    assert exact.a.tolist() == grouped.a.tolist()
    assert exact.b.tolist() == grouped.b.tolist()
    assert np.array_equal(exact.cosines, grouped.cosines)


def test_more_than_a_million_pairs_are_told() -> None:
    rows = np.tile(np.float32([0.6, 0.8]), (2_100, 1))
    found = near_pairs(rows, 0.9)
    assert found.dropped
    assert len(found.a) <= 1_000_000
