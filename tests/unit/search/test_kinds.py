"""Items of different kinds in one list: none is first, or lost, for its kind alone."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cospace.results import Results
from cospace.search import Query, ask, ask_many
from cospace.search.candidates import gather
from cospace.search.fuse import Scored, fuse, main_of
from cospace.search.kinds import grounds
from cospace.space import Space
from cospace.store.local import LocalStore
from cospace.store.memory import MemoryStore
from cospace.store.protocol import Row, Sampled, Store
from cospace.store.reader import LocalReader
from cospace.store.schema import Schema
from cospace.store.where import parse

DIM = 48
KINDS = ("text", "image", "audio")
NAN = float("nan")
TEXT = {"text": 1.0, "image": 0.05, "words": 1.0}
Vector = NDArray[np.float32]


def unit(rows: NDArray[np.float64]) -> Vector:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


class World:
    """Things that texts, images and sounds are about, each kind in a corner of its own."""

    def __init__(self, things: int, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.things = self.random.standard_normal((things, DIM))
        self.corner = {kind: self.random.standard_normal(DIM) * 1.5 for kind in KINDS}
        self.noise = {"text": 0.3, "image": 0.8, "audio": 1.2}

    def seen(self, thing: int, kind: str) -> Vector:
        noise = self.random.standard_normal(DIM) * self.noise[kind]
        return unit(self.things[thing] + self.corner[kind] + noise)

    def row(self, thing: int, *kinds: str) -> Row:
        vectors = {kind: self.seen(thing, kind) for kind in kinds}
        return Row(f"{thing}", text=f"thing {thing}", vectors=vectors)

    def query(self, thing: int, words: str = "", weights: Mapping[str, float] = TEXT) -> Query:
        """What a text about a thing asks: texts and images, and what has neither."""
        vector = self.seen(thing, "text")
        asked = {"text": vector, "image": vector}
        return Query(asked, words, weights, others={"audio": vector})


def stored(rows: list[Row], store: Store | None = None) -> Store:
    made = MemoryStore() if store is None else store
    schema = Schema()
    for row in rows:
        schema.add(schema.learn(row.metadata, row.id))
    made.extend(Space.of("world", DIM), schema)
    made.write(rows, replace=False)
    return made


@pytest.fixture(scope="module")
def world() -> World:
    return World(120)


@pytest.fixture(scope="module")
def mixed(world: World) -> Iterator[Store]:
    """120 things, 40 of each kind."""
    made = stored([world.row(n, KINDS[n % 3]) for n in range(120)])
    yield made
    made.close()


def places(found: Results) -> list[int]:
    return [int(id) for id in found.ids]


def test_no_kind_is_first_for_its_kind(world: World, mixed: Store) -> None:
    counts = np.zeros(3)
    answers = ask_many(mixed, [world.query(n) for n in range(120)], k=120)
    for found in answers:
        assert 120 == len(found), "a kind that the query does not ask for is found too"
        counts += np.bincount([n % 3 for n in places(found)[:40]], minlength=3)
    assert (abs(counts / counts.sum() - 1 / 3) < 0.04).all()


def test_each_is_found_whatever_it_is_given_as(world: World, mixed: Store) -> None:
    answers = ask_many(mixed, [world.query(n) for n in range(120)], k=10)
    hits = np.array([n in places(found) for n, found in enumerate(answers)])
    for kind in range(3):
        assert hits[kind::3].mean() > 0.6  # 8% by chance


def test_few_of_a_kind_among_many_of_another_stand_where_they_belong() -> None:
    """By its list alone each kind's best would be first, however far from the query."""
    world = World(1_060)
    kinds = ["text"] * 1_000 + ["image"] * 60
    store = stored([world.row(n, kind) for n, kind in enumerate(kinds)])
    answers = ask_many(store, [world.query(n) for n in range(0, 1_000, 25)], k=10)
    strangers = np.mean([np.mean([n >= 1_000 for n in places(found)]) for found in answers])
    assert strangers < 0.15  # 6% of all are images
    assert [n * 25 for n in range(40)] == [places(found)[0] for found in answers]
    asked = ask_many(store, [world.query(n) for n in range(1_000, 1_060)], k=10)
    own = [n in places(found) for n, found in enumerate(asked, 1_000)]
    assert np.mean(own) > 0.6
    store.close()


