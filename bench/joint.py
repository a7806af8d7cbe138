"""Joint spaces: what `adapt` and `bind` are worth on real pairs, with chance beside each figure.

    python bench/joint.py [--seeds 3] [--mixed 30] [--clipart FOLDER] [--json]

Clothes (../shared/data/clothing, CC0): a catalogue of 1,500 photos with a short caption (colour
and kind) is indexed and adapted; 930 other photos and captions ask it. Then the ten classes are
told by their names, before and after binding on the train part. `--mixed` catalogues have their
captions mixed up: none may be promoted. `--clipart` is a folder with clip.csv (photo, title,
held) and png/, drawn of Debian's openclipart-svg. Seconds are of the processor.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from photo_and_word import PHOTOS, colour_of

import cospace as cs
from cospace.encode.features import Features
from cospace.train import adapt, bind
from cospace.train.binding.bind import settings_for
from cospace.train.binding.check import learn
from cospace.train.binding.measure import chance, ranks
from cospace.train.binding.pairs import gathered

LEARN, ASK = 1_500, 930
NAMES = {
    "longsleeve": "long-sleeved shirt", "outwear": "jacket", "t-shirt": "t-shirt",
}  # fmt: skip


def main() -> None:
    """Prints one table."""
    one = argparse.ArgumentParser(description=__doc__)
    one.add_argument("--seeds", type=int, default=3)
    one.add_argument("--mixed", type=int, default=30)
    one.add_argument("--clipart", type=Path)
    one.add_argument("--json", action="store_true")
    args = one.parse_args()
    lines: list[dict[str, Any]] = []
    for line in measured(args):
        lines.append(line)
        if not args.json:
            print("  ".join(f"{key} {value}" for key, value in line.items()), flush=True)
    if args.json:
        print(json.dumps(lines, indent=1))


def measured(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Each line of the table as it comes."""
    photos = sorted(PHOTOS.rglob("*.jpg"))
    captions = [f"{colour_of(p)} {NAMES.get(p.parent.name, p.parent.name)}" for p in photos]
    for seed in range(args.seeds):
        yield adapted(photos, captions, seed)
    yield from mixed_up(photos, captions, args.mixed)
    for seed in range(args.seeds):
        yield classes(photos, seed)
    if args.clipart is not None:
        for seed in range(args.seeds):
            yield clipart(args.clipart, seed)


def adapted(photos: list[Path], captions: list[str], seed: int) -> dict[str, Any]:
    """Recall of other photos by their captions, before and after `adapt`."""
    order = np.random.default_rng(seed).permutation(len(photos))
    learn_on, ask = order[:LEARN], order[LEARN : LEARN + ASK]
    with tempfile.TemporaryDirectory() as place:
        shop = cs.open(Path(place) / "shop.cospace", model="starter")
        shop.add(
            cs.Item(f"I-{i}", cs.Parts(text=captions[i], image=cs.Image(photos[i])))
            for i in learn_on
        )
        before = recall(shop.model, photos, captions, ask)
        started = time.process_time()
        made = adapt(shop, seed=seed)
        spent = time.process_time() - started
        started = time.process_time()
        shop.model.encode_document([cs.Image(photos[i]) for i in learn_on])
        encoding = time.process_time() - started
        after = recall(shop.model, photos, captions, ask)
        shop.close()
    return {
        "what": "adapt, 930 others, R@10 own photo / any of the caption / own caption",
        "seed": seed, "before": before, "after": after, "switched": made.switched,
        "seconds beyond encoding": round(spent - encoding, 1),
    }  # fmt: skip


