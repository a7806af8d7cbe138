"""/rerank: Cohere's shape, and scores that do not depend on the order of the documents."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import Running, serving

import cospace as cs
from cospace.encode.reranker import load_reranker
from cospace.testing.reranker import tiny_reranker_folder

DOCUMENTS = ["steel rake", "retro velvet armchair", "mountain bicycle", "porcelain cup", "a sofa"]
QUERY = "vintage comfortable seating"


def by_index(reply) -> dict[int, float]:
    assert 200 == reply.status, reply.body
    scores = [one["relevance_score"] for one in reply.json["results"]]
    assert sorted(scores, reverse=True) == scores, "best first"
    return {one["index"]: one["relevance_score"] for one in reply.json["results"]}


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/v2/rerank"])
def test_scores_are_the_cosines_of_the_model(shop: Running, path):
    model = cs.load("starter")
    asked = {"model": "starter", "query": QUERY, "documents": DOCUMENTS}
    expected = cs.similarity(model.encode_query([QUERY]), model.encode_document(DOCUMENTS))[0]
    found = by_index(shop.post(path, asked))
    np.testing.assert_allclose([found[i] for i in range(len(DOCUMENTS))], expected, atol=1e-3)


@given(order=st.permutations(range(len(DOCUMENTS))))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_scores_survive_any_permutation(shop: Running, order):
    asked = {"model": "starter", "query": QUERY}
    straight = by_index(shop.post("/rerank", {**asked, "documents": DOCUMENTS}))
    mixed = by_index(shop.post("/rerank", {**asked, "documents": [DOCUMENTS[i] for i in order]}))
    for place, at in enumerate(order):
        assert pytest.approx(straight[at], abs=1e-4) == mixed[place]


def test_the_first_few_with_their_documents(shop: Running):
    asked = {"query": QUERY, "documents": [{"text": one} for one in DOCUMENTS]}
    reply = shop.post("/v1/rerank", {**asked, "top_n": 2, "return_documents": True})
    found = [one["document"]["text"] for one in reply.json["results"]]
    assert {"a sofa", "retro velvet armchair"} == set(found)
    assert "1" == reply.json["meta"]["api_version"]["version"]


def test_equal_documents_stand_in_their_order_and_have_equal_scores(shop: Running):
    reply = shop.post("/rerank", {"query": "x", "documents": ["same"] * 4})
    assert [0, 1, 2, 3] == [one["index"] for one in reply.json["results"]]
    assert 1 == len({one["relevance_score"] for one in reply.json["results"]})


def test_documents_cut_short_are_told(shop: Running):
    reply = shop.post("/rerank", {"query": "x", "documents": ["long " * 1_000, "short"]})
    [warning] = reply.json["meta"]["warnings"]
    assert "1 of 2 documents" in warning


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"query": "x", "documents": []}, "documents"),
        ({"query": "", "documents": ["x"]}, ""),
        ({"query": "x", "documents": ["a", " "]}, "input 1"),
        ({"query": "x", "documents": ["x"], "max_tokens_per_doc": 10}, "max_tokens_per_doc"),
        ({"query": "x", "documents": ["x"], "rank_fields": ["title"]}, "rank_fields"),
        ({"query": "x", "documents": ["x"], "top_n": 0}, "top_n"),
    ],
)
def test_what_cannot_be_ranked_is_refused(shop: Running, given, says):
    reply = shop.post("/rerank", given)
    assert 400 == reply.status
    assert says in reply.error


def test_a_cross_encoder_scores_between_0_and_1(tmp_path):
    folder = tiny_reranker_folder(tmp_path / "judge")
    texts = ["a red chair", "my blue bus", "a lamp"]
    logits = load_reranker(folder).judge("a chair", texts).logits
    with serving("--models", "starter", "--rerankers", folder) as server:
        asked = {"model": str(folder), "query": "a chair", "documents": texts}
        found = by_index(server.post("/rerank", asked))
    expected = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose([found[i] for i in range(3)], expected, atol=1e-4)


def test_a_search_goes_through_a_reranker_of_the_server_and_loads_none(tmp_path):
    folder = tiny_reranker_folder(tmp_path / "judge")
    with cs.open(tmp_path / "shop.cospace", model="starter") as made:
        made.add(ids=["a", "b", "c"], documents=["a red chair", "my blue bus", "a lamp"])
        expected = made.search("a chair", rerank=load_reranker(folder))
    with serving(tmp_path / "shop.cospace", "--rerankers", folder) as server:
        path = "/collections/shop/search"
        reply = server.post(path, {"query": "a chair", "rerank": str(folder)})
        plain = server.post(path, {"query": "a chair", "rerank": ""})
        other = server.post(path, {"query": "a chair", "rerank": str(tmp_path)})
    assert expected.ids == [hit["id"] for hit in reply.json["hits"]]
    assert expected.score == reply.json["score"] != plain.json["score"]
    assert 404 == other.status
