"""Sounds and motions bound by networks of our own: what is heard finds words it never saw.

    python bench/heard.py [--only digits|motions|stamps] [--seeds 3] [--stamps FOLDER]
        [--motions FOLDER] [--epochs 18] [--first 0] [--ways pictures,names,mixed] [--json]

Digits (../shared/data/digits): pictures of handwritten digits are bound to their names, spoken
digits to other pictures alone, and what speakers say who were never heard is told by the names.
Beside it: the same network bound to the names themselves (what it can at best), and to pictures
that are mixed up (chance). Stamps: FOLDER is Debian's tuxpaint-stamps-default, unpacked. Motions:
FOLDER has BasicMotions_TRAIN.ts and _TEST.ts, of the package aeon. Figures are top-1 in points.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

import cospace as cs

DIGITS = Path(__file__).resolve().parents[2] / "shared/data/digits"
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
NAMES = [f"the digit {word}" for word in WORDS]
BOUND = 2_500  # pictures that are bound to names
KIND = {
    "badminton": "playing badminton", "running": "running", "standing": "standing still",
    "walking": "walking",
}  # fmt: skip


def main() -> None:
    """Prints one table."""
    one = argparse.ArgumentParser(description=__doc__)
    one.add_argument("--only", choices=("digits", "motions", "stamps"))
    one.add_argument("--seeds", type=int, default=3)
    one.add_argument("--first", type=int, default=0, help="the first seed")
    one.add_argument("--ways", default="pictures,names,mixed", help="of the digits, by commas")
    one.add_argument("--epochs", type=int, default=18)
    one.add_argument("--stamps", type=Path)
    one.add_argument("--motions", type=Path)
    one.add_argument("--json", action="store_true")
    args = one.parse_args()
    lines = []
    for line in measured(args):
        lines.append(line)
        if not args.json:
            print("  ".join(f"{key} {value}" for key, value in line.items()), flush=True)
    if args.json:
        print(json.dumps(lines, indent=1))


def measured(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Each line of the table as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if args.only in (None, "digits"):
            seeds = range(args.first, args.first + args.seeds)
            yield from digits(place, seeds, args.epochs, args.ways.split(","))
        if args.only in (None, "motions") and args.motions:
            for seed in range(args.seeds):
                yield motions(place, args.motions, seed)
        if args.only in (None, "stamps") and args.stamps:
            for seed in range(args.seeds):
                yield stamps(place, args.stamps, seed, args.epochs)


def digits(place: Path, seeds: range, epochs: int, ways: list[str]) -> Iterator[dict[str, Any]]:
    """What a speaker says who was never heard, told by names."""
    pictures, number = handwritten()
    pairs = [(pictures[i], NAMES[number[i]]) for i in range(BOUND)]
    cs.train.bind(pairs, place / "seen", anchor="starter", kind="image", hidden=512)
    model = cs.load(place / "seen")
    names = model.encode_query(NAMES).array
    some = range(BOUND, BOUND + 1_000)
    found = model.encode_document([pictures[i] for i in some]).array
    seen = top1(found @ names.T, number[BOUND : BOUND + 1_000])
    yield {"what": "handwritten digits by name", "top-1": seen, "chance": 10}
    files = sorted((DIGITS / "spoken").glob("*.wav"))
    said = np.array([int(file.name[0]) for file in files])
    speaker = np.array([file.name.split("_")[1] for file in files])
    everyone = sorted(set(speaker.tolist()))
    for seed in seeds:
        random = np.random.default_rng(seed)
        # Seeds 0 to 2 chose the recipe; 3 to 5 hold out the speakers that it has not met.
        away = everyone[(2 * seed + seed // 3) % len(everyone)]
        heard = np.flatnonzero(speaker != away)
        asked = np.flatnonzero(speaker == away)
        others = [np.flatnonzero(number[BOUND:] == digit) + BOUND for digit in range(10)]
        shown = [pictures[random.choice(others[said[i]])] for i in heard]
        bound: dict[str, list[Any]] = {
            "pictures": shown,
            "names": [NAMES[said[i]] for i in heard],
            "mixed": [shown[i] for i in random.permutation(len(shown))],
        }
        line: dict[str, Any] = {"what": "spoken digits by name", "away": away, "chance": 10}
        for way in ways:
            targets = bound[way]
            started = time.process_time()
            made = cs.train.bind(
                [(cs.Audio(files[i]), other) for i, other in zip(heard, targets, strict=True)],
                place / f"{way}{seed}", anchor=place / "seen", kind="audio",
                to="text" if way == "names" else "image", seed=seed,
                group=speaker[heard].tolist(), epochs=3 if way == "mixed" else epochs,
            )  # fmt: skip
            rows = made.model.encode_document([cs.Audio(files[i]) for i in asked]).array
            line[way] = top1(rows @ names.T, said[asked])
            line[f"{way}, seconds"] = round(time.process_time() - started)
        yield line


def handwritten() -> tuple[list[cs.Part], np.ndarray]:
    """10,000 pictures of digits, and which digit each is."""
    raw = gzip.decompress((DIGITS / "t10k-images-idx3-ubyte.gz").read_bytes())
    numbers = gzip.decompress((DIGITS / "t10k-labels-idx1-ubyte.gz").read_bytes())
    pictures = []
    for pixels in np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28):
        file = io.BytesIO()
        Pillow.fromarray(pixels).save(file, "PNG")
        pictures.append(cs.Image(file.getvalue()))
    return pictures, np.frombuffer(numbers, np.uint8, offset=8).astype(int)


def motions(place: Path, folder: Path, seed: int) -> dict[str, Any]:
    """What a watch's wearer does, told by words, after 40 recordings."""
    (learn, names), (ask, right) = (recordings(folder, part) for part in ("TRAIN", "TEST"))
    random = np.random.default_rng(seed)
    found = {}
    for way in ("bound", "mixed"):
        order = random.permutation(len(learn)) if way == "mixed" else np.arange(len(learn))
        made = cs.train.bind(
            [(rows, KIND[names[i]]) for rows, i in zip(learn, order, strict=True)],
            place / f"motion-{way}{seed}", anchor="starter", kind="imu", seed=seed,
        )  # fmt: skip
        words = made.model.encode_query(list(KIND.values())).array
        scores = made.model.encode_document(ask).array @ words.T
        found[way] = top1(scores, np.array([list(KIND).index(one) for one in right]))
    return {"what": "BasicMotions by words", "seed": seed, **found, "chance": 25}


