"""Turns: what waits is encoded together, questions first, and one failure is one request's."""

import threading

import numpy as np
import pytest

from cospace.errors import BadItem, CollectionClosed, TooBusy
from cospace.limits import override
from cospace.serve.turns import FEW, Turns
from cospace.testing.tiny import tiny_model


class Held:
    """A model that waits before each batch until it is let go, and notes what it encodes."""

    def __init__(self) -> None:
        self.inner = tiny_model()
        self.space = self.inner.space
        self.cache = None
        self.batches: list[list[str]] = []
        self.go = threading.Semaphore(0)
        self.came = threading.Semaphore(0)

    def _seen(self, inputs):
        self.came.release()
        assert self.go.acquire(timeout=30)
        self.batches.append(list(inputs))

    def encode_query(self, inputs):
        self._seen(inputs)
        return self.inner.encode_query(inputs)

    def encode_document(self, inputs):
        self._seen(inputs)
        return self.inner.encode_document(inputs)

    def encode_prepared(self, kind, prepared):
        self._seen(prepared)
        return self.inner.encode_prepared(kind, prepared)

    def count_tokens(self, texts, role):
        return self.inner.count_tokens(texts, role)


@pytest.fixture
def held():
    model = Held()
    turns = Turns(model)
    yield model, turns
    for _ in range(1_000):
        model.go.release()
    turns.close()


def busy(model, turns):
    """A first request, under way and held."""
    first = turns.submit(["my first"], "query")
    assert model.came.acquire(timeout=30)
    return first


def let_go(model, batches=1_000):
    for _ in range(batches):
        model.go.release()


def test_what_waits_is_encoded_together_and_each_gets_its_own(held):
    model, turns = held
    first = busy(model, turns)
    waiting = [turns.submit([f"a red chair {n}"], "document", count=True) for n in range(5)]
    let_go(model)
    rows = [one.result(30).rows for one in [first, *waiting]]
    assert [["my first"], [f"a red chair {n}" for n in range(5)]] == model.batches
    alone = model.inner.encode_document(["a red chair 3"]).array
    np.testing.assert_allclose(rows[4], alone, atol=1e-6)
    assert model.inner.count_tokens(["a red chair 0"]) == [waiting[0].result().tokens]


def test_roles_are_not_mixed(held):
    model, turns = held
    busy(model, turns)
    a = turns.submit(["a chair"], "query")
    b = turns.submit(["a chair"], "document")
    let_go(model)
    np.testing.assert_array_equal(a.result(30).rows, model.inner.encode_query(["a chair"]).array)
    np.testing.assert_array_equal(b.result(30).rows, model.inner.encode_document(["a chair"]).array)
    assert 3 == len(model.batches)


def test_a_question_goes_before_a_long_list_that_came_first(held):
    model, turns = held
    busy(model, turns)
    long = turns.submit([f"text {n}" for n in range(3 * FEW)], "document")
    question = turns.submit(["a question"], "query")
    let_go(model)
    assert (3 * FEW, 32) == long.result(30).rows.shape
    question.result(30)
    assert ["a question"] == model.batches[1]


def test_a_long_list_is_cut_so_that_a_question_waits_for_one_slice(held):
    model, turns = held
    busy(model, turns)
    texts = [f"text {n}" for n in range(50)]
    long = turns.submit(texts, "document")
    let_go(model, 1)
    assert model.came.acquire(timeout=30)  # its first slice is under way
    question = turns.submit(["a question"], "query")
    let_go(model)
    rows = long.result(30).rows
    question.result(30)
    at = model.batches.index(["a question"])
    assert at < len(model.batches) - 1, "the list went on after the question"
    np.testing.assert_allclose(rows, model.inner.encode_document(texts).array, atol=1e-6)


