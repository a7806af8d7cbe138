"""No pattern takes the square of its input: a text of one long word must not hold a search up."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import count, product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from growth import SQUARE, growth, seconds

import cospace
from cospace.encode.hosted import calls
from cospace.read.amounts import _PATTERNS
from cospace.read.template import Template
from cospace.read.terms import _chain, marks
from cospace.store.counts import Counts
from cospace.store.words import asked, document

ROOT = Path(cospace.__file__).parent
METHODS = {"compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub"}
# Patterns that are made as the code runs, and what they then are.
MADE = {
    "marks()": marks(),
    "row.pattern": r"(all|multi-qa|paraphrase|msmarco|nli|stsb|gtr|sentence)-.*",
    "f'^{field}:\\\\s+(\\\\d+) kB$'": r"^VmHWM:\s+(\d+) kB$",
    "f'{one}+(?:[{_SEPARATORS}]{one}+)*[+#]*'": _chain().pattern,
    "pattern": "|".join(f"(?:{pattern})" for pattern, _ in _PATTERNS),
    "f'</{name}'": "</script",
    "re.escape(word.strip())": "bank",
    "re.escape(separator)": ",",
    "re.escape(ending)": "cospace-backup",
    "self._base": "cospace_market",
    "'|'.join(_OPTIONS)": "id|text|image",
    "'|'.join([re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True)]"
    " + sorted(_CODES) + [code.lower() for code in sorted(_CODES)])": "EUR|US\\$|kr",
    "b'(?s:([^ ]*+) .{%d}|.+)' % self._width": rb"(?s:([^ ]*+) .{12}|.+)",
}
LENGTH = 8_000
QUICK = 0.02  # seconds: a linear pattern takes a tenth of it for `LENGTH` letters


class Use(NamedTuple):
    """A pattern, where it stands, and the method that it is called with."""

    place: str
    pattern: re.Pattern[Any]
    method: str

    def run(self, text: Any) -> object:
        if self.method == "sub":
            return self.pattern.sub(text[:0], text)
        if self.method == "finditer":
            return sum(1 for _ in self.pattern.finditer(text))
        return getattr(self.pattern, self.method)(text)


@cache
def uses() -> list[Use]:
    """Every pattern in src with each method that it is called with; `finditer` if none is seen."""
    trees = {path: ast.parse(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}
    nodes = [(path, node) for path, tree in trees.items() for node in ast.walk(tree)]
    methods, names, made = defaultdict(set), {}, defaultdict(dict)
    for path, node in nodes:
        if isinstance(node, ast.Attribute):
            methods[ast.unparse(node.value)].add(node.attr)
        if isinstance(node, ast.Assign):
            names[node.value] = name = ast.unparse(node.targets[0])
            made[path][name] = node.value
    found = []
    for path, node in nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{m}" for m in METHODS}:
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            pattern = compiled(node, made[path])
            method = ast.unparse(node.func).removeprefix("re.")
            called = {method} if method != "compile" else methods[names.get(node, "")] & METHODS
            found += [Use(place, pattern, one) for one in sorted(called) or ["finditer"]]
    return found


def compiled(call: ast.Call, made: dict[str, ast.expr]) -> re.Pattern[Any]:
    """The pattern of a call of `re`, in which names may stand that are `made` in its module."""
    flags = [ast.unparse(one) for one in [*call.args, *(word.value for word in call.keywords)]]
    flag = sum(getattr(re, one[3:]) for one in flags if re.fullmatch(r"re\.[A-Z]+", one))
    return re.compile(_text(call.args[0], made), flag)


def _text(node: ast.expr, made: dict[str, ast.expr]) -> Any:
    if ast.unparse(node) in MADE:
        return MADE[ast.unparse(node)]
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, made) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, made)
    if isinstance(node, ast.Name) and node.id in made:
        return _text(made[node.id], made)
    raise AssertionError(f"say in MADE what this is, a part of a pattern: {ast.unparse(node)}")


def attacks(pattern: str) -> Iterator[tuple[str, str, str]]:
    """A beginning, what is repeated, and an end, of what the pattern speaks of and of the usual."""
    words = re.findall(r"[A-Za-z][A-Za-z :-]*", pattern)
    own = sorted(set(pattern) & set("-_./:;,\"'()[]{}#?@+*|<>"))
    units = ["a", "1", " ", "\t ", "\n", "a ", "1 ", "a1", *own, *words]
    units += [both for c in own for both in (f"a{c}", f"{c} ")]
    yield from product(("", "1", *words), dict.fromkeys(units), ("", "x", "!"))


@pytest.mark.parametrize("use", uses(), ids=lambda use: f"{use.place} {use.method}")
def test_a_pattern_takes_a_time_that_grows_with_its_text(use: Use) -> None:
    assert next((one for one in attacks(source(use)) if is_square(use, *one)), None) is None


def source(use: Use) -> str:
    text = use.pattern.pattern
    return text.decode() if isinstance(text, bytes) else str(text)


def is_square(use: Use, head: str, unit: str, tail: str) -> bool:
    def make(size: int) -> Any:
        text = head + unit * (size // len(unit)) + tail
        return text.encode() if isinstance(use.pattern.pattern, bytes) else text

    quick = seconds(use.run, make(LENGTH), times=1) < QUICK
    return not quick and growth(use.run, make, most=LENGTH // 4) > SQUARE


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"[^\W_]+(?:[-_./][^\W_]+)+|[^\W_]*\d[^\W_]*", "finditer"),
        (r"\s+(?=[.,;:])", "sub"),
        (r"[\s,;:|/\-]+$", "sub"),
        (r"\s*(\d+(?:\.\d+)?)\s*s?\s*", "fullmatch"),
    ],
)
def test_the_attacks_find_a_square_pattern(pattern: str, method: str) -> None:
    use = Use("", re.compile(pattern), method)
    assert any(is_square(use, *attack) for attack in attacks(pattern))


@pytest.mark.parametrize("unit", ["a", "é", "1", "a-", "a1-", "a ", "1 ", "A ", "-", "\u6905"])
def test_the_words_of_a_long_text_take_a_time_that_grows_with_it(unit: str) -> None:
    counts = Counts()
    counts.add([document("id", f"armchair {unit}", {})])
    asked("a", counts, set())  # its tables are made at the first use
    for run in (lambda text: document("id", text, {}), lambda text: asked(text, counts, {unit})):
        assert growth(run, lambda size: unit * size, most=100_000) < SQUARE


@pytest.mark.parametrize("unit", [" ", "\t", ", ", "-"])
def test_a_template_is_tidied_in_a_time_that_grows_with_it(unit: str) -> None:
    numbers = count()  # what was tidied is kept, and would be quick the second time

    def render(words: str) -> str:
        template = Template(f"{{a}}x{words}x{next(numbers)}{{b}}", ["a", "b"])
        return template.render({"a": "1", "b": ""})

    assert growth(render, lambda size: unit * size, most=100_000) < SQUARE


def test_a_pause_is_read_in_a_time_that_grows_with_it() -> None:
    assert growth(calls.seconds, lambda size: "1" + " " * size + "x", most=100_000) < SQUARE
