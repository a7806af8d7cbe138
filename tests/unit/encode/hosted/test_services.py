"""Every service, through its real SDK: answers, failures, halves, keys that stay secret."""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from loopback import Reply, vector

from cospace.errors import (
    BadArgument,
    BadItem,
    KeyRefused,
    ModelNotFound,
    QuotaExceeded,
    ServiceDown,
    ServiceError,
)
from cospace.limits import override
from cospace.testing import check_encoder

from .conftest import KEY, Kit

TEXTS = [f"text number {i}" for i in range(7)]


# --- right answers ---


@pytest.mark.parametrize("kit", ["openai", "gemini"], indirect=True)  # Titan: test_limits.py
def test_it_keeps_the_promises_of_an_encoder(kit: Kit) -> None:
    kit.service.most = kit.model().facts.tokens
    check_encoder(kit.model())


def test_rows_are_the_services_own_at_length_one(kit: Kit) -> None:
    rows = kit.model().encode_document(TEXTS).array
    role = kit.service.asked[0].role
    expected = np.array([vector(text, role, kit.dim) for text in TEXTS])
    np.testing.assert_allclose(expected, rows, atol=1e-6)


def test_nothing_is_sent_before_something_is_encoded(kit: Kit) -> None:
    model = kit.model()
    assert (0, kit.dim) == model.encode_query([]).array.shape
    assert [] == kit.service.asked
    assert 0 == model.bill.requests


def test_a_bad_input_is_refused_before_anything_is_paid(kit: Kit) -> None:
    with pytest.raises(BadItem, match="input 1"):
        kit.model().encode_document(["good", ""])
    assert [] == kit.service.paid


def test_the_bill_counts_what_the_service_counts(kit: Kit) -> None:
    model = kit.model()
    model.encode_document(["one two three", "four five"])
    reported = model.bill.tokens + model.bill.estimated
    assert 5 == model.bill.tokens or (kit.model().SERVICE == "gemini" and reported > 0)
    assert model.bill.requests == len(kit.service.asked)
    assert model.bill.dollars > 0
    assert f"{model.name}: $" in str(model.bill)


# --- failures ---


def test_too_busy_waits_as_long_as_it_asks(kit: Kit) -> None:
    kit.service.script = [kit.service.fails("busy", wait=7), kit.service.fails("busy", wait=9)]
    assert 1 == len(kit.model().encode_query(["a"]))
    assert [7.0, 9.0] == kit.pauses


def test_too_busy_for_too_long_is_a_quota(kit: Kit) -> None:
    kit.service.script = [kit.service.fails("busy", wait=3)] * 10
    message = r"after 4 attempts.*only the rest is paid for"
    with override(service_attempts=4), pytest.raises(QuotaExceeded, match=message) as caught:
        kit.model().encode_query(["a"])
    assert 3 == len(kit.pauses)
    assert (9, 429) == (caught.value.exit_code, caught.value.http_status)


def test_a_wait_past_the_limit_is_not_waited(kit: Kit) -> None:
    kit.service.script = [kit.service.fails("busy", wait=3_600)]
    with pytest.raises(QuotaExceeded, match="asks to wait 3600 s"):
        kit.model().encode_query(["a"])
    assert [] == kit.pauses


def test_a_quota_that_is_used_up_is_not_tried_again(kit: Kit) -> None:
    kit.service.quota = 0
    with pytest.raises(QuotaExceeded, match="quota"):
        kit.model().encode_query(["a"])
    assert ([], 1) == (kit.pauses, len(kit.service.asked))


def test_a_server_error_is_tried_again_with_growing_pauses(kit: Kit) -> None:
    kit.service.script = [kit.service.fails("down")] * 3
    assert 1 == len(kit.model().encode_query(["a"]))
    assert 3 == len(kit.pauses)
    for attempt, pause in enumerate(kit.pauses, start=1):
        assert 0.25 * 2**attempt <= pause <= 0.5 * 2**attempt


def test_a_server_that_stays_down(kit: Kit) -> None:
    kit.service.script = [kit.service.fails("down")] * 6
    with pytest.raises(ServiceDown, match=r"answers 500.* after 6 attempts") as caught:
        kit.model().encode_query(["a"])
    assert (9, 503) == (caught.value.exit_code, caught.value.http_status)
    assert 6 == len(kit.service.asked)


def test_an_answer_that_takes_too_long_is_given_up(kit: Kit) -> None:
    kit.service.script = ["hang", "hang"]
    with (
        override(service_ms=150, service_attempts=2),
        pytest.raises(ServiceDown, match="no answer"),
    ):
        kit.model().encode_query(["a"])
    assert 2 == len(kit.service.asked)


def test_a_connection_that_breaks_is_tried_again(kit: Kit) -> None:
    kit.service.script = ["drop"]
    assert 1 == len(kit.model().encode_query(["a"]))
    assert 1 == len(kit.pauses)


def test_a_service_that_is_not_there(kit: Kit) -> None:
    model = kit.model()
    kit.service.close()
    with (
        override(service_attempts=2),
        pytest.raises(ServiceDown, match=rf"at {kit.service.url}.* cannot be reached"),
    ):
        model.encode_query(["a"])


def test_a_model_that_the_service_does_not_have(kit: Kit) -> None:
    kit.service.script = [kit.service.fails("model")]
    with pytest.raises(ModelNotFound):
        kit.model().encode_query(["a"])
    assert [] == kit.pauses


