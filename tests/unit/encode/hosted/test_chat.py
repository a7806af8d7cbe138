"""Chat: what is sent, what comes in pieces, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chat_service import ChatService

from cospace.errors import (
    BadArgument,
    CospaceError,
    KeyRefused,
    ModelNotFound,
    QuotaExceeded,
    ServiceDown,
    ServiceError,
)
from cospace.limits import override

pytest.importorskip("openai", reason="the extra [openai]")

from cospace.encode.hosted.chat import Chat


@pytest.fixture
def service() -> Iterator[ChatService]:
    one = ChatService("Oil it twice a year [1].")
    with override(service_attempts=1):
        yield one
    one.close()


def written(service: ChatService) -> str:
    return "".join(Chat(f"{service.url}/v1", "m-1")("Be brief.", "Question: how often?"))


def test_a_text_comes_in_pieces_and_what_is_sent_is_this(service: ChatService) -> None:
    pieces = list(Chat(f"{service.url}/v1/", "m-1")("Be brief.", "Question: how often?"))
    assert "Oil it twice a year [1]." == "".join(pieces)
    assert len(pieces) > 2
    [asked] = service.asked
    assert (["Be brief.", "Question: how often?"], "m-1") == (asked.texts, asked.body["model"])


def test_the_key_comes_from_the_environment_alone(
    service: ChatService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    written(service)
    monkeypatch.delenv("OPENAI_API_KEY")
    written(service)
    sent = [asked.headers["authorization"] for asked in service.asked]
    assert ["Bearer sk-of-the-environment", "Bearer none"] == sent


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("key", KeyRefused),
        ("quota", QuotaExceeded),
        ("busy", QuotaExceeded),
        ("down", ServiceDown),
        ("model", ModelNotFound),
        ("input", ServiceError),
    ],
)
def test_what_a_service_refuses_is_a_typed_error_without_the_key(
    service: ChatService, kind: str, error: type[CospaceError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-Secret0123456789")
    service.script.append(service.fails(kind, "sk-Secret0123456789"))
    with pytest.raises(error) as raised:
        written(service)
    assert "Secret" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("step", "told"), [("break", "in the middle"), ("length", "limit of tokens")]
)
def test_a_text_that_breaks_off_is_no_answer(service: ChatService, step: str, told: str) -> None:
    service.script.append(step)
    with pytest.raises(ServiceDown, match=told):
        written(service)


def test_a_busy_service_is_asked_again(service: ChatService) -> None:
    service.script.append(service.fails("down"))
    with override(service_attempts=2):
        assert "Oil it twice a year [1]." == written(service)
    assert 2 == len(service.asked)


def test_nobody_there_is_told(service: ChatService) -> None:
    service.close()
    with pytest.raises(ServiceDown, match="cannot be reached"):
        written(service)


@pytest.mark.parametrize(("url", "model"), [("localhost:11434", "m"), ("http://x/v1", "")])
def test_what_is_no_server_or_no_model(url: str, model: str) -> None:
    with pytest.raises(BadArgument):
        Chat(url, model)
