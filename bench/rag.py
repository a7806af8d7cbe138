"""How much of what answers a question reaches the context, and when an answer is refused.

    python bench/rag.py

Documents and questions of our own (bench/rag/): a shop's rules, manuals and handbook. Context
recall is the share of questions whose passage, word for word, stands in a context of 2,000 tokens.
Compared are chunks as cospace makes them, the same without headings in front, windows of 512
characters, and whole documents cut where the model stops reading. All are searched alike, and
packed into the context alike.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cospace as cs
from cospace.collection.chunks import chunks_of
from cospace.encode.sizes import sizes_of
from cospace.item import Item
from cospace.measures.bootstrap import mean_interval
from cospace.outline import Outline

HERE = Path(__file__).parent / "rag"
TOKENS = 2_000
WINDOW = 512
DEEP = range(11, 51)


def chunked(documents: list[Item]) -> list[Item]:
    return documents


def without_headings(documents: list[Item]) -> list[Item]:
    sizes = sizes_of(cs.load("starter"))
    made = []
    for one in documents:
        text, outline = one.parts.text or "", one.outline or Outline()
        for number, chunk in enumerate(chunks_of(text, outline, sizes), start=1):
            made.append(_slice(one.id, text, number, chunk.start, chunk.end))
    return made


def windows(documents: list[Item]) -> list[Item]:
    made = []
    for one in documents:
        text = one.parts.text or ""
        for number, start in enumerate(range(0, len(text), WINDOW), start=1):
            made.append(_slice(one.id, text, number, start, min(start + WINDOW, len(text))))
    return made


def whole(documents: list[Item]) -> list[Item]:
    """What the model reads of each document, and no more."""
    from cospace.encode.tokens import tokens

    model = cs.load("starter")
    made = []
    for one in documents:
        text = one.parts.text or ""
        made.append(_slice(one.id, text, 1, 0, tokens(model, text).at))
    return made


def _slice(document: str, text: str, number: int, start: int, end: int) -> Item:
    place = {"document": document, "start": start, "end": end}
    return Item(f"{document}#{number}", text[start:end], place)


WAYS: dict[str, Callable[[list[Item]], list[Item]]] = {
    "chunks, headings in front": chunked,
    "chunks without headings": without_headings,
    f"windows of {WINDOW} characters": windows,
    "whole documents, cut at 256 tokens": whole,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    args = parser.parse_args()
    record = measured()
    if args.json:
        print(json.dumps(record, indent=1))
        return
    print(f"context recall at {TOKENS:,} tokens, {record['questions']} questions")
    for name, one in record["recall"].items():
        low, high = one["interval"]
        print(f"  {name:36} {one['items']:4} items  {one['recall']:.3f} [{low:.3f}, {high:.3f}]")
    for half, one in record["refusal"].items():
        print(
            f"{half}: answered {one['answered']} of {one['answerable']} that the documents answer"
            f" ({one['right']} cite the passage), {one['wrongly']} of {one['unanswerable']} that"
            " they do not"
        )
    deep = record["deep"]
    print(
        f"answers at rank 11 to 50: {deep['questions']} questions, {deep['denied']} denied,"
        f" {deep['in context']} passages in the context"
    )
    print(f"{record['seconds']:.2f} s of processor time a question asked")


def measured() -> dict[str, Any]:
    asked = json.loads((HERE / "questions.json").read_text(encoding="utf-8"))
    documents = list(cs.read(HERE / "documents", chunks=True))
    texts = {one.id: one.parts.text or "" for one in documents}
    for one in [*asked["answered"], *asked["vague"]]:
        assert texts[one["document"]].count(one["passage"]) == 1, one
    shops = {name: _shop(way(documents)) for name, way in WAYS.items()}
    recall = {}
    for name, shop in shops.items():
        found = [_in_context(shop, one, texts) for one in asked["answered"]]
        near = mean_interval(found, seed=0)
        recall[name] = {
            "items": len(shop),
            "recall": sum(found) / len(found),
            "interval": [near.low, near.high],
        }
    shop = next(iter(shops.values()))
    started = time.process_time()
    refusal = {
        half: _refusal(shop, asked["answered"][at::2], asked["unanswered"][at::2])
        for half, at in (("fitted on", 0), ("held out", 1))
    }
    count = len(asked["answered"]) + len(asked["unanswered"])
    seconds = (time.process_time() - started) / count
    return {
        "questions": len(asked["answered"]),
        "recall": recall,
        "refusal": refusal,
        "deep": _deep(shop, [*asked["answered"], *asked["vague"]], texts),
        "seconds": seconds,
    }


def _shop(items: list[Item]) -> cs.Collection:
    shop = cs.open(":memory:", model="starter")
    shop.upsert(items)
    return shop


def _in_context(shop: cs.Collection, one: dict[str, str], texts: dict[str, str]) -> bool:
    start = texts[one["document"]].index(one["passage"])
    end = start + len(one["passage"])
    passages = shop.context(one["question"], tokens=TOKENS).passages
    return any(
        p.document == one["document"] and p.start <= start and end <= p.end for p in passages
    )


def _refusal(shop: cs.Collection, answered: list[Any], unanswered: list[str]) -> dict[str, int]:
    found = [(one, shop.ask(one["question"], tokens=TOKENS)) for one in answered]
    right = sum(any(one["passage"] in p.text for p in answer.cited) for one, answer in found)
    wrongly = [question for question in unanswered if shop.ask(question, tokens=TOKENS).found]
    return {
        "answerable": len(answered),
        "answered": sum(answer.found for _, answer in found),
        "right": right,
        "unanswerable": len(unanswered),
        "wrongly": len(wrongly),
    }


def _deep(shop: cs.Collection, questions: list[Any], texts: dict[str, str]) -> dict[str, int]:
    """Of questions whose passage is at rank 11 to 50: is any denied as if all had been read?"""
    chosen = [one for one in questions if _rank(shop, one, texts) in DEEP][:20]
    denied = held = 0
    for one in chosen:
        answer = shop.ask(one["question"], tokens=TOKENS)
        context = answer.context
        told = f"Not found in the {context.read:,} passages read of {context.stored:,}."
        denied += not answer.found and (answer.text != told or context.read >= context.stored)
        held += any(one["passage"] in p.text for p in context.passages)
    return {"questions": len(chosen), "denied": denied, "in context": held}


def _rank(shop: cs.Collection, one: dict[str, str], texts: dict[str, str]) -> int:
    start = texts[one["document"]].index(one["passage"])
    end = start + len(one["passage"])
    for rank, hit in enumerate(shop.search(one["question"], max(DEEP)), start=1):
        at = hit.metadata
        if at["document"] == one["document"] and at["start"] <= start and end <= at["end"]:
            return rank
    return 0


if __name__ == "__main__":
    main()
