"""What requests hold, as pydantic models: what is sent in another shape is refused by name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "AskRequest", "Change", "ContextRequest", "Delete", "Document", "DocumentsRequest",
    "EmbeddingRequest", "FacetRequest", "Get", "Items", "Judgment", "MapRequest", "Near",
    "Question", "RerankRequest", "Updates", "WhyRequest", "Write",
]  # fmt: skip


_STRICT: ConfigDict = {"extra": "forbid", "strict": True}


class _Shape(BaseModel):
    model_config = ConfigDict(**_STRICT)


_DATA = "a data URL, such as data:image/png;base64,...; addresses are never fetched"
# Lists are bounded before what is in them is looked at. What may be long is looked at one by one
# by the routes: pydantic would tell all that is wrong with each of a million elements.
_MOST = 1_000
Strings = Annotated[list[str], Field(max_length=_MOST)]
_ANY_INPUT: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": ["string", "integer", "array", "object"]}},
        {"type": "object"},
    ]
}
_Part = dict[str, Any]


class EmbeddingRequest(_Shape):
    """OpenAI's request for embeddings, and what Jina, vLLM and Infinity add to it."""

    model_config = ConfigDict(
        **_STRICT,
        json_schema_extra={
            "examples": [{"model": "starter", "input": ["retro velvet armchair", "steel rake"]}]
        },
    )

    model: str = Field(description="one of GET /v1/models")
    input: str | list[Any] | _Part | None = Field(
        None,
        json_schema_extra=_ANY_INPUT,
        description="a text, a list of texts, tokens, a list of those, or parts such as"
        f' {{"text": "..."}} and {{"image": URL}}, where URL is {_DATA}',
    )
    messages: list[Any] | None = Field(
        None, max_length=_MOST, description="as vLLM takes them, in place of input"
    )
    dimensions: int | None = Field(None, ge=1, description="the first numbers, at length one")
    encoding_format: Literal["float", "base64"] = "float"
    input_type: Literal["query", "document", "search_query", "search_document"] = Field(
        "document", description="which of the model's prompts is put in front"
    )
    modality: Literal["text", "image", "audio"] = Field(
        "text", description="what the strings of input are, as Infinity has it"
    )
    user: str | None = Field(None, description="taken, and not used")


class Document(_Shape):
    """A text to rank."""

    text: str


class RerankRequest(_Shape):
    """Cohere's request for a ranking."""

    model_config = ConfigDict(
        **_STRICT,
        json_schema_extra={
            "examples": [
                {
                    "model": "starter",
                    "query": "vintage comfortable seating",
                    "documents": ["steel rake", "retro velvet armchair"],
                    "top_n": 1,
                }
            ]
        },
    )

    model: str | None = Field(None, description="a model or a cross-encoder of this server")
    query: str
    documents: list[str | Document] = Field(min_length=1, max_length=_MOST)
    top_n: int | None = Field(None, ge=1)
    return_documents: bool = False
    max_tokens_per_doc: int | None = Field(
        None, description="refused unless it is more than what the model reads"
    )
    max_chunks_per_doc: int | None = Field(None, description="taken, and not used")
    priority: int | None = Field(None, description="taken, and not used")
    rank_fields: Strings | None = Field(None, description='only ["text"]')