@pytest.mark.parametrize("kinds", [("text",), ("text", "image"), ("text", "image", "audio")])
@pytest.mark.parametrize("words", ["", "thing 7"])
def test_where_all_have_the_same_kinds_nothing_changes(
    world: World, kinds: tuple[str, ...], words: str
) -> None:
    store = stored([world.row(n, *kinds) for n in range(120)])
    for n in (0, 7, 50):
        query = world.query(n, words)
        found = ask(store, query, k=120, explain=True)
        before = ask(store, query._replace(others={}), k=120, explain=True)
        assert list(before) == list(found), "bit by bit, with the reasons"
        assert before.score == found.score
        assert "scale" not in found.score
        [gathered] = gather(store, [query], [50])
        assert {} == gathered.ground, "and nothing is picked"
    store.close()


def test_items_that_have_the_main_kind_keep_their_scores(world: World) -> None:
    """A few that lack it are put among them; they change nothing about the others."""
    texts = [world.row(n, "text", "image") for n in range(40)]
    whole = stored(texts)
    more = stored([*texts, *(world.row(n, "audio") for n in range(40, 60))])
    query = world.query(3)
    before = {hit.id: hit.score for hit in ask(whole, query, k=60)}
    after = {hit.id: hit.score for hit in ask(more, query, k=60)}
    assert len(after) == 60
    assert before == {id: score for id, score in after.items() if int(id) < 40}
    whole.close()
    more.close()


def test_it_is_said_and_explained(world: World, mixed: Store) -> None:
    found = ask(mixed, world.query(1, "thing"), k=120, explain=True)
    assert found.score.endswith("1 words + 1 audio; kinds on one scale")
    for hit in found:
        assert hit.score == pytest.approx(sum(why.share for why in hit.why))
        assert [KINDS[int(hit.id) % 3]] == [w.list for w in hit.why if w.list != "words"]


