"""What cannot be a parameter is refused by a typed error that names it, whatever its kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace import map as maps
from cospace.audit import audit, duplicates
from cospace.audit.questions import read_log
from cospace.collection import Collection
from cospace.encode.tokens import tokens
from cospace.encode.words import WordModel
from cospace.encode.words.vectors import WordVectors
from cospace.errors import BadArgument, BadFilter, CospaceError
from cospace.evaluate.migration import compare_models
from cospace.measures import metrics
from cospace.measures.bootstrap import mean_difference, mean_interval, randomized, resample
from cospace.measures.paired import paired, questions_needed
from cospace.tasks import classify, cluster, gather, recommend, senses
from cospace.testing import tiny_model
from cospace.train.combiner import Triples
from cospace.train.heads.given import head_settings
from cospace.train.ranges import check_names

WRONG = (None, 5, -1, 2.5, float("nan"), True, b"x", [5], {5: 6}, object(), np.float32(2.5))
COLOURS, THINGS = ("red", "blue", "green"), ("chair", "table", "lamp", "rug")

Call = Callable[[Collection, Any], object]


@pytest.fixture(scope="module")
def shop() -> Collection:
    shop = cs.open(":memory:", model=tiny_model())
    named = [(colour, thing) for colour in COLOURS for thing in THINGS]
    shop.add(
        ids=[f"M{at}" for at in range(len(named))],
        documents=[" ".join(both) for both in named],
        metadatas=[{"colour": colour, "thing": thing} for colour, thing in named],
    )
    return shop


COLLECTIONS: dict[str, Call] = {
    "classify": lambda _, x: classify(x, "colour"),
    "cluster": lambda _, x: cluster(x, 2),
    "gather": lambda _, x: gather(x),
    "recommend": lambda _, x: recommend(x, "M1"),
    "check": lambda _, x: cs.evaluate.check(x, {"red": ["M1"]}),
    "pool": lambda _, x: cs.evaluate.pool(x, "red"),
    "index_recall": lambda _, x: cs.evaluate.index_recall(x),
    "compare_models": compare_models,
    "adapt": lambda _, x: cs.train.adapt(x),
    "adapt_back": lambda _, x: cs.train.adapt_back(x),
    "audit": lambda _, x: audit(x),
    "against": lambda shop, x: audit(shop, against=x, checks=["hubs"]),
    "duplicates": lambda _, x: duplicates(x),
}


@pytest.mark.parametrize("name", COLLECTIONS)
@pytest.mark.parametrize("given", ["market.cospace", Path("market.cospace"), 5, [1, 2], object()])
def test_what_is_no_collection_is_refused(shop: Collection, name: str, given: Any) -> None:
    with pytest.raises(BadArgument, match=r"is a Collection, as cospace\.open gives it, not "):
        COLLECTIONS[name](shop, given)


PATHS: dict[str, Call] = {
    "open": lambda _, x: cs.open(x),
    "read_word_vectors": lambda _, x: cs.read_word_vectors(x),
    "export": lambda shop, x: shop.export(x),
    "restore": lambda shop, x: shop.restore(x),
    "restore_shards": lambda shop, x: shop.restore_shards(x),
    "save": lambda shop, x: shop.model.save(x),  # type: ignore[attr-defined]
    "sts": lambda shop, x: cs.evaluate.sts(x, shop.model),
    "sts, turned round": lambda shop, _: cs.evaluate.sts(shop.model, "pairs.csv"),  # type: ignore[arg-type]
    "retrieval": lambda shop, x: cs.evaluate.retrieval(x, shop.model),
    "read_judgments": lambda _, x: cs.evaluate.read_judgments(x),
    "read_log": lambda _, x: read_log(x),
    "widen": lambda _, x: cs.train.widen("starter", x, kinds="depth"),
}


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("given", [None, 5, 2.5, True, b"x", [], {}, object(), "a\0b"])
def test_what_is_no_path_is_refused(shop: Collection, name: str, given: Any) -> None:
    with pytest.raises(BadArgument, match="is a path, a text or a Path, not "):
        PATHS[name](shop, given)


OTHERS: dict[str, Call] = {
    "by": lambda shop, x: shop.search("red", by=[x]),
    "facets": lambda shop, x: shop.facets([x]),
    "complete": lambda shop, x: shop.complete(x),
    "least": lambda shop, x: shop.ask("red?", least=str(x)),  # type: ignore[arg-type]
    "chat": lambda shop, x: shop.ask("red?", chat=repr(x)),  # type: ignore[arg-type]
    "engine": lambda _, x: cs.load("starter", engine=x),
    "metadata": lambda _, x: list(cs.read([{"id": "1", "text": "a"}], metadata=[x])),
    "location": lambda _, x: list(cs.read([{"id": "1", "text": "a"}], location=[x, "text"])),
    "kind": lambda _, x: cs.Part(x, "a"),
    "unlike": lambda _, x: cs.Parts(like="M1", unlike=[x]),
    "space": lambda _, x: cs.Vectors(np.eye(4, dtype=np.float32), x),
    "judged": lambda shop, x: cs.evaluate.check(shop, repr(x)),  # type: ignore[arg-type]
    "models": lambda _, x: cs.evaluate.sts("pairs.csv", [x]),
    "source": lambda shop, x: cs.evaluate.compare(shop.model, x),
    "k of cluster": lambda shop, x: cluster(shop, str(x)),  # type: ignore[arg-type]
    "label": lambda shop, x: classify(shop, [x]),  # type: ignore[arg-type]
    "least_sure": lambda shop, x: classify(shop, "colour", least_sure=str(x)),  # type: ignore[arg-type]
    "test": lambda shop, x: classify(shop, "colour", test=str(x)),  # type: ignore[arg-type]
    "like": lambda shop, x: recommend(shop, [x]),
    "diversity": lambda shop, x: recommend(shop, "M1", diversity=str(x)),  # type: ignore[arg-type]
    "sessions": lambda shop, x: recommend(shop, "M1", sessions=[x]),  # type: ignore[arg-type]
    "corpus": lambda _, x: senses([x], "bank"),
    "words": lambda _, x: senses(["a bank"], "bank", words=[x]),  # type: ignore[arg-type]
    "checks": lambda shop, x: audit(shop, checks=[x]),
    "questions": lambda shop, x: audit(shop, questions=[x]),
    "texts": lambda shop, x: cs.train.distill(shop.model, [x]),
    "min_count": lambda _, x: cs.train.read_corpus([["a"]], min_count=str(x)),  # type: ignore[arg-type]
    "ngrams": lambda _, x: cs.train.subwords([["a"]], ngrams=x),
    "dims": lambda _, x: cs.train.autoencoder(np.ones((300, 4)), [str(x)]),  # type: ignore[list-item]
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_kind_of_value_is_refused_by_a_typed_error(shop: Collection, name: str) -> None:
    for given in WRONG:
        with pytest.raises(CospaceError):
            OTHERS[name](shop, given)


COUNTS: dict[str, Call] = {
    "search": lambda shop, k: shop.search("red", k, offset=k).ids,
    "search_many": lambda shop, k: [found.ids for found in shop.search_many(["red"], k)],
    "browse": lambda shop, k: shop.browse(k=k, offset=k).ids,
    "sort": lambda shop, k: shop.search("red", k, sort="colour", offset=k).ids,
    "get": lambda shop, k: [item.id for item in shop.get(limit=k, offset=k)],
    "documents": lambda shop, k: shop.documents("red", k).ids,
    "context": lambda shop, k: shop.context("red", k=k, tokens=k * 9).text,
    "why_not": lambda shop, k: shop.why_not("red", "M7", k=k).to_json(),
    "recommend": lambda shop, k: [one.id for one in recommend(shop, "M1", k=k).items],
    "cluster": lambda shop, k: [one.size for one in cluster(shop, k).clusters],
    "truncated": lambda shop, k: shop.model.space.truncated(k).to_json(),
    "Space": lambda _, k: cs.Space("demo", k).to_json(),
    "encode_items": lambda shop, k: [
        len(batch)
        for batch in cs.encode_items(shop.model, [cs.Item("1", "a"), cs.Item("2", "b")], batch=k)
    ],
    "word2vec": lambda _, k: cs.train.word2vec(
        [["a", "b", "c", "d"]] * 9, dim=k, window=k, min_count=1, seed=k
    ).space.to_json(),
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_whole_number_of_numpy_counts_as_one_of_python(shop: Collection, name: str) -> None:
    expected = COUNTS[name](shop, 3)
    assert expected == COUNTS[name](shop, np.int64(3)) == COUNTS[name](shop, np.uint8(3))
    json.dumps(COUNTS[name](shop, np.int64(3)))  # nothing of numpy is in what comes back


@pytest.mark.parametrize("k", [2.0, "3", True, None, np.bool_(True), np.float64(3), [3]])
def test_what_only_looks_like_a_whole_number_is_none(shop: Collection, k: Any) -> None:
    with pytest.raises(BadArgument, match="k is a whole number, 0 or more, not "):
        shop.search("red", k)


def test_one_text_is_a_list_of_one(shop: Collection) -> None:
    assert shop.facets(fields=["colour"]) == shop.facets(fields="colour")
    assert shop.model.count_tokens(["red"]) == shop.model.count_tokens("red")  # type: ignore[attr-defined]


def test_an_option_that_there_is_not_is_told_with_the_nearest() -> None:
    check_names(["epochs"], ["epochs", "seed"])
    with pytest.raises(BadArgument, match="there is no option 'epoch'; did you mean epochs"):
        check_names(["epoch"], ["epochs", "seed"])
    with pytest.raises(BadArgument, match="there is no option 'q': epochs, seed"):
        check_names(["q"], ["seed", "epochs"])


def test_several_columns_as_the_text_are_told_of_the_template() -> None:
    with pytest.raises(BadArgument, match=r"or a template such as '{title}\. {description}', not"):
        cs.read([{"title": "a", "description": "b"}], text=["title", "description"])  # type: ignore[arg-type]


def test_options_of_numpy_are_kept_as_numbers_of_python() -> None:
    given = {"epochs": np.int64(3), "held_out": np.float32(0.25), "seed": np.uint8(1)}
    kept = head_settings(given).to_json()
    assert {"epochs": 3, "held_out": 0.25, "seed": 1} == {name: kept[name] for name in given}
    json.dumps(kept)


SOME = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
INNER: dict[str, tuple[Call, tuple[Any, ...]]] = {
    "conflict": (lambda shop, x: shop.store.space.conflict(x), (None, 5, "x", [])),  # type: ignore[union-attr]
    "apart": (lambda shop, x: shop.store.space.apart(x), (None, 5, "x", [])),  # type: ignore[union-attr]
    "merged": (lambda shop, x: shop.store.space.merged(x), (None, 5, "x", [])),  # type: ignore[union-attr]
    "from_json": (lambda _, x: cs.Space.from_json(x), (None, 5, "x", [], {}, {5: 6})),
    "bias": (lambda shop, x: audit(shop, bias=x, checks=["bias"]), (5, "x", [5], [None])),
    "by": (lambda shop, x: duplicates(shop, by=x), (None, 5, [], np.zeros(3))),
    "map write": (lambda shop, x: maps.write(x, shop.make_map()), (None, 5, [], b"x")),
    "map written": (lambda _, x: maps.write(Path("nowhere"), x), (None, 5, "x", [])),
    "map made": (lambda _, x: maps.made(x, "shop"), (None, 5, "x", [])),
    "map seed": (lambda shop, x: shop.make_map(seed=x), (3.5, [None], "x", np.zeros(3))),
    "map updated": (lambda shop, x: maps.updated(x, shop.store, "shop"), (None, 5, "x")),
    "map updated from": (lambda shop, x: maps.updated(shop.make_map(), x, "x"), (None, 5, "x")),
    "map current": (lambda _, x: maps.current(x, {}, 1, None), (None, 5, "x")),
    "settings": (lambda shop, x: cs.evaluate.pool(shop, "red", settings=x), (5, "x", {5: 6})),
    "old": (lambda _, x: paired(x, SOME), (None, 5, "x", {})),
    "new": (lambda _, x: paired(SOME, x), (None, 5, "x", {})),
    "alpha": (lambda _, x: paired(SOME, SOME, alpha=x), (None, "x", 5, 0, np.zeros(3))),
    "differences": (lambda _, x: questions_needed(x), (None, 5, "x", {})),
    "values": (lambda _, x: mean_interval(x), (None, 5, "x", {})),
    "seed": (lambda _, x: mean_interval(SOME, seed=x), (None, 3.5, "x", [None], np.zeros(3))),
    "resamples": (lambda _, x: mean_interval(SOME, resamples=x), (None, 3.5, "x", np.zeros(3))),
    "a": (lambda _, x: mean_difference(x, SOME), (None, 5, "x", {})),
    "b": (lambda _, x: mean_difference(SOME, x), (None, 5, "x", {})),
    "randomized": (lambda _, x: randomized(x), (None, 5, "x", {})),
    "count": (lambda _, x: resample(lambda i: [0.0], x), (None, 3.5, "x", np.zeros(3))),
    "ndcg": (lambda _, x: metrics.ndcg(x, SOME), (None, 5, "x", {})),
    "ndcg k": (lambda _, x: metrics.ndcg(SOME, SOME, k=x), ("x", 2.5, np.zeros(3))),
    "spearman": (lambda _, x: metrics.spearman(x, SOME), (None, 5, "x", {})),
    "auc": (lambda _, x: metrics.auc(SOME, x), (None, 5, "x", {})),
    "vocabulary": (lambda shop, x: shop.concepts("red", vocabulary=x), (5, "x", [5])),
    "where": (lambda shop, x: shop.count(x), (5, "x", np.zeros(3))),
    "method": (lambda shop, x: cluster(shop, 2, method=x), (None, 5, np.zeros(3))),
}  # fmt: skip


@pytest.mark.parametrize("name", INNER)
def test_inner_functions_refuse_wrong_kinds_too(shop: Collection, name: str) -> None:
    call, wrong = INNER[name]
    for given in wrong:
        with pytest.raises((BadArgument, BadFilter)):
            call(shop, given)


@pytest.mark.parametrize("name", ["ids", "metadata", "texts"])
def test_a_column_of_vectors_that_is_no_list_is_refused(name: str) -> None:
    shop = cs.open(":memory:", model=tiny_model())
    vectors = shop.model.encode_document(["red chair"])
    for given in (5, "x", {5: 6}):
        with pytest.raises(BadArgument, match=f"{name} is a list, as long as the vectors, not"):
            shop.add_vectors(**{"ids": ["1"], "vectors": vectors, name: given})  # type: ignore[arg-type]


ARRAYS = (np.zeros(3), np.array([True, False]), np.array([]), np.array([["a"]]))
NO_TEXTS = (5, 2.5, b"x", [], ["a"], {}, object(), *ARRAYS)


def shown(given: object) -> str:
    """A name that is the same in every process: an object's own holds its address."""
    return "object" if type(given) is object else repr(given)