class Near(_Shape):
    """A place, and how near to it."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    km: float = Field(10.0, gt=0)
    field: str | None = Field(None, description="the location, where items have several")


class Question(_Shape):
    """What is searched for: a text, an image, a stored item, or several of these; or, without any
    of them, all items."""

    model_config = ConfigDict(
        **_STRICT,
        json_schema_extra={"examples": [{"query": "vintage comfortable seating", "k": 3}]},
    )

    query: str | None = Field(None, description="a text")
    image: str | None = Field(None, description=_DATA)
    like: str | None = Field(None, description="the id of a stored item")
    unlike: Strings = Field(default_factory=list, description="ids of what is not wanted")
    weights: dict[str, float] | None = Field(None, description="what each part counts")
    k: int = Field(10, ge=1)
    offset: int = Field(0, ge=0)
    where: dict[str, Any] | None = Field(None, description="a filter: docs/filters.md")
    near: Near | None = None
    by: Strings | None = Field(None, description="the lists to rank by")
    explain: bool = False
    exclude: Strings = Field(default_factory=list, description="ids that are never found")
    sort: str | None = Field(
        None,
        description='a field, "price", or "-price" for the most first, or "distance" with near;'
        " with a question its best matches alone are sorted, and without one all items",
    )
    spelling: bool = Field(True, description="whether typing errors of query are mended")
    rerank: str | None = Field(
        None, description='a cross-encoder of this server; "" for none, also where one is kept'
    )


class FacetRequest(_Shape):
    """Which items are counted, and by which fields."""

    model_config = ConfigDict(
        **_STRICT,
        json_schema_extra={"examples": [{"where": {"price": {"$lt": 300}}, "fields": ["price"]}]},
    )

    where: dict[str, Any] | None = Field(None, description="a filter: docs/filters.md")
    fields: Strings | None = Field(None, description="by default all that are worth it")
    near: Near | None = None


class WhyRequest(_Shape):
    """An item, and the question that it answers."""

    model_config = ConfigDict(
        **_STRICT,
        json_schema_extra={"examples": [{"id": "MK-1", "query": "vintage comfortable seating"}]},
    )

    id: str
    query: str | None = Field(None, description="a text")
    image: str | None = Field(None, description=_DATA)
    like: str | None = Field(None, description="the id of a stored item")
    weights: dict[str, float] | None = Field(None, description="what each part counts")


class Judgment(_Shape):
    """How right an item is for a question."""

    model_config = ConfigDict(
        **_STRICT,
        json_schema_extra={"examples": [{"query": "a place to sit", "id": "MK-1", "grade": 2}]},
    )

    query: str
    id: str
    grade: int | None = Field(
        ge=0, le=3, description="0 is wrong, 3 the best; null takes an earlier one away"
    )


class ContextRequest(_Shape):
    """A question, and how much may be read to answer it."""

    model_config = ConfigDict(
        **_STRICT,
        json_schema_extra={"examples": [{"question": "how long can I return a chair?"}]},
    )

    question: str
    tokens: int = Field(2_000, ge=1, le=100_000, description="as the collection's model counts")
    where: dict[str, Any] | None = Field(None, description="a filter: docs/filters.md")


class AskRequest(ContextRequest):
    """A question to be answered, and how much may be read for it."""

    least: float = Field(
        0.0, description="the score that an answer needs, without a chat model; more refuses more"
    )
    stream: bool = Field(False, description="as server-sent events: piece, then answer or error")


class DocumentsRequest(_Shape):
    """What documents are searched for by: a text, an image, a stored item, or several."""

    model_config = ConfigDict(
        **_STRICT, json_schema_extra={"examples": [{"query": "how to care for oak", "k": 3}]}
    )

    query: str | None = Field(None, description="a text")
    image: str | None = Field(None, description=_DATA)
    like: str | None = Field(None, description="the id of a stored item")
    weights: dict[str, float] | None = Field(None, description="what each part counts")
    k: int = Field(10, ge=1)
    where: dict[str, Any] | None = Field(None, description="a filter: docs/filters.md")
    by: Strings | None = Field(None, description="the lists to rank by")


class Write(_Shape):
    """One item to store."""

    id: str
    text: str | None = None
    image: str | None = Field(None, description=f"{_DATA}; its vector is kept, the file is not")
    metadata: dict[str, Any] = Field(default_factory=dict)


class Items(_Shape):
    """Items to store."""

    model_config = ConfigDict(
        **_STRICT,
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "id": "MK-1",
                            "text": "Retro velvet armchair",
                            "metadata": {"price": 120},
                        }
                    ]
                }
            ]
        },
    )

    items: list[Any] = Field(min_length=1, json_schema_extra={"items": {"type": "object"}})


class Change(_Shape):
    """What changes of one stored item: null takes a field of the metadata away."""

    id: str
    text: str | None = None
    image: str | None = Field(None, description=_DATA)
    metadata: dict[str, Any] = Field(default_factory=dict)


class Updates(Items):
    """Changes of stored items."""


class Get(_Shape):
    """Items to read: by their ids, or by a filter."""

    ids: Strings | None = None
    where: dict[str, Any] | None = None
    limit: int = Field(100, ge=1, le=1_000)
    offset: int = Field(0, ge=0)
    vectors: bool = False


class Delete(_Shape):
    """Items to delete: by their ids, or by a filter."""

    ids: Strings | None = None
    where: dict[str, Any] | None = None


class MapRequest(_Shape):
    """What to make: all of the map anew, or only what is new on it."""

    again: bool = False