@pytest.mark.parametrize(
    "broken",
    [
        lambda rows: rows[:-1],
        lambda rows: rows[:, :-1],
        lambda rows: rows * np.nan,
        lambda rows: rows * 0,
    ],
    ids=["too few", "too short", "NaN", "zero"],
)
def test_half_answers_are_asked_for_again(
    kit: Kit, broken: Callable[[np.ndarray], np.ndarray]
) -> None:
    kit.service.script = [broken]
    rows = kit.model().encode_document(["a"]).array
    np.testing.assert_allclose(1, np.linalg.norm(rows, axis=1), atol=1e-6)
    assert 1 == len(kit.pauses)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"data": 7, "embeddings": 7}'])
def test_answers_that_make_no_sense_are_asked_for_again(kit: Kit, body: bytes) -> None:
    kit.service.script = [Reply(200, body)] * 2
    with override(service_attempts=2), pytest.raises(ServiceDown):
        kit.model().encode_query(["a"])
    assert 1 == len(kit.pauses)


def test_one_refused_input_is_named(kit: Kit) -> None:
    refused = kit.service.fails("input")
    service, answer = kit.service, kit.service.answer

    def picky(path: str, headers: dict[str, str], body: dict[str, object]) -> Reply | None:
        if ":countTokens" not in path and "number 4" in str(
            service.read(path, headers, body).texts
        ):
            return refused
        return answer(path, headers, body)

    service.answer = picky  # type: ignore[method-assign]
    with pytest.raises(BadItem, match=r"refuses it: .*the input is refused") as caught:
        kit.model().encode_document(TEXTS)
    assert "input 4" == caught.value.name


def test_a_service_that_refuses_everything_blames_no_input(kit: Kit) -> None:
    kit.service.script = [kit.service.fails("input")] * 30
    with pytest.raises(ServiceError, match=r"refuses every request: .*the input is refused"):
        kit.model().encode_document(TEXTS)


# --- keys ---


def test_a_wrong_key_is_refused_without_a_second_try(kit: Kit) -> None:
    kit.service.script = [kit.service.fails("key", KEY)]
    with pytest.raises(KeyRefused, match="refused") as caught:
        kit.model().encode_query(["a"])
    assert (9, []) == (caught.value.exit_code, kit.pauses)


def test_without_a_key_nothing_is_sent(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name)
    with pytest.raises(KeyRefused, match=r"set (OPENAI_API_KEY|GEMINI_API_KEY|AWS_ACCESS_KEY_ID)"):
        kit.model().encode_query(["a"])
    assert [] == kit.service.asked


@pytest.mark.parametrize("kind", ["key", "input", "model", "busy", "down"])
def test_a_key_never_leaks(kit: Kit, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A service that repeats the key in its answers cannot make us repeat it."""
    caplog.set_level(logging.DEBUG)
    echo = kit.service.fails(kind, KEY)
    body = re.sub(r"refused|not|error|failed|request|Slow", rf"\g<0> {KEY}", json.dumps(echo.body))
    headers = {**echo.headers, "X-Key": KEY}
    kit.service.script = [Reply(echo.status, body.encode(), headers)] * 2
    model = kit.model()
    failures = (BadItem, ModelNotFound, ServiceError)
    with override(service_attempts=2), pytest.raises(failures) as caught:
        model.encode_query(["a"])
    printed = "".join(traceback.format_exception(caught.value))
    assert KEY not in repr(caught.value.__context__)
    for text in (printed, repr(model), str(model.space.to_json()), str(model.bill)):
        assert KEY not in text
    quiet = [record for record in caplog.records if record.levelno > logging.DEBUG]
    assert KEY not in "\n".join(record.getMessage() for record in quiet)


def test_the_key_goes_to_the_service_alone(kit: Kit) -> None:
    kit.model().encode_query(["a"])
    sent = kit.service.asked[0].headers
    assert KEY not in str(kit.service.asked[0].body)
    if kit.model().SERVICE == "bedrock":  # a signature, never the secret
        assert KEY not in str(sent)
    else:
        assert KEY in str(sent)


# --- identity ---


def test_the_space_says_what_the_vectors_depend_on(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = kit.model()
    assert model.space.fingerprint == kit.model().space.fingerprint
    other = kit.model(dim=model.facts.dims[0])
    assert model.space.fingerprint != other.space.fingerprint
    assert kit.service.url in model.space.towers[0].source
    for name in (
        "OPENAI_BASE_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "GOOGLE_GEMINI_BASE_URL",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    own = kit.model().space
    assert model.SERVICE == own.towers[0].source
    assert model.space.fingerprint != own.fingerprint, "another server is another space"


def test_a_password_in_the_address_stays_out_of_the_space(
    openai: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me:hush@127.0.0.1:1/v1?token=hush")
    assert "openai at http://127.0.0.1:1/v1" == openai.model().space.towers[0].source


def test_dimensions_that_the_model_cannot_give(kit: Kit) -> None:
    with pytest.raises(BadArgument, match="dimensions, not 100000"):
        kit.model(dim=100_000)


def test_an_unknown_model_has_near_matches(kit: Kit) -> None:
    with pytest.raises(ModelNotFound, match=f"did you mean '{kit.kind.SERVICE}:{kit.name}'"):
        kit.model(kit.name[:-1] + "x")


def test_a_hosted_model_cannot_be_saved(kit: Kit, tmp_path: Path) -> None:
    model = kit.model()
    with pytest.raises(BadArgument, match=r"it runs at .*, and its files are not here"):
        model.save(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_hosted_model_says_whether_it_needs_a_role(kit: Kit) -> None:
    model = kit.model()
    assert ("gemini" == model.SERVICE) == model.needs_role
    if model.needs_role:
        with pytest.raises(BadArgument, match="reads a query otherwise"):
            model.encode("a chair")
    assert (kit.dim,) == model.encode("a chair", "query").shape
