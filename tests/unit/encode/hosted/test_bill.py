"""Prices, estimates and bills."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest

import cospace as cs
from cospace.encode.cache.cached import Cached
from cospace.encode.hosted import SERVICES, hosted
from cospace.encode.hosted.bill import PRICES, Bill, Price, price_of, tokens_about
from cospace.encode.hosted.calls import seconds, without_keys
from cospace.errors import BadArgument

from .conftest import Kit

SMALL = "openai:text-embedding-3-small"


def test_every_model_has_a_price() -> None:
    names = {
        f"{service}:{model}"
        for service, (module, kind) in SERVICES.items()
        for model in getattr(__import__(module, fromlist=[kind]), kind).MODELS
    }
    assert names == set(PRICES)


def test_the_environment_overrides_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSPACE_PRICES", f"{SMALL}=0.5,bedrock:amazon.titan-embed-image-v1=1/2")
    assert Price(0.5) == price_of(SMALL)
    assert Price(1, 2) == price_of("bedrock:amazon.titan-embed-image-v1")
    assert PRICES["gemini:gemini-embedding-001"] == price_of("gemini:gemini-embedding-001")


@pytest.mark.parametrize("text", ["x", "x=", "=1", "x=-1", "x=nan", "x=1/y", "x=inf"])
def test_a_price_that_cannot_be_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSPACE_PRICES", text)
    with pytest.raises(BadArgument, match="COSPACE_PRICES"):
        price_of(SMALL)


def test_an_estimate_leaves_out_what_is_known_or_comes_twice(openai: Kit) -> None:
    model = Cached(openai.model())
    model.encode_document(["known text"])
    estimate = model.estimate(["known text", "new text", "new text"])
    assert (3, 2, 2) == (estimate.inputs, estimate.known, estimate.tokens)
    assert 2 * 0.02e-6 == pytest.approx(estimate.dollars)
    assert "about 2 tokens in 1 inputs; 2 are in the cache" in str(estimate)
    assert 1 == len(openai.service.paid), "an estimate sends nothing"


def test_an_estimate_counts_images(bedrock: Kit) -> None:
    image = cs.Image(np.zeros((8, 8, 3), np.uint8))
    model = bedrock.model("amazon.titan-embed-image-v1")
    estimate = model.estimate([cs.Parts(text="a red chair", image=image), image])
    assert (2, 3, 2) == (estimate.inputs, estimate.tokens, estimate.images)
    assert 3 * 0.8e-6 + 2 * 0.000_06 == pytest.approx(estimate.dollars)


def test_tokens_are_counted_in_any_script() -> None:
    assert [1, 1, 1, 2, 5] == [tokens_about(t) for t in ("", "a", "four", "fives", "東京の静か")]


def test_a_bill_is_a_record() -> None:
    bill = Bill(SMALL)
    bill.add(requests=1, tokens=1_000_000, cached=3)
    copy = bill.copy()
    bill.add(requests=1, estimated=500_000)
    expected = {"model": SMALL, "requests": 2, "tokens": 1_000_000, "estimated": 500_000}
    assert {**expected, "images": 0, "cached": 3, "dollars": 0.03} == bill.to_json()
    assert 1 == copy.requests
    assert "$0.0300 for 1,500,000 tokens (in part estimated) in 2 requests" in str(bill)


def test_the_pauses_that_services_ask_for() -> None:
    texts = ["7", "7.5", " 30s ", "0", "", None, "soon", "-1"]
    assert [7.0, 7.5, 30.0, 0.0, None, None, None, None] == [seconds(text) for text in texts]


def test_a_pause_until_a_date_is_the_time_that_is_left() -> None:
    until = datetime.now(UTC) + timedelta(seconds=50)
    assert 48 < (seconds(format_datetime(until, usegmt=True)) or 0) <= 50
    assert 48 < (seconds(until.strftime("%a, %d %b %Y %H:%M:%S")) or 0) <= 50
    assert 0.0 == seconds("Wed, 21 Oct 2015 07:28:00 GMT")


def test_keys_are_taken_out_of_any_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token/with+signs==")
    text = "a token/with+signs== b sk-proj-abc_DEF123 c AIzaSyA1234567 d AKIAEXAMPLE0123 e"
    assert "a *** b *** c *** d *** e" == without_keys(text)


def test_the_names_of_services_lead_to_their_models() -> None:
    with pytest.raises(cs.errors.ModelNotFound, match="there are: openai:text-embedding-3-small"):
        hosted("openai:gpt")