CHOICES: dict[str, Call] = {
    "role": lambda shop, x: shop.model.encode(["red"], role=x),  # type: ignore[attr-defined]
    "role of tokens": lambda shop, x: tokens(shop.model, "red", role=x),
    "kind to prepare": lambda shop, x: shop.model.prepare(x, cs.Part("text", "red")),  # type: ignore[attr-defined]
    "part to prepare": lambda shop, x: shop.model.prepare("text", x),  # type: ignore[attr-defined]
    "by": lambda _, x: cs.train.autoencoder(ROWS, [2], by=x, epochs=1),
    "name": lambda _, x: cs.train.autoencoder(ROWS, [2], name=x, epochs=1),
    "loss": lambda _, x: cs.train.supervised(ROWS, ["a", "b"] * 150, loss=x),
    "kind": lambda shop, x: cs.train.distill(shop.model, ["red"], kind=x),
    "name of a student": lambda shop, x: cs.train.distill(shop.model, ["red"], name=x),
    "architecture": lambda _, x: cs.train.word2vec([["a", "b"]], architecture=x),
    "split": lambda _, x: cs.train.word2vec([["a", "b"]], split=x),
    "weighting": lambda _, x: cs.train.word2vec([["a", "b"]], weighting=x),
}
ROWS = np.random.default_rng(0).standard_normal((300, 4)).astype(np.float32)


