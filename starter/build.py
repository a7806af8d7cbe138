"""Rebuilds the model folder of cospace-starter from hash-pinned packages: `python build.py`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""  # the same arithmetic on every machine

import evaluate
import numpy as np
from class_names import class_names
from graph import Array, save
from image_bytes import bytes_graph, convolutions, flows, head_of
from image_tower import Head, image_graph, load_weights
from pairs import Images, join, load_clothing, load_drawings, read_excluded, read_photos, unique
from record import (
    encode_images,
    encode_texts,
    image_record,
    pattern,
    read_record,
    text_record,
    write_record,
)
from sources import license_text
from text_tower import build_text_tower
from train_head import Settings, train_head

HERE = Path(__file__).parent
SEEDS = (0, 1, 2)
LEAST_COSINE = 0.999


def main() -> None:
    """Builds the text tower, then trains, measures and builds the image tower."""
    options = read_options()
    folder = options.out
    write_licence(folder)
    kept = {str(tower["kind"]): tower for tower in read_record(folder)} if options.only else {}
    if options.only != "image":
        build_text_tower(folder / "text", options.listings, options.prose)
        kept["text"] = text_record(folder)
    if options.only == "image":
        digest = str(kept["image"]["head_sha256"])
        build_image_tower(folder, head_of(folder / "image/model.xml"), options.clothing.resolve())
        kept["image"] = image_record(folder, digest)
    elif not options.only:
        photos, drawings = load_images(options)
        names, texts = load_texts(folder, photos, drawings)
        head = train_and_measure(photos, drawings, texts, names)
        build_image_tower(folder, head, options.clothing.resolve())
        kept["image"] = image_record(folder, head.digest())
    towers = [kept["text"], kept["image"]]
    write_record(folder, towers)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 1e6:.1f} MB")


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "src/cospace_starter/model")
    parser.add_argument("--clothing", type=Path, default=HERE / "../../shared/data/clothing")
    parser.add_argument("--clipart", type=Path, default=Path("/usr/share/openclipart/svg"))
    parser.add_argument(
        "--excluded", type=Path, default=HERE / "../examples/marketplace/SOURCES.csv"
    )
    parser.add_argument(
        "--listings", type=Path, default=HERE / "../examples/marketplace/listings.csv"
    )
    parser.add_argument("--prose", type=Path, default=HERE / "../../shared/data/text8-like.txt.xz")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/cospace-starter").expanduser())
    parser.add_argument(
        "--only", choices=("text", "image"), help="leave the other; image: with the head it has"
    )
    return parser.parse_args()


def write_licence(folder: Path) -> None:
    """Puts the licence of the weights beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "LICENSE").write_text(license_text(HERE), encoding="utf-8")


def load_images(options: argparse.Namespace) -> tuple[Images, Images]:
    """The photos and the drawings, without those that the example catalogue shows."""
    excluded = read_excluded(options.excluded)
    photos = load_clothing(options.clothing.resolve(), excluded, options.cache)
    drawings = load_drawings(options.clipart.resolve(), excluded, options.cache)
    print(f"{len(photos.labels)} photos, {len(drawings.labels)} drawings")
    return photos, drawings


def load_texts(folder: Path, photos: Images, drawings: Images) -> tuple[Array, dict[str, Array]]:
    """`(names, texts)`: vectors of the class names `[1000, 384]`; a vector for every caption."""
    classes = class_names()
    words = unique([*photos.captions, *drawings.captions, evaluate.EVERYDAY, tuple(classes)])
    texts = dict(zip(words, encode_texts(folder, words), strict=True))
    return np.stack([texts[name] for name in classes]), texts


def train_and_measure(
    photos: Images, drawings: Images, texts: dict[str, Array], names: Array
) -> Head:
    """The head of the first seed; prints a table of all seeds, ConSE and chance."""
    both = join(photos, drawings)
    train = both.part(~both.held_out)
    weights = load_weights()
    last = (weights["_fc.weight"], weights["_fc.bias"])
    heads = [
        train_head(train, texts, names, classifier=last, settings=Settings(), seed=seed)
        for seed in SEEDS
    ]
    photos, drawings = photos.part(photos.held_out), drawings.part(drawings.held_out)
    print(f"{len(train.labels)} to train on; held out: {len(photos.labels)} photos, ", end="")
    print(f"{len(drawings.labels)} drawings")

    def measure(photo: Array, drawing: Array) -> dict[str, float]:
        return {
            **evaluate.garment_scores(photo, photos, texts),
            **evaluate.drawing_scores(drawing, drawings, texts),
        }

    runs = [measure(evaluate.bound(photos, head), evaluate.bound(drawings, head)) for head in heads]
    named = measure(evaluate.conse(photos, names), evaluate.conse(drawings, names))
    evaluate.print_table(runs, named, evaluate.chance(drawings, photos))
    return heads[0]


def build_image_tower(folder: Path, head: Head, clothing: Path) -> None:
    """Writes the image graph in bytes, after checking that its vectors are those of float32."""
    weights, xml = load_weights(), folder / "image/model.xml"
    known = sorted((HERE / "../examples/marketplace/photos").glob("*.*"))
    train, held_out = (
        sorted((clothing / part).glob("*/*.jpg")) for part in ("train", "validation")
    )
    seen = read_photos([*train[:: len(train) // 240], *known[::2]])
    by = convolutions(weights, flows(weights, varied(seen)))
    made, exact = bytes_graph(weights, head, by), image_graph(weights, head, exact=True)
    for kind, paths in (("photos", held_out), ("examples", known[1::2])):
        parts = (paths[start : start + 50] for start in range(0, len(paths), 50))
        each = [(encode_images(made, some) * encode_images(exact, some)).sum(1) for some in
                map(read_photos, parts)]  # fmt: skip
        near = np.concatenate(each)
        print(f"{len(near)} {kind}: cosine mean {near.mean():.5f}, least {near.min():.5f}")
        if near.mean() < LEAST_COSINE:
            raise SystemExit(f"bytes lose too much: mean cosine under {LEAST_COSINE}")
    save(made, xml)


def varied(images: Array) -> Array:
    """The images, some of them also inverted, turned and coarser, and patterns and noise."""
    some, chance = images[::12], np.random.default_rng(1)
    noise = chance.integers(0, 256, (4, *images.shape[1:]), np.uint8)
    patterns = np.stack([pattern(number) for number in range(3, 11)])
    return np.concatenate(
        [images, 255 - some, some[:, ::-1], some[..., ::-1], some // 64 * 85, patterns, noise]
    )


if __name__ == "__main__":
    main()
