"""The widget, by anywidget: the same cards and map as the pages, asked of the kernel."""

from __future__ import annotations

from typing import Any

from cospace.arguments import check_count, check_instance
from cospace.need import need
from cospace.notebook.kernel import Shown, reply
from cospace.pages.bundle import bundle, style

__all__ = ["shown"]


def shown(collection: Shown, query: str, k: int) -> Any:
    """An `anywidget.AnyWidget`. Raises `MissingExtra`."""
    query, k = check_instance("query", query, str, "as it would be typed"), check_count("k", k)
    anywidget = need("anywidget", extra="notebook")
    traitlets = need("traitlets", extra="notebook")

    class Widget(anywidget.AnyWidget):  # type: ignore[name-defined, misc]
        """Cards and a map in a notebook."""

        _esm = bundle("widget.js", default=True)
        # Not "style": that is a model of its own to ipywidgets.
        sheet = traitlets.Unicode(style(hosted=True)).tag(sync=True)
        about = traitlets.Dict().tag(sync=True)
        query = traitlets.Unicode().tag(sync=True)
        k = traitlets.Int().tag(sync=True)

    fields = {field.name: field.type for field in collection.store.schema.fields.values()}
    made = Widget(about={"name": collection.name, "metadata": fields}, query=query, k=k)

    def asked(widget: Any, message: dict[str, Any], buffers: Any) -> None:
        del buffers
        posted = message.get("method") == "POST"
        found = reply(collection, message["path"], message["query"], message["body"], posted=posted)
        head = {"number": message["number"], "status": found.status, "json": found.json}
        widget.send(head, [] if found.data is None else [found.data])

    made.on_msg(asked)
    return made
