"""How good image vectors are: numbers in percent, from images that were never trained on."""

from __future__ import annotations

from collections import Counter

import numpy as np
from graph import Array
from image_tower import Head
from pairs import GARMENTS, Images

CONSE_TOP = 10
# Plain things that people look for, to see that learning clip art cost nothing elsewhere.
EVERYDAY = (
    "furniture", "chair", "bicycle", "kitchen", "car", "dog", "cat", "bird", "fruit", "flower",
    "tree", "house", "guitar", "shoes", "computer", "airplane", "boat", "fish", "clock", "food",
)  # fmt: skip


def unit(vectors: Array) -> Array:
    """The same rows at length 1."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def conse(images: Images, names: Array, top: int = CONSE_TOP) -> Array:
    """ConSE alone (Norouzi et al., 2014): class names weighed by the `top` likeliest classes."""
    floor = np.sort(images.chances, axis=1)[:, -top][:, None]
    chances = np.where(images.chances >= floor, images.chances, 0)
    return unit(chances @ names)


def bound(images: Images, head: Head) -> Array:
    """The vectors that the whole tower gives: what its graph computes after the features."""
    return unit(images.chances @ head.names + images.features @ head.weight.T + head.bias)


def garment_scores(vectors: Array, photos: Images, texts: dict[str, Array]) -> dict[str, float]:
    """Zero-shot class accuracy of photos, and mean average precision of class names as queries."""
    classes = list(GARMENTS)
    queries = np.stack([texts[f"a photo of a {GARMENTS[name][0]}"] for name in classes])
    scores = vectors @ queries.T
    truth = np.array([classes.index(label) for label in photos.labels])
    found = [
        average_precision(scores[:, column], truth == column) for column in range(len(classes))
    ]
    return {
        "garment accuracy": 100 * float((scores.argmax(1) == truth).mean()),
        "garment mAP": 100 * float(np.mean(found)),
    }


def drawing_scores(vectors: Array, drawings: Images, texts: dict[str, Array]) -> dict[str, float]:
    """Recall of the right drawing for its caption and title; precision for everyday words."""
    scores = {
        "caption R@10": recall(vectors, drawings, texts, 0),
        "title R@10": recall(vectors, drawings, texts, 1),
    }
    words = [set(" ".join(group).lower().replace(",", " ").split()) for group in drawings.captions]
    found = []
    for query in EVERYDAY:
        relevant = np.array([query in own or query + "s" in own for own in words])
        if relevant.sum() >= 2:
            found.append(average_precision(vectors @ texts[query], relevant))
    return {**scores, "everyday mAP": 100 * float(np.mean(found))}


def recall(
    vectors: Array, drawings: Images, texts: dict[str, Array], way: int, k: int = 10
) -> float:
    """Percent of captions that have a drawing with this caption among the first `k`."""
    captions = [group[way] for group in drawings.captions]
    hits = []
    for caption in dict.fromkeys(captions):
        best = np.argsort(-(vectors @ texts[caption]))[:k]
        hits.append(any(captions[row] == caption for row in best))
    return 100 * float(np.mean(hits))


def chance(drawings: Images, photos: Images) -> dict[str, float]:
    """What guessing reaches: the commonest class, and `k` images drawn blindly."""
    commonest = Counter(photos.labels).most_common(1)[0][1]
    shares = np.array(list(Counter(photos.labels).values())) / len(photos.labels)
    return {
        "garment accuracy": 100 * commonest / len(photos.labels),
        "garment mAP": 100 * float(shares.mean()),
        "caption R@10": 100 * 10 / len(drawings.labels),
        "title R@10": 100 * 10 / len(drawings.labels),
    }


def average_precision(scores: Array, relevant: Array) -> float:
    """The mean of the precision at each relevant row, rows in order of `scores`."""
    hits = relevant[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def print_table(
    runs: list[dict[str, float]], named: dict[str, float], blind: dict[str, float]
) -> None:
    """Prints the median of the runs with its range, beside ConSE and chance."""
    print(f"{'percent':18}{'bound':>8}{'(range)':>16}{'ConSE':>8}{'chance':>8}")
    for measure, value in named.items():
        values = sorted(run[measure] for run in runs)
        span = f"({values[0]:.1f} to {values[-1]:.1f})"
        guess = f"{blind[measure]:8.1f}" if measure in blind else f"{'':>8}"
        print(f"{measure:18}{np.median(values):8.1f}{span:>16}{value:8.1f}{guess}")