def test_what_waits_behind_questions_gets_its_turn(held):
    model, turns = held
    busy(model, turns)
    long = turns.submit([f"text {n}" for n in range(2 * FEW)], "document")
    for n in range(60):  # of another role each, so that each is a batch of its own
        turns.submit([f"q{n}"], "query" if n % 2 else "document")
    let_go(model)
    long.result(30)
    at = next(i for i, batch in enumerate(model.batches) if batch[0] == "text 0")
    assert at <= 20


def test_one_bad_input_fails_its_own_request_only_and_names_its_place(held):
    model, turns = held
    busy(model, turns)
    good = turns.submit(["a chair"], "document")
    bad = turns.submit(["a chair", "\u200b"], "document")
    after = turns.submit(["a lamp"], "document")
    let_go(model)
    assert (1, 32) == good.result(30).rows.shape
    assert (1, 32) == after.result(30).rows.shape
    with pytest.raises(BadItem, match="input 1"):
        bad.result(30)


def test_a_bad_input_deep_in_a_long_list_is_named_by_its_place_in_the_list(held):
    model, turns = held
    texts = [f"text {n}" for n in range(100)]
    texts[93] = " "
    let_go(model)
    with pytest.raises(BadItem, match="input 93"):
        turns.submit(texts, "document").result(30)
    assert (1, 32) == turns.submit(["it goes on"], "query").result(30).rows.shape
    assert 0 == turns.waiting


def test_positions_cut_short_are_those_of_the_request(held):
    model, turns = held
    busy(model, turns)
    long = "a red chair " * 200
    a = turns.submit(["a chair"], "document")
    b = turns.submit(["a chair", long], "document")
    let_go(model)
    assert ([], [1]) == (a.result(30).cut, b.result(30).cut)


def test_a_request_that_was_cancelled_is_never_encoded(held):
    model, turns = held
    busy(model, turns)
    gone = turns.submit(["gone"], "query")
    stays = turns.submit(["stays"], "query")
    assert gone.cancel()
    let_go(model)
    stays.result(30)
    assert ["stays"] == model.batches[-1]
    assert 0 == turns.waiting


def test_too_much_waiting_is_refused_at_once_with_a_time(held):
    model, turns = held
    busy(model, turns)
    with override(queue_inputs=10):
        turns.submit(["x"] * 10, "document")
        with pytest.raises(TooBusy, match="10 inputs are waiting") as caught:
            turns.submit(["y"], "query")
    assert caught.value.retry_after >= 1


def test_closing_finishes_what_was_taken_in_and_refuses_the_rest():
    model = Held()
    turns = Turns(model)
    waiting = [turns.submit([f"text {n}"], "query") for n in range(5)]
    let_go(model)
    turns.close()
    assert all(one.done() for one in waiting)
    with pytest.raises(CollectionClosed, match="shutting down"):
        turns.submit(["late"], "query")


def test_a_collection_asks_through_turns_and_finds_the_same():
    import cospace as cs

    model = tiny_model()
    turns = Turns(model)
    plain, shared = (cs.open(":memory:", model=one) for one in (model, model.through(turns)))
    for shop in (plain, shared):
        shop.add(ids=["a", "b"], documents=["a red chair", "my blue bus"])
    assert plain.search("a chair").to_json() == shared.search("a chair").to_json()
    turns.close()


class Panic(BaseException):
    """As a panic of the Rust library comes: no Exception."""


@pytest.mark.parametrize("error", [Panic("broken"), RuntimeError("broken"), MemoryError()])
def test_nothing_that_a_model_raises_ends_the_thread(held, error):
    model, turns = held
    sound = model.encode_document

    def broken(inputs):
        model.came.release()
        raise error

    model.encode_document = broken
    with pytest.raises(Exception, match=r"broken|^$"):
        turns.submit(["a chair"], "document").result(30)
    model.encode_document = sound
    let_go(model)
    assert (1, 32) == turns.submit(["a chair"], "document").result(30).rows.shape


