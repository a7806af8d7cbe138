"""Plans: each store's needs, where one machine ends, and what is never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadArgument
from cospace.plan import STORES, Local, Machine, Needs, Plan, Prices, Shape, plan
from cospace.plan.engines import FORMS
from tests.unit.plan.measured import SHAPE, SMALL

LOCAL = Local(SMALL, scan=5e9)
BOX = Machine(64e9, 16)


def planned(items: int, **more: object) -> Plan:
    return plan(items, SHAPE, **({"local": LOCAL, "machine": BOX} | more))  # type: ignore[arg-type]


def needs(found: Plan, store: str, form: str) -> Needs:
    return next(one for one in found.needs if (one.store, one.form) == (store, form))


def test_every_store_and_form_has_a_row_with_its_source() -> None:
    found = planned(1_000_000)
    assert list(STORES) == list(dict.fromkeys(one.store for one in found.needs))
    for one in found.needs:
        assert "measured here" == one.source or one.source.startswith("https://")
        assert one.cost is None


def test_a_million_stays_in_one_local_store() -> None:
    found = planned(1_000_000)
    assert 1 == needs(found, "local", "int8").machines
    assert "take: local" in found.advice[-1]


def test_a_billion_leaves_it() -> None:
    found = planned(1_000_000_000, machine=Machine(256e9, 32))
    ends = needs(found, "local", "int8").ends
    assert ends is not None and 10**7 < ends < 10**9
    assert not needs(found, "local", "int8").fits
    assert not needs(found, "postgresql", "hnsw, halfvec").fits
    taken = next(line for line in found.advice if line.startswith("take: "))
    assert taken.startswith("take: qdrant, ")
    assert any("keeps words, metadata and the truth" in line for line in found.advice)


def test_an_index_that_scans_is_too_slow_for_a_billion() -> None:
    flat = needs(planned(1_000_000_000), "milvus", "flat")
    assert flat.searches is not None and flat.searches < 1
    assert 1.0 == flat.recall


def test_where_one_machine_ends_it_is_just_full() -> None:
    ends = needs(planned(1_000_000), "local", "int8").ends
    assert ends is not None
    assert LOCAL.at(ends, "int8").least <= BOX.usable < LOCAL.at(ends + 1, "int8").least  # type: ignore[operator]


def test_a_rate_takes_copies() -> None:
    slow = needs(planned(1_000_000), "qdrant", "int8")
    fast = needs(planned(1_000_000, rate=1e6), "qdrant", "int8")
    assert slow.searches is not None and slow.machines is not None and fast.machines is not None
    assert fast.machines * slow.searches >= 1e6


def test_costs_are_the_readers_prices() -> None:
    found = planned(1_000_000_000, prices=Prices(machine_hour=0.5))
    for one in found.needs:
        expected = one.machines * 0.5 * 730 if one.machines and one.fits else None
        assert expected == one.cost
    by_memory = planned(1_000_000, prices=Prices(memory_gb_hour=0.01))
    one = needs(by_memory, "qdrant", "none")
    assert one.memory is not None
    assert one.cost == pytest.approx(one.memory / 1e9 * 0.01 * 730)


@given(st.integers(1, 10**12), st.floats(1e9, 1e13))
def test_machines_hold_what_they_are_given(items: int, memory: float) -> None:
    for one in planned(items, machine=Machine(memory, 8)).needs:
        if one.machines is not None and one.least is not None:
            assert one.least <= one.machines * 0.8 * memory * (1 + 1e-9)


def test_without_a_trial_nothing_measured_is_told() -> None:
    found = planned(1_000_000, local=None, stores=["qdrant", "postgresql"])
    for one in found.needs:
        assert (None, None, None) == (one.build_processor, one.searches, one.beside)
    with pytest.raises(BadArgument, match="from a trial"):
        planned(1_000_000, local=None)


def test_what_makes_no_plan() -> None:
    with pytest.raises(BadArgument, match="items is a whole number, 1 or more"):
        planned(0)
    with pytest.raises(BadArgument, match="not oracle"):
        planned(1, stores=["local", "oracle"])
    with pytest.raises(BadArgument, match="not none"):
        planned(1, stores=[])
    with pytest.raises(BadArgument, match="memory and cores"):
        Machine(64e9, 0)
    with pytest.raises(BadArgument, match="a price is a number"):
        Prices(machine_hour=float("nan"))


def test_vectors_that_are_too_long_for_an_engine() -> None:
    found = plan(10, Shape(25_000), local=None, machine=BOX, stores=["pinecone"])
    assert found.needs[0].disk is None
    assert ("takes at most 20,000 numbers a vector",) == found.needs[0].notes


def test_a_formula_gives_the_example_of_its_page() -> None:
    # Qdrant's page: a million vectors of 768, two copies: 5.72 GiB, 0.29, 0.10, and 20% more.
    form = FORMS["qdrant"][0].size(2_000_000, 768, 0)
    assert form.memory is not None
    assert form.memory / 2**30 == pytest.approx(1.2 * (5.72 + 0.23 + 0.10), rel=0.01)
    # Weaviate's page: a million of 384 numbers takes 3 GB.
    form = FORMS["weaviate"][1].size(1_000_000, 384, 0)
    assert form.memory == pytest.approx(3e9, rel=0.03)
