"""Answering: a question to a collection, by its own sentences or by a chat model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from cospace.collection.answer import Answer
from cospace.collection.context import Context
from cospace.collection.extract import confidence, extracted, ranked
from cospace.collection.held import held, said
from cospace.collection.written import Writer, written
from cospace.encode import Encoder
from cospace.store.protocol import Store
from cospace.store.where import parse

__all__ = ["Answerable", "Wished", "answered"]

# Before nothing is said to be found, so many times the tokens are read, of so many items.
_DEEPER, _ITEMS = 2, 100
_FITTED = "starter"


class Wished(NamedTuple):
    """How a question is to be answered, as `Asking.ask` takes it."""

    tokens: int
    where: Mapping[str, Any] | None
    chat: Writer | None
    least: float
    tell: Callable[[str], object] | None


class Answerable(Protocol):
    """What answering needs of a collection."""

    store: Store

    @property
    def model(self) -> Encoder:
        """What encodes the passages."""
        ...

    @property
    def asker(self) -> Encoder:
        """What encodes the question."""
        ...

    def context(
        self, question: str, *, tokens: int = 2000, k: int = 50, where: Any = None
    ) -> Context:
        """The passages for a question."""
        ...


def answered(collection: Answerable, question: str, wished: Wished) -> Answer:
    """The answer, written by the chat model where there is one."""
    context = collection.context(question, tokens=wished.tokens, where=wished.where)
    if wished.chat is not None:
        return _by_chat(collection, context, wished)
    return _by_sentences(collection, context, wished)


def _by_sentences(collection: Answerable, context: Context, wished: Wished) -> Answer:
    if not context.passages:
        return Answer(context.question, (), context)
    store, question = collection.store, context.question
    vector = collection.asker.encode_query([question]).normalized[0]
    node = parse(wished.where, store.schema) if wished.where else None
    best = ranked(vector, context.passages, collection.model)
    score = confidence(question, vector, best.best, store, collection.asker, node)
    if score <= wished.least and context.read < context.stored:
        context = collection.context(
            question, tokens=_DEEPER * wished.tokens, k=_ITEMS, where=wished.where
        )
        best = ranked(vector, context.passages, collection.model)
        score = confidence(question, vector, best.best, store, collection.asker, node)
    found = extracted(best) if score > wished.least else ()
    return Answer(question, found, context, score=score, notes=_notes(collection))


def _notes(collection: Answerable) -> tuple[str, ...]:
    name = collection.model.space.name
    if name == _FITTED:
        return ()
    told = f"what counts as an answer was fitted for {_FITTED}, not for {name}; give another least="
    return (f"{told} where too many or too few questions are answered",)


def _by_chat(collection: Answerable, context: Context, wished: Wished) -> Answer:
    assert wished.chat is not None
    by = str(getattr(wished.chat, "model", "") or "a chat model")
    if not context.passages:
        return Answer(context.question, (), context, by)
    text = written(context, wished.chat, wished.tell)
    language = collection.store.info().language or "english"
    sentences = held(said(text), context.passages, collection.model, language)
    return Answer(context.question, sentences, context, by)