@pytest.mark.parametrize("name", CHOICES)
def test_what_is_no_text_is_no_choice_and_no_name(shop: Collection, name: str) -> None:
    for given in NO_TEXTS:
        with pytest.raises(BadArgument):
            CHOICES[name](shop, given)


@pytest.mark.parametrize("given", NO_TEXTS, ids=shown)
def test_what_is_no_form_of_an_index_is_refused_and_nothing_made(
    tmp_path: Path, given: Any
) -> None:
    with pytest.raises(BadArgument, match="quantization is one of "):
        cs.open(tmp_path / "shop", model=tiny_model(), quantization=given)
    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize("flag", ["create", "read_only"])
@pytest.mark.parametrize("given", [None, 1, "yes", [], *ARRAYS], ids=shown)
def test_a_flag_is_true_or_false(tmp_path: Path, flag: str, given: Any) -> None:
    with pytest.raises(BadArgument, match=f"{flag} is True or False, not "):
        cs.open(tmp_path / "shop", model=tiny_model(), **{flag: given})
    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize("given", [None, 1, "yes", [], *ARRAYS], ids=shown)
def test_a_folder_is_replaced_for_true_alone(tmp_path: Path, given: Any) -> None:
    made = cs.train.autoencoder(ROWS, [2], epochs=1)
    for save in (made.save, made.sizes[0].head.save):
        with pytest.raises(BadArgument, match="replace is True or False, not "):
            save(tmp_path / "model", replace=given)
    assert not (tmp_path / "model").exists()


