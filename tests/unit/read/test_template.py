import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.errors import BadArgument, BadItem
from cospace.read.template import Template

COLUMNS = ["title", "brand", "description", "price"]


@pytest.mark.parametrize(
    ("pattern", "row", "expected"),
    [
        ("title", {"title": "Chair"}, "Chair"),
        ("title", {}, ""),
        ("{title}. {description}", {"title": "Chair", "description": "Red."}, "Chair. Red."),
        ("{title}. {description}", {"title": "Chair"}, "Chair."),
        ("{title}. {description}", {"description": "Red."}, "Red."),
        ("{title}. {description}", {"title": " ", "description": ""}, ""),
        ("{title} ({brand}), {price}", {"title": "Chair", "price": 3}, "Chair, 3"),
        ("{title} ({brand}), {price}", {"title": "Chair", "brand": "X"}, "Chair (X)"),
        ("{title}, {brand}, {price}", {"title": "Chair", "price": 1.5}, "Chair, 1.5"),
        ("{title}, {brand}", {"title": "Wait... (), what", "brand": ""}, "Wait... (), what"),
        ("{{{title}}}", {"title": "a"}, "{a}"),
        ("{title}", {"title": ["red", "oak"]}, "red, oak"),
        ("{title}", {"title": True}, "true"),
    ],
)
def test_a_row_renders(pattern: str, row: dict[str, object], expected: str) -> None:
    assert expected == Template(pattern, COLUMNS).render(row)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("tilte", "did you mean 'title'"),
        ("{descripton}", "did you mean 'description'"),
        ("{title.upper}", "names the column"),
        ("{weight}", r"not there\. The columns are: title"),
        ("tilte", r"'title'\? The columns are: title"),
        ("{title!r}", "names the column"),
        ("{}", "names the column ''"),
        ("{title", "single"),
        ("title}", "single"),
        ("{{x}}", "names no column"),
    ],
)
def test_a_wrong_template_says_what_is_wrong(pattern: str, reason: str) -> None:
    with pytest.raises(BadArgument, match=reason):
        Template(pattern, COLUMNS)


@pytest.mark.parametrize("value", [b"x", {"a": 1}, [[1]], object()])
def test_a_value_without_a_text_is_a_bad_item(value: object) -> None:
    with pytest.raises(BadItem, match="column 'title'"):
        Template("{title}", COLUMNS).render({"title": value})


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=3, max_size=3), st.integers(0, 7))
@settings(deadline=None)
def test_values_are_never_changed(values: list[str], mask: int) -> None:
    row = {c: v for i, (c, v) in enumerate(zip(COLUMNS, values, strict=False)) if mask >> i & 1}
    text = Template("{title} ({brand}). {description}", COLUMNS).render(row)
    assert all(value in text for value in row.values())
    assert bool(text) == bool(row)


_DASHES = "\u2013\u2014"


@given(st.text("a .,;:|/-\n\t" + _DASHES + "\u00a0", max_size=20), st.booleans(), st.booleans())
def test_words_are_tidied_as_the_plain_patterns_say(words: str, first: bool, last: bool) -> None:
    """The patterns of the module mean the same, but read a long run only once."""
    slots = ["\x00" if there else "" for there in (first, last)]
    text = slots[0] + words + slots[1]
    for pattern, new in (
        (r"(?<=[.,;:|/\-\u2013\u2014])(?:\s*[.,;:|/\-\u2013\u2014])+", ""),
        (r"\s+(?=[.,;:])", ""),
        (r"^[\s.,;:|/\-\u2013\u2014]+", ""),
        (r"[\s,;:|/\-\u2013\u2014]+$", ""),
        (r"[ \t]{2,}", " "),
    ):
        text = re.sub(pattern, new, text)
    expected = text.replace("\x00", "1") if first or last else ""
    if first and last:
        expected = f"1{words}1"
    given = {"x": "1" if first else "", "y": "1" if last else ""}
    assert expected == Template("{x}" + words + "{y}", ["x", "y"]).render(given)