def recall(model: Any, photos: list[Path], captions: list[str], ask: Any) -> list[float]:
    """Recall at 10 in points: the very photo, any photo of the caption, and the caption."""
    images = model.encode_document([cs.Image(photos[i]) for i in ask]).array
    words = sorted({captions[i] for i in ask})
    rows = model.encode_query(words).array
    meaning = np.array([words.index(captions[i]) for i in ask])
    texts = rows[meaning]
    found = ranks(images, texts, meaning)
    very = ranks(images, texts, np.arange(len(ask)))
    return [
        round(100 * float((one <= 10).mean()), 1)
        for one in (very.to_left, found.to_left, found.to_right)
    ]


def mixed_up(photos: list[Path], captions: list[str], count: int) -> Iterator[dict[str, Any]]:
    """How many of `count` catalogues of 400 with mixed-up captions would be promoted."""
    model = cs.load("starter")
    features = Features(model.folder, "image", base=True)
    order = np.random.default_rng(99).permutation(len(photos))[:LEARN]
    seen, own = features.rows([features.prepare(photos[i], "") for i in order])
    assert own is not None
    said = [captions[i] for i in order]
    rows = model.encode_document(said).array
    promoted = 0
    for seed in range(count):
        random = np.random.default_rng(seed)
        some = random.choice(len(order), 400, replace=False)
        mixed = random.permutation(some)
        sighted = gathered(
            [str(i) for i in some], [said[i] for i in mixed], seen[some], rows[mixed], own[some], []
        )
        promoted += learn(sighted.pairs, settings_for(sighted, {"seed": seed})).better
    yield {"what": f"{count} catalogues of 400 with captions mixed up", "promoted": promoted}


def classes(photos: list[Path], seed: int) -> dict[str, Any]:
    """Top-1 of the validation part by class names, before and after binding on the train part."""
    from cospace.evaluate import crossmodal

    pairs = [
        (cs.Image(p), f"a photo of a {NAMES.get(p.parent.name, p.parent.name)}")
        for p in photos if "train" in p.parts
    ]  # fmt: skip
    place = Path(tempfile.mkdtemp())
    try:
        made = bind(pairs, place / "clothes", anchor="starter", kind="image", seed=seed)
        named = {"before": "starter", "after": str(place / "clothes")}
        report = crossmodal(
            PHOTOS, list(named.values()), prompts=("a photo of a {}",), names=NAMES, seed=seed
        )
    finally:
        shutil.rmtree(place)
    before, after = (
        {way: round(100 * figure.value, 1) for way, figure in one.accuracy.items()}
        for one in report.results
    )
    return {"what": "clothing by class names", "seed": seed, "before": before, "after": after,
            "better": made.better}  # fmt: skip


def clipart(folder: Path, seed: int) -> dict[str, Any]:
    """Recall at 10 both ways, titles and drawings, of 437 that were held out."""
    import csv

    with (folder / "clip.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    held = [row for row in rows if row["held"] == "1"]
    once = list({row["title"]: row for row in held}.values())
    asked = [once[i] for i in np.random.default_rng(seed).permutation(len(once))[:437]]
    pairs = [
        (cs.Image(folder / "png" / row["photo"]), row["title"])
        for row in rows if row["held"] == "0"
    ]  # fmt: skip
    place = Path(tempfile.mkdtemp())
    try:
        model = bind(pairs, place / "art", anchor="starter", kind="image", seed=seed).model
        figures = []
        for one in (cs.load("starter"), model):
            images = one.encode_document(
                [cs.Image(folder / "png" / row["photo"]) for row in asked]
            ).array
            texts = one.encode_query([row["title"] for row in asked]).array
            found = ranks(images, texts, np.arange(len(asked)))
            figures.append(
                [round(100 * float((r <= 10).mean()), 1) for r in (found.to_left, found.to_right)]
            )
    finally:
        shutil.rmtree(place)
    by_luck = round(100 * chance(np.arange(len(asked)), 10), 1)
    return {"what": f"clip art by title, R@10 both ways, {len(asked)} held out", "seed": seed,
            "before": figures[0], "after": figures[1], "chance": by_luck}  # fmt: skip


if __name__ == "__main__":
    main()
