"""Each service on this machine, with the real SDK pointed at it and a key in the environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback import BedrockService, GeminiService, OpenAIService, Service

from cospace.encode.hosted import Hosted
from cospace.limits import override

KEY = "sk-Secret0123456789abcdefSecret"


class Kit:
    """A service, and how its models are made; `pauses` are the seconds that were not slept."""

    def __init__(self, service: Service, kind: type[Hosted], model: str, dim: int) -> None:
        self.service, self.kind, self.name, self.dim = service, kind, model, dim
        self.pauses: list[float] = []

    def model(self, name: str | None = None, **given: Any) -> Hosted:
        given.setdefault("dim", self.dim)
        return self.kind(name or self.name, sleep=self.pauses.append, **given)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE0123")
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with override(service_ms=10_000):
        yield


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    pytest.importorskip("openai", reason="the extra [openai]")
    from cospace.encode.hosted.openai import OpenAI

    service = OpenAIService()
    monkeypatch.setenv("OPENAI_BASE_URL", f"{service.url}/v1")
    yield Kit(service, OpenAI, "text-embedding-3-small", 64)
    service.close()


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    pytest.importorskip("boto3", reason="the extra [bedrock]")
    from cospace.encode.hosted.bedrock import Bedrock

    service = BedrockService()
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", service.url)
    yield Kit(service, Bedrock, "amazon.titan-embed-text-v2:0", 256)
    service.close()


@pytest.fixture
def gemini(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    pytest.importorskip("google.genai", reason="the extra [gemini]")
    from cospace.encode.hosted.gemini import Gemini

    service = GeminiService()
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", service.url)
    yield Kit(service, Gemini, "gemini-embedding-001", 128)
    service.close()


@pytest.fixture(params=["openai", "bedrock", "gemini"])
def kit(request: pytest.FixtureRequest) -> Kit:
    found: Kit = request.getfixturevalue(request.param)
    return found