def test_heads_take_vectors_alone() -> None:
    head = cs.train.autoencoder(ROWS, [2], epochs=1).sizes[0].head
    for given in (None, *NO_TEXTS):
        for call in (head.encode, head.decode):
            with pytest.raises(BadArgument, match="is a Vectors, as "):
                call(given)  # type: ignore[arg-type]


def test_an_alignment_refuses_wrong_kinds(tmp_path: Path) -> None:
    rows = ROWS[:50]
    words = [[f"{word}{n}" for n in range(50)] for word in ("word", "wort")]
    one, other = (
        WordModel.of(WordVectors(given, sign * rows), name=given[0])
        for given, sign in zip(words, (1, -1), strict=True)
    )
    made = cs.train.align(one, other, list(zip(*words, strict=True)))
    calls: list[Callable[[Any], object]] = [
        lambda x: cs.train.align(one, other, x),
        made.translate,
        lambda x: made.translate("word1", k=x),
        lambda x: made.model(x, "de"),
        lambda x: made.model("en", "de", name=x),
        lambda x: made.save(x, languages=("en", "de")),
        lambda x: made.save(tmp_path / "en-de", languages=x),
    ]
    for call in calls:
        for given in (None, 2.5, b"x", [], {}, object(), np.zeros(3)):
            with pytest.raises(CospaceError):
                call(given)