class Cached(Held):
    """A model that reads less, or more, than it is asked for: as it reads it cannot be counted."""

    def encode_document(self, inputs):
        self._seen(inputs)
        self.inner.encode_document(["one more"])
        return self.inner.encode_document(inputs)


def test_tokens_are_counted_while_texts_are_read_and_not_again(held):
    model, turns = held
    busy(model, turns)
    texts = [["a red chair", "my"], ["a lamp of my blue bus"], ["chair"]]
    asked = [turns.submit(some, "document", count=n != 1) for n, some in enumerate(texts)]

    def again(texts, role):
        raise AssertionError("tokenised a second time")

    model.count_tokens = again
    let_go(model)
    found = [one.result(30).tokens for one in asked]
    sums = [sum(model.inner.count_tokens(some)) for some in texts]
    assert [sums[0], 0, sums[2]] == found
    assert 2 == len(model.batches), "and all in one batch"


def test_parts_count_the_tokens_of_their_texts(held):
    import cospace as cs

    model, turns = held
    let_go(model)
    inputs = [cs.Parts(text="a red chair"), "my", cs.Parts(text="a lamp")]
    found = turns.submit(inputs, "query", count=True).result(30)
    assert sum(model.inner.count_tokens(["a red chair", "my", "a lamp"], "query")) == found.tokens


def test_what_a_cache_knew_is_counted_after_all():
    model = Cached()
    turns = Turns(model)
    let_go(model)
    found = turns.submit(["a red chair", "my bus"], "document", count=True).result(30)
    assert sum(model.inner.count_tokens(["a red chair", "my bus"])) == found.tokens
    turns.close()


def test_neither_a_count_that_fails_nor_a_watch_ends_the_thread():
    def watch(inputs, seconds):
        raise OSError("no more room for figures")

    model = Cached()
    turns = Turns(model, watch=watch)
    let_go(model)

    def broken(texts, role):
        raise RuntimeError("no tokens")

    sound, model.count_tokens = model.count_tokens, broken
    with pytest.raises(RuntimeError, match="no tokens"):
        turns.submit(["a chair"], "document", count=True).result(30)
    model.count_tokens = sound
    assert turns.submit(["a chair"], "document", count=True).result(30).tokens
    turns.close()


def test_fewer_vectors_than_inputs_are_noticed(held):
    model, turns = held
    whole = model.inner.encode_document
    model.encode_document = lambda inputs: whole(list(inputs)[:1])
    with pytest.raises(RuntimeError, match="1 vectors came of 2 inputs"):
        turns.submit(["a chair", "a lamp"], "document").result(30)


def test_what_is_cancelled_counts_as_waiting_no_longer(held):
    model, turns = held
    busy(model, turns)
    waiting = [turns.submit(["x"] * 20, "document") for _ in range(5)]
    assert 100 == turns.waiting
    assert all(one.cancel() for one in waiting)
    assert 0 == turns.waiting
    let_go(model)
    turns.submit(["goes on"], "query").result(30)
    assert 0 == turns.waiting


def test_long_lists_and_indexing_take_turns_and_stay_behind_questions(held):
    model, turns = held
    busy(model, turns)
    lists = turns.submit([f"list {n}" for n in range(2_000)], "document")
    prepared = [model.inner.prepare("text", tiny_part(f"item {n}")) for n in range(2_000)]
    done = threading.Thread(target=turns.encode_prepared, args=(model.inner, "text", prepared))
    done.start()
    while turns.waiting < 4_000:
        pass
    let_go(model, 5)
    for _ in range(5):
        assert model.came.acquire(timeout=30)
    question = turns.submit(["a question"], "query")
    let_go(model)
    question.result(30)
    lists.result(30)
    done.join()
    first = [batch[0].split()[0] for batch in model.batches[1:5]]
    assert {"list", "item"} == set(first[:2]) == set(first[2:4])
    assert 6 >= model.batches.index(["a question"])


def tiny_part(text):
    from cospace.item import Part

    return Part("text", text)