def recordings(folder: Path, part: str) -> tuple[list[cs.Part], list[str]]:
    """Recordings [100, 6] and what was done in each, of a .ts file."""
    lines = (folder / f"BasicMotions_{part}.ts").read_text().splitlines()
    begin = next(i for i, line in enumerate(lines) if line.lower().startswith("@data")) + 1
    rows, names = [], []
    for line in lines[begin:]:
        *channels, name = line.strip().split(":")
        numbers = np.array([[float(x) for x in one.split(",")] for one in channels])
        rows.append(cs.Part("imu", np.ascontiguousarray(numbers.T)))
        names.append(name.lower())
    return rows, names


def stamps(place: Path, folder: Path, seed: int, epochs: int) -> dict[str, Any]:
    """Spoken names in a language that was not heard find the captions of their stamps."""
    languages = ("fr", "es", "ro", "ca")
    away = languages[seed % len(languages)]
    files = [file for file in sorted(folder.rglob("*.txt")) if file.with_suffix(".png").exists()]
    things = [
        file for file in files
        if all((file.parent / f"{file.stem}_desc_{one}.ogg").exists() for one in languages)
    ]  # fmt: skip
    captions = [file.read_text("utf-8").splitlines()[0] for file in things]

    def spoken(file: Path, language: str) -> cs.Part:
        return cs.Audio(file.parent / f"{file.stem}_desc_{language}.ogg")

    random = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for way in ("bound", "mixed"):
        order = random.permutation(len(things)) if way == "mixed" else np.arange(len(things))
        pairs = [
            (spoken(file, one), cs.Image(things[i].with_suffix(".png")))
            for file, i in zip(things, order, strict=True) for one in languages if one != away
        ]  # fmt: skip
        made = cs.train.bind(
            pairs, place / f"stamps-{way}{seed}", anchor="starter", kind="audio", to="image",
            seed=seed, epochs=epochs,
        )  # fmt: skip
        rows = made.model.encode_document([spoken(file, away) for file in things]).array
        scores = rows @ made.model.encode_query(captions).array.T
        rank = (scores > scores.diagonal()[:, None]).sum(1)
        found[way] = round(100 * float((rank < 10).mean()), 1)
    chance = round(1_000 / len(things), 1)
    return {
        "what": f"{len(things)} stamps: names said in {away} find captions, R@10", **found,
        "chance": chance,
    }  # fmt: skip


def top1(scores: np.ndarray, right: np.ndarray) -> float:
    """The share, in points, whose highest score is at the right place."""
    return round(100 * float((scores.argmax(1) == right).mean()), 1)


if __name__ == "__main__":
    main()
