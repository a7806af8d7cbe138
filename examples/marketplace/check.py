"""Check every promise the README makes about this data set. Standard library only.

    python check.py

prints a summary, and exits with 1 when a promise is broken.
"""

import csv
import json
import math
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TEXT = ["sku", "title", "description", "category"]
LISTING = [*TEXT, "price", "condition", "city", "lat", "lon", "photo"]
SOURCE = ["photo", "source", "file", "licence"]
CONDITIONS = {"new", "like new", "good", "fair", "for parts"}
LICENCES = {
    "clothing-dataset (CC0)": "CC0-1.0",
    "Open Clip Art (public domain)": "Public domain",
}
CITIES = {
    "Berlin": (52.5200, 13.4050),
    "Bremen": (53.0793, 8.8017),
    "Cologne": (50.9375, 6.9603),
    "Dresden": (51.0504, 13.7373),
    "Frankfurt": (50.1109, 8.6821),
    "Graz": (47.0707, 15.4395),
    "Hamburg": (53.5511, 9.9937),
    "Hanover": (52.3759, 9.7320),
    "Leipzig": (51.3397, 12.3731),
    "Munich": (48.1351, 11.5820),
    "Nuremberg": (49.4521, 11.0767),
    "Potsdam": (52.3906, 13.0645),
    "Salzburg": (47.8095, 13.0550),
    "Stuttgart": (48.7758, 9.1829),
    "Vienna": (48.2082, 16.3738),
}
STOP_WORDS = (
    "a an and are at be by for from i in into is it me my of on or our out over"
    " that the this to up what who with without"
)
MAX_SIDE, MAX_BYTES = 288, 5_500_000

problems: list[str] = []


def expect(holds: object, problem: str) -> None:
    """Note the problem unless the condition holds."""
    if not holds:
        problems.append(problem)


def read_table(name: str, columns: list[str]) -> list[dict[str, str]]:
    """The rows of a CSV file, whose header must be exactly the columns."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        expect(reader.fieldnames == columns, f"{name}: header is {reader.fieldnames}")
        return list(reader)


def words(text: str) -> set[str]:
    """The case-folded words of a text, letters only, stop words and single letters left out."""
    found = re.findall(r"[^\W\d_]{2,}", text.casefold())
    return {word for word in found if word not in STOP_WORDS.split()}


def stems(word: str) -> set[str]:
    """The word and what stays of it without s, es, ed, ing and a last e, if three letters do."""
    cut = {word} | {word.removesuffix(end) for end in ("s", "es", "ed", "ing")}
    cut |= {stem.removesuffix("e") for stem in cut}
    return {stem for stem in cut if len(stem) >= 3} | {word}


def shared_words(query: str, text: str) -> set[str]:
    """The words of the query that the text holds too, in the same or another form."""
    there = {stem for word in words(text) for stem in stems(word)}
    return {word for word in words(query) if stems(word) & there}


def exact_tokens(text: str) -> set[str]:
    """The case-folded tokens of a text, where a hyphen belongs to its token (KX-4410B)."""
    return set(re.findall(r"\w+(?:-\w+)*", text.casefold()))


def kilometres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The distance of two close points on the earth, in km."""
    north = (a[0] - b[0]) * 111.2
    east = (a[1] - b[1]) * 111.3 * math.cos(math.radians(a[0]))
    return math.hypot(north, east)


def jpeg_side(data: bytes) -> int:
    """The longest side of a JPEG in pixels, 0 when it is not a JPEG or carries Exif data."""
    if data[:2] != b"\xff\xd8":
        return 0
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xE1:
            return 0
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            size = data[at + 5 : at + 9]
            return max(int.from_bytes(size[:2], "big"), int.from_bytes(size[2:], "big"))
        at += 2 + length
    return 0