def test_filters_exclusions_and_pages_hold_for_every_kind(world: World) -> None:
    rows = [world.row(n, KINDS[n % 3]) for n in range(120)]
    for n, row in enumerate(rows):
        row.metadata = {"shelf": n // 60}
    store = stored(rows)
    where = parse({"shelf": 1}, store.schema)
    query = world.query(4)._replace(where=where, exclude=frozenset({"62", "65"}))
    whole = places(ask(store, query, k=120))
    assert 58 == len(whole) == len(set(whole))
    assert not {62, 65} & set(whole)
    assert min(whole) == 60
    paged = [n for start in range(0, 60, 7) for n in places(ask(store, query, k=7, offset=start))]
    assert whole == paged
    store.close()


def test_one_or_two_of_a_kind_are_found_and_are_not_always_first(world: World) -> None:
    rows = [world.row(n, "text") for n in range(60)]
    store = stored([*rows, world.row(60, "image"), world.row(61, "audio"), world.row(62, "audio")])
    first = [places(ask(store, world.query(n), k=63)) for n in range(60)]
    assert all(len(found) == 63 for found in first)
    assert np.mean([found[0] >= 60 for found in first]) < 0.1
    store.close()


class Plain:
    """A store that offers nothing but what it must: no vectors picked blindly."""

    def __init__(self, store: Store) -> None:
        self.find, self.rows = store.find, store.rows


def test_a_store_that_picks_nothing_serves_as_before(world: World, mixed: Store) -> None:
    plain = Plain(mixed)
    assert not isinstance(plain, Sampled)
    found = ask(plain, world.query(2), k=120)  # type: ignore[arg-type]
    assert 120 == len(found)
    assert "scale" not in found.score


# --- what is picked ---


def test_what_is_picked_is_from_all_over_and_bounded(tmp_path: Path, world: World) -> None:
    store = stored([], LocalStore(tmp_path / "store"))
    rows = [Row(f"{n}", vectors={"text": world.seen(n % 120, "text")}) for n in range(700)]
    rows += [Row(f"a{n}", vectors={"audio": world.seen(n, "audio")}) for n in range(9)]
    store.write(rows, replace=False)
    assert isinstance(store, Sampled)
    picked = store.sampled()
    assert {"text": 233, "audio": 9} == {kind: len(some) for kind, some in picked.items()}
    first, last = rows[2].vectors["text"], rows[698].vectors["text"]
    assert (picked["text"][0] == first).all()
    assert (picked["text"][-1] == last).all()
    assert store.sampled() is picked, "once, and not for every query"
    reader = LocalReader(tmp_path / "store")  # a process that may not write
    assert (reader.sampled()["audio"] == picked["audio"]).all()
    reader.close()
    for n in range(4):
        store.write([Row(f"b{n}", vectors={"image": world.seen(n, "image")})], replace=False)
    assert {"text", "audio", "image"} == set(store.sampled()), "anew, as commits double"
    store.close()


def test_what_a_cosine_is_worth(world: World, mixed: Store) -> None:
    vector = world.seen(0, "text")
    vectors = dict.fromkeys(KINDS, vector)
    assert isinstance(mixed, Sampled)
    found = grounds(mixed, vectors, TEXT, {"text": {1, 2}, "image": {3}})
    cosines = mixed.sampled()["image"] @ vector
    assert found["image"].mean == pytest.approx(float(cosines.mean()))
    assert found["image"].deviation == pytest.approx(float(cosines.std()), rel=0.2)
    assert found["text"].mean > found["image"].mean + 0.2, "the gap between the kinds"
    assert {} == grounds(mixed, vectors, TEXT, {"text": {1, 3}, "image": {3}})
    assert {} == grounds(mixed, vectors, TEXT, {})


# --- the scale ---


def scored(*scores: float, weight: float = 1.0, ground: tuple[float, float] | None) -> Scored:
    return Scored(np.array(scores, float), weight, True, None, ground=ground)


def test_a_cosine_is_moved_by_its_deviations() -> None:
    text = scored(0.7, 0.5, NAN, NAN, ground=(0.4, 0.1))
    image = scored(NAN, NAN, 0.30, 0.05, weight=0.05, ground=(0.1, 0.1))
    fused = fuse({"text": text, "image": image}, [1, 2, 3, 4])
    # 0.30 lies two deviations above its mean, as a text of 0.6 does; 0.05 half a one below.
    assert [0, 2, 1, 3] == fused.order
    assert np.allclose(fused.scores, [1, -1, 0, (0.35 - 0.6) / 0.1])


def test_without_a_scale_each_list_has_its_own() -> None:
    one = scored(0.7, NAN, NAN, ground=(0.4, 0.1))
    image = scored(NAN, 0.3, 0.1, ground=(0.1, 0.1))
    fused = fuse({"text": one, "image": image}, [1, 2, 3])
    assert np.allclose(fused.scores, [0, 1, -1]), "of one item there is no deviation"


def test_what_the_list_did_not_bring_is_a_step_below_its_last() -> None:
    text = scored(0.7, 0.5, NAN, NAN, ground=(0.4, 0.1))
    image = scored(NAN, NAN, 0.2, -0.9, ground=(0.1, 0.1))
    own = np.array([False, False, True, False])
    fused = fuse({"text": text, "image": image._replace(own=own)}, [1, 2, 3, 4])
    assert fused.scores[3] == pytest.approx(fused.scores[2] - 0.5)


def test_the_main_list_is_that_of_the_most_weight() -> None:
    assert "image" == main_of({"text": 0.45, "image": 0.55})
    assert "text" == main_of({"text": 1.0, "audio": 1.0})
    assert main_of({}) is None
