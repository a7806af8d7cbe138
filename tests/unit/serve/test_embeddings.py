"""/v1/embeddings gives the library's own vectors, in every form that clients send and ask for."""

import base64
import json

import numpy as np
import pytest
from serving import Running, serving

import cospace as cs

from .conftest import data_url, png

PATH = "/v1/embeddings"
TEXTS = ["retro velvet armchair", "steel rake", "日本語 text"]


def rows(reply) -> np.ndarray:
    data = reply.json["data"]
    assert list(range(len(data))) == [one["index"] for one in data]
    return np.array([one["embedding"] for one in data], np.float32)


def same(expected: np.ndarray, actual: np.ndarray) -> None:
    np.testing.assert_allclose(actual, expected, atol=2e-4)


@pytest.fixture(scope="module")
def model():
    return cs.load("starter")


def test_texts_give_the_vectors_of_the_library(shop: Running, model):
    reply = shop.post(PATH, {"model": "starter", "input": TEXTS})
    assert 200 == reply.status, reply.body
    same(model.encode_document(TEXTS).array, rows(reply))
    tokens = sum(model.count_tokens(TEXTS))
    assert {"prompt_tokens": tokens, "total_tokens": tokens} == reply.json["usage"]
    assert ("list", "starter") == (reply.json["object"], reply.json["model"])


def test_one_text_is_a_list_of_one(shop: Running, model):
    same(
        model.encode_document(TEXTS[:1]).array,
        rows(shop.post(PATH, {"model": "starter", "input": TEXTS[0]})),
    )


def test_base64_is_the_same_numbers(shop: Running):
    asked = {"model": "starter", "input": TEXTS}
    floats = rows(shop.post(PATH, asked))
    coded = shop.post(PATH, {**asked, "encoding_format": "base64"}).json["data"]
    found = [np.frombuffer(base64.b64decode(one["embedding"]), "<f4") for one in coded]
    same(floats, np.array(found))


def test_hundreds_of_texts_keep_their_order(shop: Running, model):
    texts = [f"thing number {n}" for n in range(300)]
    same(
        model.encode_document(texts).array,
        rows(shop.post(PATH, {"model": "starter", "input": texts})),
    )


@pytest.mark.parametrize(
    "given",
    [
        {"input": [{"image": data_url(png())}]},
        {"input": {"image": data_url(png())}},
        {"input": [{"image": base64.b64encode(png()).decode()}]},
        {"input": [data_url(png())], "modality": "image"},
        {"input": [{"content": [{"type": "image_url", "image_url": {"url": data_url(png())}}]}]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": data_url(png())}}],
                }
            ]
        },
    ],
    ids=["jina", "jina single", "bare base64", "infinity", "vllm content", "vllm messages"],
)
def test_a_picture_in_each_form_is_the_picture(shop: Running, model, given):
    same(
        model.encode_document([cs.Image(png())]).array,
        rows(shop.post(PATH, {"model": "starter", **given})),
    )


def test_a_text_and_a_picture_are_one_vector(shop: Running, model):
    parts = {"text": "green", "image": data_url(png())}
    expected = model.encode_document([cs.Parts(text="green", image=cs.Image(png()))]).array
    same(expected, rows(shop.post(PATH, {"model": "starter", "input": [parts]})))


def test_texts_cut_short_are_told(shop: Running):
    reply = shop.post(PATH, {"model": "starter", "input": ["short", "long " * 1_000]})
    assert [1] == reply.json["truncated"]


