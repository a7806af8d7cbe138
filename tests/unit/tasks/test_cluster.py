"""Clusters are those that were drawn, named, stable, and written on request only."""

from importlib import import_module

import numpy as np
import pytest

import cospace as cs
from cospace.encode.words import WordModel, WordVectors
from cospace.errors import BadArgument
from cospace.tasks import cluster
from cospace.tasks.cluster import write
from cospace.tasks.cluster.methods import by_density, reduced
from cospace.tasks.concepts import concept_vectors

from .drawn import clouds, shop_of

pytest.importorskip("sklearn")


def test_kmeans_finds_the_clouds_again_in_every_run():
    rows, truth = clouds(4, 50, 0.1)
    found = cluster(shop_of(rows, [{}] * 200), 4)
    assert 4 == len({(a, b) for a, b in zip(truth, found.labels, strict=True)})
    assert [50] * 4 == [one.size for one in found.clusters]
    assert found.stability is not None and found.stability.information > 0.8


def test_the_number_is_that_of_the_hills():
    rows, _ = clouds(5, 120, 0.12)
    found = cluster(shop_of(rows, [{}] * 600))
    assert 5 == len(found.clusters)
    assert "hills" in found.chosen


def test_hdbscan_leaves_out_what_lies_alone():
    rows, truth = clouds(3, 60, 0.05)
    odd = np.random.default_rng(3).standard_normal((9, 16)).astype(np.float32)
    found = cluster(shop_of(np.concatenate([rows, odd]), [{}] * 189), method="hdbscan")
    assert 3 == len(found.clusters)
    assert found.noise >= 5
    known = found.labels[:180] >= 0
    assert 3 == len(set(zip(truth[known], found.labels[:180][known], strict=True)))


def test_of_many_rows_a_sample_is_clustered_and_the_rest_follows(monkeypatch):
    monkeypatch.setattr(import_module("cospace.tasks.cluster.methods"), "_DENSE", 100)
    rows, truth = clouds(3, 200, 0.05)
    labels = by_density(reduced(rows), 30, seed=0)
    assert 3 == len(set(zip(truth, labels, strict=True)))


def test_the_same_seed_gives_the_same():
    shop = shop_of(clouds(3, 20, 0.6)[0], [{}] * 60)
    assert cluster(shop, 3).to_json() == cluster(shop, 3).to_json()


def test_any_seed_is_taken():
    assert 2 == len(cluster(shop_of(clouds(2, 5, 0.1)[0], [{}] * 10), 2, seed=2**40).clusters)


def test_names_are_of_the_items_words_and_concepts_of_the_models():
    shop = cs.open(":memory:", model="starter")
    chairs = [f"Oak chair number {word}" for word in ("one", "two", "three", "four")]
    rakes = [f"Steel garden rake, {word}" for word in ("red", "blue", "green", "black")]
    shop.add(ids=[str(n) for n in range(8)], documents=chairs + rakes)
    found = cluster(shop, 2, silhouettes=True)
    names = {one.name.split(",")[0] for one in found.clusters}
    assert names & {"oak", "chair"} and names & {"steel", "garden", "rake"}
    assert any({"chair", "table"} & set(one.concepts) for one in found.clusters)
    assert found.silhouette is not None and found.silhouette > 0.2


def test_without_words_and_model_there_are_numbers_and_a_note():
    found = cluster(shop_of(clouds(2, 10, 0.1)[0], [{}] * 20), 2)
    assert ["group 1", "group 2"] == [one.name for one in found.clusters]
    assert any("no concepts" in note for note in found.notes)


def test_names_are_written_on_request_and_not_over_what_is_there():
    shop = shop_of(clouds(2, 10, 0.1)[0], [{"kind": "x"}] * 20)
    found = cluster(shop, 2)
    assert all("group" not in item.metadata for item in shop)
    assert 20 == write(shop, found, "group").written
    assert {"group 1", "group 2"} == {item.metadata["group"] for item in shop}
    with pytest.raises(BadArgument, match="20 items have a 'kind' already"):
        write(shop, found, "kind")
    assert 20 == write(shop, found, "kind", replace=True).written
    with pytest.raises(BadArgument):
        write(shop, found, " ")


def test_equal_items_are_told_to_be_equal():
    rows = np.tile(np.float32([1] + [0] * 15), (6, 1))
    found = cluster(shop_of(rows, [{}] * 6), 2)
    assert 1 == len(found.clusters)
    assert any("same vector" in note for note in found.notes)
    assert found.stability is None
    assert any("fewer than 2 clusters" in note for note in found.notes)


def test_equal_items_are_near_no_concept():
    shop = cs.open(":memory:", model="starter")
    shop.add(ids=["1", "2", "3"], documents=["Oak chair"] * 3)
    found = cluster(shop, 2)
    assert [()] == [one.concepts for one in found.clusters]
    assert found.stability is None


def words_of(text: str) -> WordModel:
    """A model of these words, each of a direction of its own."""
    words = text.split()
    rows = np.eye(len(words), 16, dtype=np.float32)
    return WordModel.of(WordVectors(words, rows), name="few", weighting="mean")


def test_concepts_are_called_by_their_own_names_where_the_model_lacks_some():
    from cospace.evaluate.encoding import encode_texts

    model = words_of("oak chair rake garden steel hammer knife sofa table apple zebra")
    known = concept_vectors(model)
    assert {"chair", "garden", "hammer", "knife", "sofa", "table", "apple"} == set(known.words)
    own = encode_texts(model, known.words, "query").rows
    assert np.allclose(own, known.rows)
    shop = cs.open(":memory:", model=model)
    texts = ["oak chair", "chair", "chair steel", "garden rake", "rake", "garden"]
    shop.add(ids=[str(n) for n in range(6)], documents=texts)
    near = {one.typical: one.concepts[0] for one in cluster(shop, 2).clusters}
    assert {"chair", "garden"} == set(near.values())
    with pytest.raises(BadArgument, match="none of"):
        concept_vectors(words_of("zebra oak rake"))


def test_progress_counts_runs():
    seen = []
    cluster(shop_of(clouds(2, 10, 0.1)[0], [{}] * 20), 2, progress=seen.append)
    assert (7, 7) == (seen[-1].done, seen[-1].total)


@pytest.mark.parametrize(
    ("items", "options", "match"),
    [
        (1, {}, "at least 2 items"),
        (4, {"k": 5}, "k is a whole number from 2 to 4"),
        (4, {"seed": -1}, "seed is"),
        (4, {"seed": 0.5}, "seed is"),
        (4, {"k": 1}, "k is a whole number from 2 to 4"),
        (4, {"method": "magic"}, "'magic'"),
        (4, {"method": "hdbscan", "k": 2}, "finds the number"),
        (4, {"method": "hdbscan", "least": 1}, "least is a whole number from 2"),
    ],
)
def test_what_cannot_be_is_typed(items, options, match):
    shop = shop_of(clouds(1, items, 0.5)[0], [{}] * items)
    with pytest.raises(BadArgument, match=match):
        cluster(shop, **options)


def test_hdbscan_of_few_items_finds_none():
    found = cluster(shop_of(clouds(1, 4, 0.5)[0], [{}] * 4), method="hdbscan")
    assert (0, 4) == (len(found.clusters), found.noise)
    assert found.stability is None
