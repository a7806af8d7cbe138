"""Answers and documents: what the server says is what the library says, whole and in pieces."""

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from chat_service import ChatService
from serving import Running, serving

import cospace as cs
from cospace.errors import BadArgument
from cospace.serve.asking import _Pieces
from cospace.serve.settings import Settings

from .conftest import data_url, png

FILLER = "Rule {} says that every desk is tidied on Friday evening before the lights go out. "
TEXTS = {
    "leave": "There are 29 days of paid leave. " + "".join(FILLER.format(n) for n in range(40)),
    "returns": "You may return a chair within 30 days.",
    "care": "".join(FILLER.format(n) for n in range(40)) + "Oil an oak table twice a year.",
}
PATH = "/collections/handbook"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("asked") / "handbook.cospace"
    with cs.open(place, model="starter") as made:
        made.add(cs.read([{"id": id, "text": text} for id, text in TEXTS.items()], chunks=True))
    return place


@pytest.fixture(scope="module")
def alone(folder: Path) -> Iterator[Running]:
    """A server without a chat model."""
    with serving(folder, "--read-only", "1") as server:
        yield server


@pytest.fixture(scope="module")
def library(folder: Path) -> Iterator[cs.Collection]:
    with cs.open(folder, read_only=True) as one:
        yield one


@pytest.fixture(scope="module")
def written() -> Iterator[ChatService]:
    one = ChatService()
    one.most = 100_000
    yield one
    one.close()


@pytest.fixture
def service(written: ChatService) -> ChatService:
    """The chat model of `chatting`, which was asked nothing yet."""
    written.asked, written.script = [], []
    return written


@pytest.fixture(scope="module")
def chatting(folder: Path, written: ChatService) -> Iterator[Running]:
    """A server with a chat model."""
    words = (folder, "--read-only", "1", "--chat", f"{written.url}/v1", "--chat-model", "m")
    with serving(*words, variables={"OPENAI_API_KEY": "secret-of-ours"}) as server:
        yield server


def events(body: bytes) -> list[tuple[str, dict]]:
    """The kind and the data of each event of a stream."""
    found = []
    for block in body.decode().split("\n\n")[:-1]:
        kind, data = block.split("\n")
        found.append((kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_an_answer_is_the_librarys_with_its_citation(alone: Running, library: cs.Collection):
    question = "How many days of paid leave are there?"
    reply = alone.post(f"{PATH}/ask", {"question": question})
    assert 200 == reply.status, reply.body
    expected = library.ask(question)
    assert expected.text == reply.json["text"]
    assert expected.to_dict()["sentences"] == reply.json["sentences"]
    assert [one.text for one in expected.context.passages] == [
        one["text"] for one in reply.json["context"]["passages"]
    ]
    assert pytest.approx(expected.score, rel=0.05) == reply.json["score"]
    assert (True, True, "") == (reply.json["found"], reply.json["held"], reply.json["by"])
    assert "29 days of paid leave. [" in reply.json["text"]
    [cited] = {n for one in reply.json["sentences"] for n in one["citations"]}
    passages = {one["number"]: one for one in reply.json["context"]["passages"]}
    assert passages[cited]["id"].startswith("leave")


def test_what_is_not_there_is_not_found_in_so_many_passages(alone: Running):
    asked = {"question": "Who won the chess championship of 1927?", "least": 50.0}
    reply = alone.post(f"{PATH}/ask", asked).json
    assert (False, []) == (reply["found"], reply["sentences"])
    read, stored = reply["context"]["read"], reply["context"]["stored"]
    assert f"Not found in the {read} passages read of {stored}." == reply["text"]


def test_a_filter_and_a_budget_hold(alone: Running):
    asked = {"question": "How many days?", "where": {"document": "returns"}, "tokens": 50}
    reply = alone.post(f"{PATH}/ask", asked).json
    assert {"returns"} == {one["id"].split("#")[0] for one in reply["context"]["passages"]}
    assert reply["context"]["tokens"] <= 50


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({}, 400, "question: Field required"),
        ({"question": " "}, 400, ""),
        ({"question": "x", "tokens": 0}, 400, "tokens"),
        ({"question": "x", "chat": "http://evil.example"}, 400, "chat: not known here"),
        ({"question": "x", "where": {"document": {"$foo": 1}}}, 400, "$foo"),
        ({"question": "x", "where": {"document": {"$foo": 1}}, "stream": True}, 400, "$foo"),
        ({"question": " ", "stream": True}, 400, ""),
    ],
)
def test_what_cannot_be_asked_is_refused_in_the_one_shape(alone: Running, asked, status, says):
    reply = alone.post(f"{PATH}/ask", asked)
    assert status == reply.status, reply.body
    assert says in reply.error
    assert 404 == alone.post("/collections/nobody/ask", {"question": "x"}).status