ASKED: dict[str, Call] = {
    "errors": lambda shop, x: shop.add([], errors=x),
    "errors of upsert": lambda shop, x: shop.upsert([], errors=x),
    "errors of update": lambda shop, x: shop.update([], errors=x),
    "where of delete": lambda shop, x: shop.delete(where=x),
    "where of why_not": lambda shop, x: shop.why_not("red", "M1", where=x),
    "vectors": lambda shop, x: shop.get(vectors=x),
    "grade": lambda shop, x: shop.judge("red", "M1", x),
    "explain": lambda shop, x: shop.search("red", explain=x),
    "spelling": lambda shop, x: shop.search("red", spelling=x),
    "explain of many": lambda shop, x: shop.search_many(["red"], explain=x),
    "spelling of many": lambda shop, x: shop.search_many(["red"], spelling=x),
    "space": lambda shop, x: shop.model_for(x),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_collection_refuses_arrays_and_other_kinds(shop: Collection, name: str) -> None:
    for given in (2.5, b"x", [], "zz", object(), *ARRAYS):
        with pytest.raises((BadArgument, BadFilter)):
            ASKED[name](shop, given)
    assert len(COLOURS) * len(THINGS) == len(shop)


def test_a_combiner_refuses_wrong_kinds(shop: Collection) -> None:
    vectors = cs.Vectors(np.random.default_rng(1).standard_normal((60, 4)), cs.Space.of("s", 4))
    triples = Triples(vectors, vectors, vectors)
    calls: list[Callable[[Any], object]] = [
        lambda x: cs.train.fit_combiner(x, model=shop.model),
        lambda x: cs.train.fit_combiner(triples, kind=x),
        lambda x: cs.train.fit_combiner(triples, kind="image", groups=x),
        lambda x: cs.train.fit_combiner(triples, kind="image", seed=x),
    ]
    for call in calls:
        for given in (2.5, b"x", [[]] * 60, {}, object(), np.zeros((60, 2))):
            with pytest.raises(CospaceError):
                call(given)