def check_listings(rows: list[dict[str, str]]) -> None:
    """Columns, texts, numbers and places of the listings."""
    expect(len(rows) >= 320, f"only {len(rows)} listings")
    expect(len({row["category"] for row in rows}) >= 12, "fewer than 12 categories")
    for column in ("sku", "title", "description"):
        for value, count in Counter(row[column] for row in rows).items():
            expect(count == 1, f"{column} {value!r} occurs {count} times")
    for row in rows:
        sku = row["sku"]
        expect(re.fullmatch(r"MK-\d{4}", sku), f"{sku}: not a sku")
        expect(all(row[column] for column in LISTING[:-1]), f"{sku}: an empty field")
        expect(15 <= len(row["description"].split()) <= 60, f"{sku}: not 15 to 60 words")
        expect(float(row["price"]) > 0, f"{sku}: price {row['price']}")
        expect(row["condition"] in CONDITIONS, f"{sku}: condition {row['condition']!r}")
        expect(
            re.fullmatch(r"-?\d+\.\d{4} -?\d+\.\d{4}", f"{row['lat']} {row['lon']}"),
            f"{sku}: coordinates without 4 decimals",
        )
        place = (float(row["lat"]), float(row["lon"]))
        expect(
            row["city"] in CITIES and kilometres(place, CITIES[row["city"]]) <= 3,
            f"{sku}: {place} is not in {row['city']}",
        )
        expect(row["photo"] in ("", f"photos/{sku}.jpg"), f"{sku}: photo {row['photo']!r}")
    without = sum(not row["photo"] for row in rows) / len(rows)
    expect(0.04 <= without <= 0.12, f"{without:.0%} of the listings have no photo")


def check_photos(rows: list[dict[str, str]], sources: list[dict[str, str]]) -> int:
    """The photos on disk, in the listings and in SOURCES.csv are the same; returns all bytes."""
    named = {row["photo"] for row in rows if row["photo"]}
    on_disk = {f"photos/{path.name}" for path in (HERE / "photos").iterdir()}
    for photo in sorted(named | on_disk):
        expect(photo in named & on_disk, f"{photo}: only in listings.csv or only on disk")
    expect(sorted(row["photo"] for row in sources) == sorted(named), "SOURCES.csv: other photos")
    files = [row["file"] for row in sources]
    expect(len(set(files)) == len(files), "SOURCES.csv: an image is used twice")
    for row in sources:
        start = "validation/" if row["source"].startswith("clothing") else "svg/"
        expect(row["file"].startswith(start), f"{row['photo']}: from {row['file']}")
        expect(LICENCES.get(row["source"]) == row["licence"], f"{row['photo']}: licence")
    for photo in sorted(named & on_disk):
        side = jpeg_side((HERE / photo).read_bytes())
        expect(32 <= side <= MAX_SIDE, f"{photo}: longest side {side}, or Exif data")
    size = sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file())
    expect(size < MAX_BYTES, f"the folder has {size} bytes")
    return size


def check_queries(queries: list[dict[str, Any]], rows: list[dict[str, str]]) -> None:
    """Queries of meaning share no word with what they want; exact ones want one listing."""
    texts = {row["sku"]: f"{row['title']} {row['description']} {row['category']}" for row in rows}
    kinds = Counter(query["kind"] for query in queries)
    expect(kinds == {"meaning": 40, "exact": 20}, f"queries: {dict(kinds)}")
    for field in ("id", "text"):
        expect(len({query[field] for query in queries}) == len(queries), f"queries: {field} twice")
    for query in queries:
        name, wanted = f"{query['id']} {query['text']!r}", query["relevant"]
        expect(set(query) == {"id", "kind", "text", "relevant"}, f"{name}: fields")
        expect(set(wanted) <= set(texts), f"{name}: an unknown sku")
        expect(2 in wanted.values() and set(wanted.values()) <= {1, 2}, f"{name}: grades")
        if query["kind"] == "meaning":
            for sku in wanted:
                both = shared_words(query["text"], texts.get(sku, ""))
                expect(not both, f"{name}: {sku} shares {sorted(both)}")
        else:
            tokens = exact_tokens(query["text"])
            holders = [s for s, text in texts.items() if tokens <= exact_tokens(f"{s} {text}")]
            expect(holders == list(wanted), f"{name}: held by {holders}")
    expect(any(query["text"] == "vintage comfortable seating" for query in queries), "the armchair")


def main() -> int:
    """Check all, print a summary and the problems; 1 when there is one."""
    rows = read_table("listings.csv", LISTING)
    sources = read_table("SOURCES.csv", SOURCE)
    with (HERE / "queries.jsonl").open(encoding="utf-8") as file:
        queries = [json.loads(line) for line in file]
    check_listings(rows)
    size = check_photos(rows, sources)
    check_queries(queries, rows)
    for category, count in Counter(row["category"] for row in rows).most_common():
        print(f"{count:4}  {category}")
    print(f"{len(rows)} listings, {len(sources)} photos, {size / 1e6:.2f} MB")
    for source, count in Counter(row["source"] for row in sources).items():
        print(f"{count:4}  {source}")
    judged = sum(len(query["relevant"]) for query in queries)
    print(f"{len(queries)} queries, {judged} relevant listings judged")
    for problem in problems:
        print("PROBLEM", problem)
    print("FAILED" if problems else "OK")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