def test_a_stream_without_a_chat_model_is_the_answer_alone(alone: Running):
    asked = {"question": "When may I return a chair?"}
    reply = alone.post(f"{PATH}/ask", {**asked, "stream": True})
    assert "text/event-stream; charset=utf-8" == reply.headers["content-type"]
    [(kind, told)] = events(reply.body)
    assert ("answer", alone.post(f"{PATH}/ask", asked).json["text"]) == (kind, told["text"])


def test_a_chat_model_writes_and_each_sentence_is_held_or_not(
    chatting: Running, service: ChatService
):
    service.says = "You may return a chair within 30 days [1]. It costs 900 euros [1]."
    reply = chatting.post(f"{PATH}/ask", {"question": "When may I return a chair?"}).json
    assert ("m", False) == (reply["by"], reply["held"])
    assert [True, False] == [one["held"] for one in reply["sentences"]]
    [sent] = service.asked
    assert "Bearer secret-of-ours" == sent.headers["authorization"]
    assert b"secret-of-ours" not in json.dumps(reply).encode()


def test_a_stream_gives_the_pieces_and_then_the_whole(chatting: Running, service: ChatService):
    service.says = "You may return a chair within 30 days [1]."
    asked = {"question": "When may I return a chair?", "stream": True}
    found = events(chatting.post(f"{PATH}/ask", asked).body)
    kinds = [kind for kind, _ in found]
    assert (["piece"] * (len(found) - 1)) + ["answer"] == kinds
    assert len(found) > 3
    assert service.says == "".join(one["text"] for kind, one in found if kind == "piece")
    assert (True, "m") == (found[-1][1]["held"], found[-1][1]["by"])


def test_a_chat_model_that_breaks_off_is_an_error_in_its_place(
    chatting: Running, service: ChatService
):
    service.says = "You may return a chair within 30 days [1]."
    service.script = ["break", "break"]
    asked = {"question": "When may I return a chair?"}
    whole = chatting.post(f"{PATH}/ask", asked)
    assert (503, "ServiceDown") == (whole.status, whole.json["error"]["code"])
    found = events(chatting.post(f"{PATH}/ask", {**asked, "stream": True}).body)
    assert ["piece", "error"] == [kind for kind, _ in found]
    assert whole.json == found[-1][1]


def test_a_fault_of_our_own_is_an_error_event_and_goes_to_the_log():
    def ask(tell):
        tell("A chair is")
        raise RuntimeError("a secret of our insides")

    async def told() -> list[bytes]:
        found: list[bytes] = []
        with ThreadPoolExecutor(1) as threads:
            asking = SimpleNamespace(begin=threads.submit)
            pieces = _Pieces(SimpleNamespace(asking=asking), None, ask)
            with pytest.raises(RuntimeError, match="a secret of our insides"):
                async for event in await pieces.begun():
                    found.append(event)  # noqa: PERF401 - those before it raises count
        return found

    found = events(b"".join(asyncio.run(told())))
    assert ["piece", "error"] == [kind for kind, _ in found]
    assert "unexpected error; the server's log has it" == found[-1][1]["error"]["message"]


