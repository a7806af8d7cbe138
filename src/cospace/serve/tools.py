"""An MCP server: one collection as tools for an assistant, over standard input and output.

The Model Context Protocol, through its official SDK: https://modelcontextprotocol.io
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cospace.errors import CospaceError
from cospace.need import need

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from cospace.collection import Collection
    from cospace.item import Item

__all__ = ["tools"]


def tools(collection: Collection) -> MCPServer[Any]:
    """The server, with the tools search, get and context. Raises `MissingExtra`."""
    server: MCPServer[Any] = need("mcp.server", extra="mcp").MCPServer(
        f"cospace: {collection.name}",
        instructions=f"{collection.name} is a collection that is searched by meaning. Use context"
        " for questions that its texts answer, and cite what you use; search for items.",
    )

    @server.tool()
    def search(query: str, k: int = 10, where: dict[str, Any] | None = None) -> dict[str, Any]:
        """The k items nearest in meaning to a text. `where` is a filter on their metadata, such
        as {"price": {"$lt": 300}}."""
        return _told(lambda: collection.search(query, k, where=where).to_json())

    @server.tool()
    def get(ids: list[str]) -> dict[str, Any]:
        """Items by their ids; null for an id that is not there."""
        return _told(lambda: {"items": [_record(one) for one in collection.get(ids)]})

    @server.tool()
    def context(question: str, tokens: int = 2_000) -> dict[str, Any]:
        """The passages that answer a question, in at most so many tokens, each with the document,
        the heading or page, and the characters that it is."""
        return _told(lambda: collection.context(question, tokens=tokens).to_dict())

    return server


def _told(ask: Any) -> dict[str, Any]:
    """The answer, or what is wrong with the question: an assistant can mend it."""
    try:
        found: Mapping[str, Any] = ask()
    except CospaceError as error:
        return {"error": {"type": type(error).__name__, "message": str(error)}}
    return dict(found)


def _record(item: Item | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return {"id": item.id, "text": item.parts.text, "metadata": dict(item.metadata)}
