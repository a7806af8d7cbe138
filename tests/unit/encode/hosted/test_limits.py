"""The services' limits: batches, texts that are too long, images, inputs of two parts."""

from __future__ import annotations

import base64
import io

import numpy as np
import PIL.Image
import pytest
from loopback import Asked, vector

import cospace as cs
from cospace.encode.hosted import Hosted
from cospace.errors import BadItem, MissingExtra
from cospace.testing import check_encoder

from .conftest import Kit

BOTH = "amazon.titan-embed-image-v1"


def sizes(asked: list[Asked]) -> list[int]:
    return sorted(len(one.texts) for one in asked)


def test_openai_takes_2048_inputs_a_request(openai: Kit) -> None:
    assert 5_000 == len(openai.model().encode_document([f"text {i}" for i in range(5_000)]))
    assert [904, 2_048, 2_048] == sizes(openai.service.asked)


def test_openai_takes_300_000_tokens_a_request(openai: Kit) -> None:
    """No text has more tokens than bytes, so bytes are what is held to."""
    openai.model().encode_document([f"{i} " + "x" * 50_000 for i in range(12)])
    held = [sum(len(text) for text in one.texts) for one in openai.service.asked]
    assert all(size <= 300_000 for size in held)
    assert [2, 5, 5] == sizes(openai.service.asked)


def test_gemini_takes_100_inputs_a_request(gemini: Kit) -> None:
    gemini.model().encode_document([f"text {i}" for i in range(250)])
    assert [50, 100, 100] == sizes(gemini.service.asked)


def test_gemini_tells_queries_from_documents(gemini: Kit) -> None:
    model = gemini.model()
    query, document = model.encode_query(["a"]), model.encode_document(["a"])
    roles = ["RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT"]
    assert roles == [one.role for one in gemini.service.asked]
    assert query.array[0] @ document.array[0] < 0.9


def test_bedrock_takes_one_input_a_request(bedrock: Kit) -> None:
    bedrock.model().encode_document(["a", "b", "c"])
    assert [1, 1, 1] == sizes(bedrock.service.asked)
    body = bedrock.service.asked[0].body
    assert (256, True) == (body["dimensions"], body["normalize"])


@pytest.mark.parametrize("name", ["openai", "bedrock"])
def test_a_text_that_is_refused_is_cut_until_it_is_taken(
    name: str, request: pytest.FixtureRequest
) -> None:
    kit: Kit = request.getfixturevalue(name)
    kit.service.most = 100
    long = " ".join(f"word{i}" for i in range(1_000)) + " x" * 9_000
    inputs = [f"short {i}" for i in range(20)]
    inputs.insert(7, long)
    vectors = kit.model().encode_document(inputs)
    assert (7,) == vectors.truncated
    assert "1 of 21 texts were cut" in vectors.report[0]
    alone = kit.model().encode_document([long])
    assert np.array_equal(vectors.array[7], alone.array[0]), "the same alone and in a batch"
    taken = next(text for text in kit.service.paid if text.startswith("word0"))
    assert 50 <= len(taken.split()) <= 100, "at least half of what fits"
    assert sorted(set(kit.service.paid)) == sorted([*inputs[:7], *inputs[8:], taken])


def test_short_texts_beside_a_long_one_are_paid_for_once(openai: Kit) -> None:
    openai.service.most = 10
    inputs = [f"short {i}" for i in range(500)]
    inputs[250] = "x " * 20_000
    openai.model().encode_document(inputs)
    assert 500 == len(openai.service.paid) == len(set(openai.service.paid))


def test_titan_takes_50_000_characters(bedrock: Kit) -> None:
    vectors = bedrock.model().encode_document(["a" * 60_000, "b" * 50_000])
    assert (0,) == vectors.truncated
    assert [50_000, 50_000] == sorted(len(text) for text in bedrock.service.paid)


def test_gemini_is_asked_how_long_a_long_text_is(gemini: Kit) -> None:
    fits, long = "word" * 1_000, "word " * 3_000
    vectors = gemini.model().encode_document(["a", fits, long])
    assert (2,) == vectors.truncated
    assert "gemini-embedding-001 takes 2048 tokens" in vectors.report[0]


# --- images ---


def test_titan_multimodal_keeps_the_promises_of_an_encoder(bedrock: Kit) -> None:
    bedrock.service.most = 256
    check_encoder(bedrock.model(BOTH))


def test_a_text_and_an_image_go_in_together(bedrock: Kit) -> None:
    image = cs.Image(np.full((40, 40, 3), 90, np.uint8))
    model = bedrock.model(BOTH)
    rows = model.encode_document([cs.Parts(text="a grey wall", image=image)]).array
    [asked] = bedrock.service.asked
    assert {"inputText", "inputImage", "embeddingConfig"} == set(asked.body)
    np.testing.assert_allclose(vector(asked.texts[0], "", 256), rows[0], atol=1e-6)
    assert (1, 1) == (model.bill.requests, model.bill.images)
    assert 3 * 0.8e-6 + 0.000_06 == pytest.approx(model.bill.dollars)


def test_an_image_is_sent_upright_and_small(bedrock: Kit) -> None:
    file = io.BytesIO()
    wide = PIL.Image.new("RGBA", (3_000, 1_000), "red")
    wide.save(file, "PNG")
    bedrock.model(BOTH).encode_document([cs.Image(file.getvalue())])
    sent = base64.b64decode(bedrock.service.asked[0].body["inputImage"])
    image = PIL.Image.open(io.BytesIO(sent))
    assert ("JPEG", "RGB", (1_024, 341)) == (image.format, image.mode, image.size)


def test_a_text_model_refuses_an_image(kit: Kit) -> None:
    image = cs.Image(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(BadItem, match="takes text"):
        kit.model().encode_document(["a", image])
    assert [] == kit.service.asked


def test_a_part_that_is_left_out_is_reported(kit: Kit) -> None:
    both = cs.Parts(text="a", image=cs.Image(np.zeros((8, 8, 3), np.uint8)))
    [line] = kit.model().encode_document([both]).report
    assert "1 of 1 inputs: the image part was left out" in line


# --- answers in other forms ---


def test_a_server_without_base64_gives_the_same_vectors(openai: Kit) -> None:
    write = openai.service.write
    openai.service.write = lambda asked, rows: write(  # type: ignore[method-assign]
        asked._replace(body={**asked.body, "encoding_format": "float"}), rows
    )
    rows = openai.model().encode_document(["a"]).array
    np.testing.assert_allclose(vector("a", "", 64), rows[0], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("openai:text-embedding-3-small", "openai"),
        ("bedrock:amazon.titan-embed-text-v2:0", "boto3"),
        ("gemini:gemini-embedding-001", "google.genai"),
    ],
)
def test_without_the_extra_the_error_gives_the_pip_line(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    extra = name.partition(":")[0]
    with pytest.raises(MissingExtra, match=rf"pip install '\.\[{extra}\]'"):
        cs.load(name)


def test_who_stops_early_waits_for_no_retry(openai: Kit) -> None:
    """A pause between attempts ends when nobody wants the answer any more."""
    openai.service.script = [openai.service.fails("busy", wait=60)]
    model: Hosted = openai.kind(openai.name, dim=64)  # it really waits
    pieces = model.pieces([model.sent(f"{i}" * 90_000, i) for i in range(9)], "document")
    assert next(pieces).positions
    pieces.close()  # the batch that waits for a minute is let go of