def test_models_are_listed_with_what_they_are(shop: Running, model):
    [one] = shop.get("/v1/models").json["data"]
    assert ("starter", 384, model.space.fingerprint) == (one["id"], one["dim"], one["fingerprint"])


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({"model": "gpt", "input": "x"}, 404, "no model 'gpt'; it has starter"),
        ({"input": "x"}, 400, "model: Field required"),
        ({"model": "starter"}, 400, "give input, or messages"),
        ({"model": "starter", "input": []}, 400, "input is empty"),
        ({"model": "starter", "input": ""}, 400, "input 0"),
        ({"model": "starter", "input": ["a", " "]}, 400, "input 1"),
        ({"model": "starter", "input": [1.5]}, 400, "input"),
        ({"model": "starter", "input": "x", "dimensions": 100}, 400, "not trained to be cut"),
        ({"model": "starter", "input": "x", "dimensions": 9999}, 400, "dimensions may be"),
        ({"model": "starter", "input": "x", "encoding_format": "hex"}, 400, "encoding_format"),
        ({"model": "starter", "input": "x", "trust_remote_code": True}, 400, "not known here"),
        ({"model": "starter", "input": ["x"] * 2_049}, 400, "2,049 inputs"),
        ({"model": "starter", "input": [[1, 2]]}, 400, "--token-ids"),
        ({"model": "starter", "input": [1, 2]}, 400, "check_embedding_ctx_length=False"),
        ({"model": "starter", "input": [{"audio": "UklGRg=="}]}, 400, "takes text and image"),
        ({"model": "starter", "input": [{"image": "http://localhost/a"}]}, 400, "never fetched"),
        ({"model": "starter", "input": [{"image": "/etc/passwd"}]}, 400, "never fetched"),
        ({"model": "starter", "input": [{"image": "file:///etc/passwd"}]}, 400, "never fetched"),
        ({"model": "starter", "input": [{"image": "data:image/png;base64,%%%"}]}, 400, "no base64"),
        ({"model": "starter", "input": [{"image": data_url(b"<svg/>")}]}, 400, "not an image"),
        ({"model": "starter", "input": [{"colour": "red"}]}, 400, "colour"),
    ],
)  # fmt: skip
def test_what_cannot_be_encoded_is_refused_with_the_reason(shop: Running, given, status, says):
    reply = shop.post(PATH, given)
    assert status == reply.status
    assert says in reply.error


def test_dimensions_of_the_whole_are_the_whole(shop: Running):
    reply = shop.post(PATH, {"model": "starter", "input": "x", "dimensions": 384})
    assert (1, 384) == rows(reply).shape


def test_dimensions_that_a_model_was_trained_for_are_cut_and_of_length_one(tmp_path):
    from cospace.testing.tiny import tiny_folder

    folder = tiny_folder(tmp_path / "small")
    model = cs.load(folder)
    record = json.loads((folder / "space.json").read_text())
    for tower in record["towers"]:
        tower["preprocess"]["matryoshka"] = [8, 32]
    (folder / "space.json").write_text(json.dumps(record))
    with serving("--models", folder) as server:
        [name] = server.told["models"]
        reply = server.post(PATH, {"model": name, "input": "a red chair", "dimensions": 8})
        assert 200 == reply.status, reply.body
        found = rows(reply)[0]
    whole = model.encode_document(["a red chair"]).array[0][:8]
    same(whole / np.linalg.norm(whole), found)


def test_tokens_are_read_as_the_setting_says(tmp_path, model):
    tokenizer = model.text_tower().tokenizer
    ids = tokenizer.encode("a retro velvet armchair").ids
    with serving("--models", "starter", "--token-ids", "own") as server:
        asked = {"model": "starter", "input": [ids, ids[1:-1]]}
        found = rows(server.post(PATH, asked))
        beyond = server.post(PATH, {"model": "starter", "input": [10**6]})
    expected = model.encode_document(["a retro velvet armchair"] * 2).array
    same(expected, found)
    assert "none of number 1000000" in beyond.error


def test_another_file_is_not_taken_for_openais_tokens(tmp_path):
    from cospace.errors import BadInput
    from cospace.serve.tokenids import TokenIds

    (tmp_path / "x.tiktoken").write_text("IQ== 0\n")
    with pytest.raises(BadInput, match=r"is not OpenAI's cl100k_base\.tiktoken"):
        TokenIds(str(tmp_path / "x.tiktoken"))
    with pytest.raises(BadInput, match="cannot be read"):
        TokenIds(str(tmp_path / "none"))
