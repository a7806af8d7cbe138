"""A hosted model on the command line: the estimate, the question, the bill, and what goes wrong."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_shop import Cli
from loopback import OpenAIService

pytest.importorskip("openai", reason="the extra [openai]")

MODEL = "openai:text-embedding-3-small"
DEAR = f"{MODEL}=1000000"  # a dollar a token


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OpenAIService]:
    one = OpenAIService()
    monkeypatch.setenv("OPENAI_BASE_URL", f"{one.url}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-a-test")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("COSPACE_LIMIT_SERVICE_ATTEMPTS", "1")
    yield one
    one.close()


@pytest.fixture
def alone(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line, with a cache of its own."""
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    return cli


def test_embed_tells_the_estimate_and_the_bill(
    alone: Cli, service: OpenAIService, shop: Path
) -> None:
    done = alone("embed", shop, "-o", "v.npy", "--model", MODEL)
    assert 0 == done.code, done.err
    assert f"Estimate: {MODEL}: about $0.0000 for about" in done.err
    assert f"Bill: {MODEL}: $" in done.err
    assert 1_536 == np.load("v.npy").shape[1]
    paid = len(service.paid)
    again = alone("embed", shop, "-o", "v.npy", "--model", MODEL, "--json")
    assert "Estimate" not in again.err, "there is nothing to pay for"
    bill = json.loads(again.out)["bill"]
    assert (0, paid) == (bill["requests"], bill["cached"])
    assert paid == len(service.paid)


def test_a_dear_job_needs_a_yes_where_nobody_can_be_asked(
    alone: Cli, service: OpenAIService, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSPACE_PRICES", DEAR)
    for command in (("embed", shop, "-o", "v.npy"), ("index", shop)):
        refused = alone(*command, "--model", MODEL)
        assert 2 == refused.code
        assert "is above $1.00 (COSPACE_LIMIT_COST_CENTS); add --yes" in refused.err
        assert [] == service.paid
    assert 0 == alone("index", shop, "--model", MODEL, "--yes").code
    assert service.paid


def test_a_dear_migration_needs_a_yes(
    alone: Cli, service: OpenAIService, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSPACE_PRICES", DEAR)
    assert 0 == alone("index", shop, "--into", "m.cospace").code
    refused = alone("migrate", "m.cospace", "--to", MODEL)
    assert 2 == refused.code
    assert "add --yes" in refused.err
    assert [] == service.paid
    done = alone("migrate", "m.cospace", "--to", MODEL, "--yes")
    assert (0, True) == (done.code, bool(service.paid)), done.err
    assert f"Bill: {MODEL}: $" in done.err


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 2), ("", 2)])
def test_on_a_terminal_it_is_asked(
    typed: str,
    code: int,
    alone: Cli,
    service: OpenAIService,
    shop: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COSPACE_PRICES", DEAR)

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(typed))
    monkeypatch.setattr("sys.stderr", Terminal())
    assert code == alone("embed", shop, "-o", "v.npy", "--model", MODEL).code
    assert bool(service.paid) == (code == 0)


def test_an_unchanged_index_sends_nothing_again(
    alone: Cli, service: OpenAIService, shop: Path
) -> None:
    done = alone("index", shop, "--model", MODEL, "--into", "s", "--json")
    assert 0 == done.code, done.err
    record = json.loads(done.out)
    assert record["bill"]["requests"] == 1
    found = alone("search", "s", "armchair", "--json")
    assert 0 == found.code, found.err
    again = alone("index", shop, "--into", "s", "--json")
    assert 0 == json.loads(again.out)["bill"]["requests"]


def test_what_goes_wrong_has_a_code(alone: Cli, service: OpenAIService, shop: Path) -> None:
    for kind, name in (
        ("key", "KeyRefused"), ("busy", "QuotaExceeded"), ("quota", "QuotaExceeded"),
        ("down", "ServiceDown"),
    ):  # fmt: skip
        service.script = [service.fails(kind)]
        done = alone("index", shop, "--model", MODEL, "--into", "s")
        assert 9 == done.code
        assert f"cospace: {name}: openai: " in done.err
        assert "Bill: " in done.err
    assert 4 == alone("embed", shop, "-o", "v.npy", "--model", "openai:nothing").code
    assert 2 == alone("models", "verify", MODEL).code


def test_a_job_that_is_killed_pays_for_nothing_twice(
    alone: Cli, process: Any, service: OpenAIService, tmp_path: Path
) -> None:
    texts = [f"text number {i}" for i in range(600)]
    rows = "".join(f"{i},{text}\n" for i, text in enumerate(texts))
    (tmp_path / "many.csv").write_text(f"id,title\n{rows}")
    service.script = [lambda rows: rows, lambda rows: rows, "hang"]
    command = ("embed", "many.csv", "-o", "v.npy", "--model", MODEL)
    job = process(*command, COSPACE_HOME=str(tmp_path / "home"))
    try:
        assert service.wait_for(3, seconds=60)
    finally:
        job.kill()
        job.communicate()
    assert 512 == len(service.paid)
    done = alone(*command)
    assert 0 == done.code, done.err
    assert "512 are in the cache" in done.err
    assert sorted(texts) == sorted(service.paid)


def test_models_show_a_hosted_model(alone: Cli, service: OpenAIService) -> None:
    done = alone("models", "show", MODEL)
    assert 0 == done.code, done.err
    assert "1536, cosine" in done.out
    assert [] == service.asked


def test_the_cache_is_shown_and_emptied(alone: Cli, service: OpenAIService, shop: Path) -> None:
    assert "0 vectors" in alone("cache").out
    alone("embed", shop, "-o", "v.npy", "--model", MODEL)
    shown = alone("cache")
    assert f"{MODEL}  1536" in shown.out
    record = json.loads(alone("cache", "--json").out)
    assert record["vectors"] == record["spaces"][0]["vectors"] == len(service.paid)
    other = alone("cache", "clear", "--space", "other")
    assert 4 == other.code
    assert MODEL in other.err, "the names that there are"
    count = len(service.paid)
    assert f"{count} vectors dropped" in alone("cache", "clear", "--space", MODEL).out
    assert 2 == alone("cache", "--space", MODEL).code
    assert {"path", "dropped"} == set(json.loads(alone("cache", "clear", "--json").out))
