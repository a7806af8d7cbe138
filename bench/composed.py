"""Composed questions on emoji: this picture, but with dark skin. Which of about 1,066 is it?

    python bench/composed.py [--json] [--seeds 3]

The data: npm's emoji-datasource-google (MIT), downloaded once into bench/out. A query is the
picture of a base emoji and the name of its skin tones ("dark skin tone"); right is that variant.
Base emoji are split in half by seed. On one half the pictures are bound to their names, the weight
of the sum is tuned and the combiner trained; the other half, with all its variants, is the gallery,
the reference left out. A tie counts as lost. Figures are medians over the seeds.

The starter's image head has learnt objects and not colours, so pictures have a head of their own
here: mean activations of seven layers of the starter's EfficientNet, and ridge regression to the
names' vectors. Training pictures get the vector of a head that has not seen their emoji (15
folds), so that the combiner learns on vectors like those it will meet.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import openvino as ov

import cospace as cs
from cospace.encode.names import load_folder
from cospace.train import Triples, fit_combiner

OUT = Path(__file__).parent / "out"
PACKAGE = "emoji-datasource-google@16.0.0"
STARTER = Path(__file__).parents[1] / "starter/src/cospace_starter/model"
TONES = {
    "1F3FB": "light skin tone",
    "1F3FC": "medium-light skin tone",
    "1F3FD": "medium skin tone",
    "1F3FE": "medium-dark skin tone",
    "1F3FF": "dark skin tone",
}
RIDGE = 0.3
FOLDS = 15


class Emoji(NamedTuple):
    """Per picture: its base, its tones in words ("" for the base itself), its name, its file."""

    base: np.ndarray
    tones: np.ndarray
    names: list[str]
    files: list[Path]


def downloaded() -> Path:
    """The package's folder; npm fetches it once."""
    folder = OUT / "emoji" / "package"
    if not folder.is_dir():
        OUT.mkdir(exist_ok=True)
        (OUT / "emoji").mkdir(exist_ok=True)
        asked = ["npm", "pack", PACKAGE]
        made = subprocess.run(asked, cwd=OUT, stdout=subprocess.PIPE, text=True, check=True)
        archive = made.stdout.split()[-1]
        wanted = ["package/emoji.json", "package/img/google/64"]
        subprocess.run(["tar", "xzf", archive, "-C", "emoji", *wanted], cwd=OUT, check=True)
    return folder


def emoji(folder: Path) -> Emoji:
    rows = []
    for one in json.loads((folder / "emoji.json").read_text()):
        for key, each in [("", one), *one.get("skin_variations", {}).items()]:
            tones = ", ".join(TONES[tone] for tone in key.split("-")) if key else ""
            file = folder / "img/google/64" / each["image"]
            if one.get("skin_variations") and file.is_file():
                name = one["name"].lower()
                rows.append((one["unified"], tones, f"{name}, {tones}" if tones else name, file))
    base, tones, names, files = zip(*rows, strict=True)
    return Emoji(np.array(base), np.array(tones), list(names), list(files))