def test_a_client_that_leaves_a_stream_ends_the_writing(chatting: Running, service: ChatService):
    service.says = "A chair is a chair [1]. " * 20_000
    body = json.dumps({"question": "chair?", "stream": True})
    connection = http.client.HTTPConnection(*chatting.address, timeout=60)
    connection.request("POST", f"{PATH}/ask", body, {"Content-Type": "application/json"})
    assert connection.getresponse().read(100).startswith(b"event: piece")
    connection.sock.close()
    connection.close()
    service.says = "Within 30 days [1]."
    for _ in range(12):  # more than there are threads for it
        reply = chatting.post(f"{PATH}/ask", {"question": "When may I return a chair?"})
        assert "Within 30 days. [1]" == reply.json["text"].split(" (")[0]


def test_many_ask_at_once_and_each_gets_its_own(alone: Running):
    found = {}

    def ask(id: str, question: str) -> None:
        reply = alone.post(f"{PATH}/ask", {"question": question}).json
        found[id] = {one["id"].split("#")[0] for one in reply["context"]["passages"][:1]}

    asked = {"leave": "days of paid leave?", "returns": "return a chair?", "care": "oil a table?"}
    threads = [threading.Thread(target=ask, args=one) for one in asked.items()]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {id: {id} for id in asked} == found


# --- documents ---


def test_documents_are_those_of_the_library(alone: Running, library: cs.Collection):
    reply = alone.post(f"{PATH}/documents", {"query": "how to care for oak", "k": 2})
    assert 200 == reply.status, reply.body
    expected = library.documents("how to care for oak", 2)
    assert expected.ids == [hit["id"] for hit in reply.json["hits"]]
    assert [hit.text for hit in expected] == [hit["text"] for hit in reply.json["hits"]]
    assert "care" == reply.json["hits"][0]["document"]
    assert "Oil an oak table" in reply.json["hits"][0]["text"]


def test_each_document_is_there_once_though_its_chunks_are_near(alone: Running):
    hits = alone.post(f"{PATH}/documents", {"query": "desks are tidied on Friday"}).json["hits"]
    assert sorted(TEXTS) == sorted(hit["document"] for hit in hits)
    chunks = alone.post(f"{PATH}/search", {"query": "desks are tidied on Friday"}).json["hits"]
    assert len(chunks) > len({hit["id"].split("#")[0] for hit in chunks})


def test_documents_by_filter_by_list_and_by_image(alone: Running, shop: Running):
    where = {"query": "x", "where": {"document": "returns"}, "by": ["words", "text"]}
    hits = alone.post(f"{PATH}/documents", where).json["hits"]
    assert ["returns"] == [hit["document"] for hit in hits]
    hits = shop.post("/collections/shop/documents", {"image": data_url(png(1)), "k": 1}).json[
        "hits"
    ]
    assert ["MK-1"] == [hit["document"] for hit in hits], "an item in one piece is its own"
    assert "/media?id=MK-1" in hits[0]["media"]["image"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "give query"),
        ({"query": "x", "k": 0}, "k: "),
        ({"query": "x", "k": 5_000}, "at most"),
        ({"query": "x", "offset": 3}, "offset: not known here"),
        ({"query": "x", "weights": {"text": 1.0}, "by": ["nothing"]}, ""),
        ({"image": "http://localhost/x.png"}, "never fetched"),
    ],
)
def test_what_documents_cannot_be_searched_for(alone: Running, asked, says):
    reply = alone.post(f"{PATH}/documents", asked)
    assert 400 == reply.status, reply.body
    assert says in reply.error


def test_the_page_of_routes_lists_both(alone: Running):
    paths = alone.get("/openapi.json").json["paths"]
    for route, field in (("ask", "question"), ("documents", "query")):
        post = paths["/collections/{name}/" + route]["post"]
        shape = post["requestBody"]["content"]["application/json"]["schema"]
        assert field in shape["properties"]


def test_an_address_without_a_model_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(BadArgument, match="go together"):
        Settings(chat="http://localhost:1/v1")
    with pytest.raises(BadArgument, match="go together"):
        Settings(chat_model="m")
    monkeypatch.setenv("COSPACE_SERVE_CHAT", "http://localhost:1/v1")
    monkeypatch.setenv("COSPACE_SERVE_CHAT_MODEL", "m")
    found = Settings.of((), {})
    assert ("http://localhost:1/v1", "m") == (found.chat, found.chat_model)
