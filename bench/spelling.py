"""Typing errors: nDCG@10 of questions as they are, and with one error each, mended or not.

    python bench/spelling.py [--json]

- the 40 marketplace queries by meaning and the 20 by exact word, 420 listings;
- msmarco-sample (../shared/data): 5,000 passages, the queries that have judgments.

One word of each question (of four letters or more, without digits) gets one error, drawn with three
seeds: a letter left out, doubled, another one beside it on the keyboard, or two swapped; the first
letter in one of ten. The medians of the seeds are printed. `changed` counts questions without an
error that were mended all the same, and `right` the errors that became the word they were.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from statistics import median
from typing import Any

import numpy as np
from ranking import MARKET, MSMARCO, corpus, judged_queries, market

import cospace as cs
from cospace.measures.metrics import ndcg

SEEDS = (0, 1, 2)
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
WORD = re.compile(r"[A-Za-z]{4,}")

Judged = list[tuple[str, dict[str, int]]]


def misspelt(text: str, draw: random.Random) -> tuple[str, str, str] | None:
    """The text with one error, the word as it was, and as it is now."""
    words = [m for m in WORD.finditer(text) if not re.search(r"\d", text[m.start() - 1 : m.end()])]
    if not words:
        return None
    found = draw.choice(words)
    word = found[0]
    made = word
    while made == word:
        at = 0 if draw.random() < 0.1 else draw.randrange(1, len(word))
        kind = draw.choice(("left out", "doubled", "beside", "swapped"))
        letter = word[at].lower()
        row = next(row for row in ROWS if letter in row)
        near = row[max(0, row.index(letter) - 1) : row.index(letter) + 2].replace(letter, "")
        if kind == "swapped":
            at = min(at, len(word) - 2)
            made = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        else:
            put = {"left out": "", "doubled": letter * 2, "beside": draw.choice(near)}[kind]
            made = word[:at] + put + word[at + 1 :]
    return text[: found.start()] + made + text[found.end() :], word, made


def score(shop: cs.Collection, queries: Judged, *, spelling: bool) -> float:
    """nDCG@10 in points."""
    figures = []
    for text, grades in queries:
        hits = shop.search(text, 10, spelling=spelling).ids
        figures.append(ndcg([grades.get(one, 0) for one in hits], list(grades.values())))
    return 100 * float(np.mean(figures))


def measure(shop: cs.Collection, queries: Judged) -> dict[str, Any]:
    row: dict[str, Any] = {"queries": len(queries)}
    row["clean"] = [score(shop, queries, spelling=on) for on in (False, True)]
    row["changed"] = [str(m) for text, _ in queries if (m := shop.spelling(text)) is not None]
    before, after, right, wrong = [], [], [], []
    for seed in SEEDS:
        draw = random.Random(seed)
        made = [(misspelt(text, draw), grades) for text, grades in queries]
        there = [(one, grades) for one, grades in made if one is not None]
        asked = [(one[0], grades) for one, grades in there]
        before.append(score(shop, asked, spelling=False))
        after.append(score(shop, asked, spelling=True))
        mended = [(one, shop.spelling(one[0])) for one, _ in there]
        good = [m is not None and (one[2], one[1]) in m.words for one, m in mended]
        right.append(100 * float(np.mean(good)))
        bad = [(m.words, one[1]) for (one, m), ok in zip(mended, good, strict=True) if m and not ok]
        wrong += bad
    row |= {"one error": median(before), "mended": median(after), "right": median(right)}
    return {**row, "wrong": wrong}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    shop = cs.open(":memory:", model="starter")
    shop.add(cs.read(MARKET / "listings.csv"))
    sets = {"meaning": (shop, market("meaning")), "exact": (shop, market("exact"))}
    if MSMARCO.exists():
        sets["msmarco-sample"] = (corpus(MSMARCO), judged_queries(MSMARCO))
    else:
        print("msmarco-sample is not there: skipped")
    table = {name: measure(*given) for name, given in sets.items()}
    if args.json:
        print(json.dumps(table, indent=2))
        return
    print("set             queries  clean  with spelling  changed  one error  mended  right")
    for name, row in table.items():
        off, on = row["clean"]
        print(
            f"{name:15} {row['queries']:7} {off:6.2f} {on:14.2f} {len(row['changed']):8}"
            f" {row['one error']:10.2f} {row['mended']:7.2f} {row['right']:5.0f}%"
        )


if __name__ == "__main__":
    main()