def features(files: list[Path]) -> np.ndarray:
    """Mean activations float32 [n, 4912] of seven layers, from the shallow to the last."""
    graph = ov.Core().read_model(STARTER / "image/model.xml")
    layers = graph.get_ordered_ops()
    maps = [o for o in layers if o.get_type_name() == "Clamp"]
    chosen = [*maps[::6], maps[-1]]
    op = ov.opset13
    axes = op.constant(np.array([2, 3], np.int64))
    means = [op.reduce_mean(o.output(0), axes, keep_dims=False).output(0) for o in chosen]
    cut = ov.compile_model(ov.Model(means, graph.get_parameters()), "CPU")
    model = load_folder(STARTER)
    found = []
    for at in range(0, len(files), 16):
        pixels = np.stack([model.prepare("image", cs.Image(p)) for p in files[at : at + 16]])
        given = cut(pixels)
        found.append(np.concatenate([given[i] for i in range(len(means))], axis=1))
    return np.concatenate(found)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def bound(x: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Unit rows of `asked` by ridge regression of `y` on `x`, both standardised."""
    centre, spread, mean = x.mean(0), x.std(0) + 1e-6, y.mean(0)
    x, asked = (x - centre) / spread, (asked - centre) / spread
    gram = x @ x.T  # fewer pictures than features
    weights = np.linalg.solve(gram + RIDGE * len(x) * np.eye(len(x)), y - mean)
    return unit(asked @ x.T @ weights + mean)


def pictures(x: np.ndarray, y: np.ndarray, base: np.ndarray, train: np.ndarray, seed: int):
    """A vector for every picture: of those trained on, by a head that has not seen their emoji."""
    rows = bound(x[train], y[train], x)
    random = np.random.default_rng(seed)
    fold = dict(
        zip(np.unique(base), random.integers(FOLDS, size=len(np.unique(base))), strict=True)
    )
    folds = np.array([fold[one] for one in base])
    for out in range(FOLDS):
        mine = train & (folds == out)
        rows[mine] = bound(x[train & ~mine], y[train & ~mine], x[mine])
    return rows


def recall(asked: np.ndarray, gallery: np.ndarray, target: np.ndarray, own: np.ndarray) -> float:
    """Recall@1 in per cent: the target before all others but the reference itself."""
    scores = asked @ gallery.T
    at = np.arange(len(asked))
    mine = scores[at, target].copy()
    scores[at, target] = scores[at, own] = -np.inf
    return 100 * float((mine > scores.max(axis=1)).mean())


def fused(picture: np.ndarray, text: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """Reciprocal rank fusion of the two lists, as scores."""
    ranks = [(-(one @ gallery.T)).argsort(1).argsort(1) + 1 for one in (picture, text)]
    return sum(1 / (60 + rank) for rank in ranks)


def measured(data: Emoji, x: np.ndarray, y: np.ndarray, words: dict[str, Any], seed: int):
    bases = np.random.default_rng(seed).permutation(np.unique(data.base))
    held = np.isin(data.base, bases[: len(bases) // 2])
    rows = pictures(x, y, data.base, ~held, seed)
    plain = {b: i for i, b in enumerate(data.base) if not data.tones[i]}
    asked = [(plain[b], i) for i, b in enumerate(data.base) if data.tones[i]]
    train = np.array([one for one in asked if not held[one[1]]])
    test = np.array([one for one in asked if held[one[1]]])
    space = cs.Space.of("emoji", y.shape[1])
    text = np.stack([words[tone] for tone in data.tones[train[:, 1]]])
    parts = (rows[train[:, 0]], text, rows[train[:, 1]])
    triples = Triples(*(cs.Vectors(one, space) for one in parts))
    fit = fit_combiner(triples, kind="image", groups=data.base[train[:, 1]].tolist(), seed=seed)
    places = np.flatnonzero(held)
    where = {i: n for n, i in enumerate(places)}
    gallery = rows[places]
    target = np.array([where[i] for i in test[:, 1]])
    own = np.array([where[i] for i in test[:, 0]])
    a, b = rows[test[:, 0]], np.stack([words[tone] for tone in data.tones[test[:, 1]]])
    share = fit.weights["text"]

    def score(q: np.ndarray) -> float:
        return recall(q, gallery, target, own)

    ranked = fused(a, b, gallery)
    return {
        "chance": 100 / (len(gallery) - 1),
        "picture only": score(a),
        "text only": score(b),
        "full caption": score(y[test[:, 1]]),
        "rank fusion": recall(ranked, np.eye(len(gallery)), target, own),
        "sum, equal weights": score(unit(a + b)),
        "sum, tuned": score(unit((1 - share) * a + share * b)),
        "combiner": score(fit.combiner.combine(a, b)) if fit.combiner else float("nan"),
        "combiner on its control": 100 * (fit.card.figures[0].shuffled or 0),
        "share of the text": share,
        "gallery": len(gallery),
        "queries": len(test),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    data = emoji(downloaded())
    x = features(data.files)
    model = load_folder(STARTER)
    y = model.encode_document(data.names).normalized
    tones = sorted(set(data.tones) - {""})
    words = dict(zip(tones, model.encode_query(tones).normalized, strict=True))
    found = [measured(data, x, y, words, seed) for seed in range(args.seeds)]
    if args.json:
        print(json.dumps(found))
        return
    print("$ python bench/composed.py")
    print(f"{'recall@1, %':26}{'median':>8}   seeds 0 to {args.seeds - 1}")
    for name in found[0]:
        each = [one[name] for one in found]
        print(f"{name:26}{np.median(each):8.1f}   {' '.join(f'{v:.1f}' for v in each)}")


if __name__ == "__main__":
    main()
