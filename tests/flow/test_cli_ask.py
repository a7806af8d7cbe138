"""Documents on the command line: indexed in chunks, asked, and answered with citations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_service import ChatService
from cli_shop import Cli
from documents import pdf, word

LEAVE = "There are 29 days of paid leave."


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    folder.mkdir()
    rules = "".join(f"Rule {n} says that desks are tidied on Friday. " for n in range(60))
    (folder / "staff.md").write_text(f"# Staff\n\n## Leave\n\n{LEAVE}\n\n## Order\n\n{rules}")
    (folder / "care.html").write_text("<h1>Care</h1><p>Oil an oak table twice a year.</p>")
    pdf(folder / "returns.pdf", [["You may return a chair within 30 days."]])
    word(folder / "delivery.docx", [("Heading 1", "Vans"), ("", "A van costs 29 euros.")])
    (folder / "broken.pdf").write_bytes(b"hello")
    return folder


@pytest.fixture
def indexed(cli: Cli, handbook: Path) -> Cli:
    ran = cli("index", "handbook", "--model", "starter", "--chunks", "--json")
    assert (0, 4, 1) == (ran.code, ran.json["report"]["documents"], ran.json["report"]["failed"])
    return cli


def test_a_folder_of_documents_in_chunks(cli: Cli, handbook: Path) -> None:
    ran = cli("index", "handbook", "--model", "starter", "--chunks")
    assert 0 == ran.code
    assert "4 documents in chunks" in ran.out
    assert "broken.pdf: the PDF is damaged" in ran.out
    assert 'cospace ask handbook.cospace "..."' in ran.out
    assert "tables are read as lines of text" in ran.err
    again = cli("index", "handbook", "--chunks", "--json").json["report"]
    assert (0, 0, 0) == (again["added"], again["updated"], again["removed"])


def test_without_chunks_long_texts_are_cut_and_what_to_do_is_told(cli: Cli, handbook: Path) -> None:
    ran = cli("index", "handbook", "--model", "starter")
    assert "1 text cut to what the model reads" in ran.out
    assert "with --chunks all of every text is read" in ran.out


def test_prune_and_dry_run_know_chunks(indexed: Cli, handbook: Path) -> None:
    (handbook / "broken.pdf").unlink()
    (handbook / "care.html").unlink()
    ran = indexed("index", "handbook", "--chunks", "--dry-run", "--json").json
    assert ["care.html#1"] == ran["not_in_source"]
    ran = indexed("index", "handbook", "--chunks", "--prune", "--json").json
    assert (1, 0) == (ran["removed"], ran["report"]["removed"])


def test_an_answer_with_its_source(indexed: Cli) -> None:
    ran = indexed("ask", "handbook.cospace", "How many days of paid leave are there?")
    assert 0 == ran.code
    assert ran.out.startswith(f"{LEAVE} [1]")
    assert "[1] staff.md, Staff > Leave" in ran.out


def test_an_answer_as_json(indexed: Cli) -> None:
    record = indexed("ask", "handbook.cospace", "What does a van cost?", "--json").json
    assert record["found"]
    [passage] = [p for p in record["context"]["passages"] if p["number"] == 1]
    assert ("delivery.docx", "A van costs 29 euros.") == (passage["document"], passage["text"])


def test_a_page_is_cited(indexed: Cli) -> None:
    ran = indexed("ask", "handbook.cospace", "Within how many days may I return a chair?")
    assert "returns.pdf, page 1" in ran.out


def test_what_is_not_there_is_refused_and_the_nearest_shown(indexed: Cli) -> None:
    ran = indexed("ask", "handbook.cospace", "Which planets have rings?", "--tokens", "200")
    assert 0 == ran.code
    assert ran.out.startswith("Not found in the ")
    assert "nearest: " in ran.out


def test_the_passages_alone(indexed: Cli) -> None:
    ran = indexed("ask", "handbook.cospace", "paid leave", "--passages", "--tokens", "60")
    assert ran.out.startswith("[1] staff.md, Staff > Leave\nThere are 29 days")
    record = indexed("ask", "handbook.cospace", "paid leave", "--passages", "--json").json
    assert {"question", "passages", "read", "stored", "tokens"} == set(record)


def test_what_cannot_be_asked(indexed: Cli) -> None:
    for words in (("--chat", "http://x/v1"), ("--chat-model", "m"), ("--tokens", "0")):
        assert 2 == indexed("ask", "handbook.cospace", "leave?", *words).code
    both = ("--passages", "--chat", "http://x/v1", "--chat-model", "m")
    assert "--passages goes without --chat" in indexed("ask", "handbook.cospace", "x", *both).err
    assert 4 == indexed("ask", "nowhere.cospace", "leave?").code
    assert 2 == indexed("index", "handbook", "--update", "--chunks").code


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatService]:
    pytest.importorskip("openai", reason="the extra [openai]")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("COSPACE_LIMIT_SERVICE_ATTEMPTS", "1")
    one = ChatService()
    yield one
    one.close()


def test_a_chat_model_writes_it_and_each_sentence_is_held(indexed: Cli, chat: ChatService) -> None:
    asked = ("ask", "handbook.cospace", "How many days of paid leave are there?")
    server = ("--chat", f"{chat.url}/v1", "--chat-model", "m-1")
    chat.says = "There are 29 days of paid leave [1]."
    ran = indexed(*asked, *server)
    assert (0, True) == (ran.code, ran.out.startswith("There are 29 days of paid leave. [1]"))
    assert LEAVE in chat.asked[0].texts[1]
    chat.says = "There are 35 days of paid leave [1]."
    ran = indexed(*asked, *server)
    assert 2 == ran.code
    assert "(not held: its passages do not say 35)" in ran.out
    chat.says = "NOT FOUND"
    ran = indexed(*asked, *server)
    assert (0, True) == (ran.code, ran.out.startswith("Not found in the "))


def test_a_chat_server_that_fails_is_an_error_of_its_own(indexed: Cli, chat: ChatService) -> None:
    chat.script.append(chat.fails("down"))
    server = ("--chat", f"{chat.url}/v1", "--chat-model", "m-1")
    assert 9 == indexed("ask", "handbook.cospace", "leave?", *server).code
