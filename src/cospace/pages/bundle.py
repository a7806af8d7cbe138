"""The pages' modules as one script: for a notebook, and for a file that is opened without a server.

Only the forms that our modules use are known: imports of names on one line, exports of functions,
classes and constants, and the closing `export{...}` of a minified library.
"""

from __future__ import annotations

import re

from cospace.pages import assets

__all__ = ["bundle", "style"]

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([a-z]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function|class|const) (\w+)", re.MULTILINE)
_CLOSING = re.compile(r"export\{([^}]*)\};?\s*$")


def style(*, hosted: bool = False) -> str:
    """The style sheet; hosted, for a shadow root within somebody else's page."""
    text = assets()["style.css"].data.decode()
    if not hosted:
        return text
    text = re.sub(r"^( *):root((?:[:[][^ {]*)?) \{", _hosted, text, flags=re.MULTILINE)
    return re.sub(r"^(?:html|body) \{", ":host {", text, flags=re.MULTILINE)


def _hosted(found: re.Match[str]) -> str:
    return f"{found[1]}:host({found[2]}) {{" if found[2] else f"{found[1]}:host {{"


def bundle(entry: str, *, default: bool = False) -> str:
    """One ES module that has what the module `entry` exports, with all that it imports.

    With `default` it exports one object that has them, and no names.

    >>> bundle("state.js").count("export ")
    1
    """
    order: list[str] = []
    _visit(entry, order)
    parts = [_wrapped(name) for name in order]
    names = ", ".join(_EXPORT.findall(assets()[entry].data.decode()))
    given = "default" if default else f"const {{ {names} }} ="
    return "\n".join([*parts, f"export {given} {_variable(entry)};\n"])


def _visit(name: str, order: list[str]) -> None:
    if name in order:
        return
    for _, other in _IMPORT.findall(assets()[name].data.decode()):
        _visit(other, order)
    order.append(name)


def _wrapped(name: str) -> str:
    """A module as a function that gives what it exports."""
    text = assets()[name].data.decode()
    closing = _CLOSING.search(text)
    if closing:
        pairs = [pair.split(" as ") for pair in closing[1].split(",")]
        given = ", ".join(f"{pair[-1].strip()}: {pair[0].strip()}" for pair in pairs)
        text = text[: closing.start()]
    else:
        given = ", ".join(_EXPORT.findall(text))
        text = re.sub(r"^export ", "", text, flags=re.MULTILINE)
    text = _IMPORT.sub(
        lambda one: f"const {{{one[1].replace(' as ', ': ')}}} = {_variable(one[2])};", text
    )
    return f"const {_variable(name)} = (() => {{\n{text}\nreturn {{ {given} }};\n}})();"


def _variable(name: str) -> str:
    return "module_" + name.removesuffix(".js")
