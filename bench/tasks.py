"""classify, cluster, recommend and senses: what they reach on held-out items, beside chance.

    python bench/tasks.py [--only classify,cluster,large,recommend,senses] [--data FOLDER]

Photos are those of clothing (10 classes, as they come split). Sessions are simulated on the example
marketplace: they show that what goes together is learnt, and nothing about real shops. Senses: the
sentences of bench/senses/contexts.txt, written for this, with no setting chosen on them; and
pseudo-words of an encyclopedia (two unrelated words taken for one, Gale, Church and Yarowsky,
1992), 10 pairs to choose the window on and 24 held out.
"""

from __future__ import annotations

import argparse
import json
import lzma
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import cospace as cs
from cospace.evaluate import Pictures, compare
from cospace.tasks import Material, Sessions, classify, cluster, gather, recommend, senses
from cospace.tasks.recommend import learn
from cospace.tasks.senses.contexts import contexts_of
from cospace.tasks.senses.grouping import centred, grouped

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "shared/data"
PARTS = ("classify", "cluster", "large", "recommend", "senses")

NOUNS = """
church, engine, guitar, virus, castle, wheat, telescope, hockey, whale, novel, radar, cheese,
bishop, rocket, violin, enzyme, fortress, coffee, planet, goalkeeper, horse, poem, submarine, sugar,
monk, bicycle, piano, protein, palace, potato, comet, boxing, elephant, essay, missile, wine,
priest, locomotive, trumpet, vaccine, temple, banana, asteroid, tennis, tiger, opera, tank, beer,
emperor, software, album, tumor, bridge, cotton, galaxy, cricket, dolphin, cinema, rifle, tea,
senator, laser, singer, hormone, tunnel, tobacco, volcano, chess
""".replace("\n", " ")

FOREIGN = (
    "dog", "car", "castle", "banana", "laptop", "violin", "river", "soldier", "newspaper",
    "airplane",
)  # fmt: skip

LARGE = """
import json, re, sys, time
import numpy as np
from pathlib import Path
import cospace as cs
from cospace.tasks import cluster
def resident(field):
    return int(re.search(field + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
given = json.loads(sys.argv[1])
draw = np.random.default_rng(0)
middles = draw.standard_normal((40, 384))
shop = cs.open(given["place"])
if not len(shop):
    space = cs.Space.of("drawn", 384)
    with shop.bulk():
        for start in range(0, given["items"], 10_000):
            near = 1.2 * draw.standard_normal((10_000, 384))
            near += middles[draw.integers(40, size=10_000)]
            ids = [str(start + i) for i in range(10_000)]
            shop.add_vectors(ids, cs.Vectors(near.astype(np.float32), space))
    shop.close()
    sys.exit()
import sklearn.cluster
for row in shop.store.scan(vectors=True):
    pass
base = resident("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
t = time.perf_counter()
found = cluster(shop, given["k"], method=given["method"])
seconds = time.perf_counter() - t
grown = resident("VmHWM") - base
print(json.dumps({"seconds": seconds, "MB": grown, "clusters": len(found.clusters),
    "stability": found.stability.information}))
"""


def row(what: str, figure: str, beside: str = "") -> None:
    print(f"| {what} | {figure} | {beside} |", flush=True)


def classified(data: Path) -> None:
    source = Pictures(data / "clothing")
    known = compare("starter", source).results[0]
    material = gather(source)
    for method in ("knn", "probe", "names"):
        held = classify(material, "class", method=method, least_sure=0.8).held
        assert held is not None
        beside = f"chance {100 * held.chance:.1f} %"
        if method in known.accuracy:
            beside += f"; `cospace compare` {100 * known.accuracy[method].value:.1f} %"
        a = held.accuracy
        row(
            f"clothing, {method}: accuracy of {held.test} held out",
            f"{100 * a.value:.1f} ({100 * a.low:.1f} to {100 * a.high:.1f}) %",
            beside,
        )
        row(
            f"clothing, {method}: calibration error",
            f"{held.calibration:.3f}",
            f"of true confidences, by luck {held.luck:.3f}",
        )
        if held.sure_accuracy is not None:
            sure = f"{100 * held.sure_accuracy.value:.1f} % right"
            row(f"clothing, {method}: at least 0.8 sure", f"{100 * held.answered:.1f} %", sure)
        if held.none is not None:
            told = f"{100 * held.none.accepted.value:.1f} % accepted where it is"
            refused = f"{100 * held.none.refused.value:.1f} % refused, AUC {held.none.auc:.3f}"
            row("clothing, names: class not among the names", refused, told)

    foreign = classify(material, names=FOREIGN).answers
    row(
        "clothing, names of ten other things, nothing labelled: none of these",
        f"{100 * np.mean([not one.label for one in foreign]):.1f} %",
    )
    own = classify(material, names=sorted(set(material.column("class")))).answers
    row(
        "clothing, names of the classes, nothing labelled: none of these",
        f"{100 * np.mean([not one.label for one in own]):.1f} %",
    )


def clustered(data: Path) -> None:
    from PIL import Image
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_mutual_info_score as shared

    material = gather(Pictures(data / "clothing"))
    truth = np.unique(material.column("class"), return_inverse=True)[1]
    pixels = np.stack(
        [
            np.asarray(Image.open(data / "clothing" / id).convert("RGB").resize((32, 32)))
            for id in material.ids
        ]
    ).reshape(len(truth), -1)
    seeds = range(5)
    raw = [KMeans(10, n_init=1, random_state=s).fit_predict(pixels / 255.0) for s in seeds]
    raw = np.mean([shared(truth, one) for one in raw])
    luck = np.mean([shared(truth, np.random.default_rng(s).permutation(truth)) for s in seeds])
    beside = f"k-means on raw pixels {raw:.3f}; chance {luck:.3f}"
    for k in (10, None):
        found = [cluster(material, k, seed=s) for s in seeds]
        value = np.mean([shared(truth, one.labels) for one in found])
        stable = found[0].stability
        assert stable is not None
        what = f"k = {k}" if k else f"k chosen: {len(found[0].clusters)}"
        row(f"clothing, k-means, {what}: AMI with the classes", f"{value:.3f}", beside)
        told = f"adjusted Rand {stable.rand:.2f}, AMI {stable.information:.2f}"
        row(f"clothing, k-means, {what}: stability", told, "chance 0")
    found = cluster(material, method="hdbscan")
    known = found.labels >= 0
    row(
        f"clothing, HDBSCAN, {len(found.clusters)} clusters: AMI with the classes",
        f"{shared(truth, found.labels):.3f}; {shared(truth[known], found.labels[known]):.3f}"
        f" of those in a cluster",
        f"{100 * found.noise / len(truth):.0f} % in none; {beside}",
    )
    assert found.stability is not None
    told = f"adjusted Rand {found.stability.rand:.2f}, AMI {found.stability.information:.2f}"
    row("clothing, HDBSCAN: stability", told, "chance 0")


def large() -> None:
    with tempfile.TemporaryDirectory() as place:
        given = {"place": f"{place}/large.cospace", "items": 100_000, "k": None, "method": "kmeans"}
        run(given)  # makes the collection
        for method in ("kmeans", "hdbscan"):
            done = json.loads(run({**given, "method": method}))
            row(
                f"100,000 x 384, {method}: memory beside the collection",
                f"{done['MB']:,.0f} MB, {done['seconds']:.0f} s",
                f"{done['clusters']} clusters, drawn were 40; stability {done['stability']:.2f}",
            )


def run(given: dict[str, object]) -> str:
    command = [sys.executable, "-c", LARGE, json.dumps(given)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def shoppers(material: Material, count: int, seed: int) -> list[list[str]]:
    """Sessions of people who follow one of 12 projects, and of what looks like what they saw.

    A project is 15 items of three categories. Of each session two thirds are of the project; the
    others lie near to the item before.
    """
    draw = np.random.default_rng(seed)
    labels = np.array(material.column("category"))
    near = np.argsort(-(material.rows @ material.rows.T), axis=1)[:, 1:9]
    projects = []
    for _ in range(12):
        categories = draw.choice(np.unique(labels), 3, replace=False)
        projects.append(draw.choice(np.flatnonzero(np.isin(labels, categories)), 15, replace=False))
    made = []
    for _ in range(count):
        items = projects[draw.integers(12)]
        weight = 1 / np.arange(1, 16)
        one = [int(draw.choice(items, p=weight / weight.sum()))]
        for _ in range(int(draw.integers(2, 8))):
            own = draw.random() < 2 / 3
            one.append(int(draw.choice(items if own else near[one[-1]])))
        made.append([material.ids[at] for at in one])
    return made


def recommended() -> None:
    with tempfile.TemporaryDirectory() as place:
        shop = cs.open(f"{place}/market.cospace", model="starter")
        shop.add(cs.read(HERE.parent / "examples/marketplace/listings.csv"))
        material = gather(shop)
        for count in (100, 300, 1_000, 3_000):
            found = []
            for seed in range(5):
                learnt = learn(material, Sessions.of(shoppers(material, count, seed)), seed=seed)
                assert learnt.recall is not None
                found.append([one.value for one in learnt.recall.values()] + [learnt.share])
            told = dict(zip([*learnt.recall, "share"], np.mean(found, axis=0), strict=True))
            row(
                f"{count:,} simulated sessions, recall@10 of {learnt.tested} last items, 5 draws",
                f"both {100 * told['both']:.1f} %, sessions {100 * told['sessions']:.1f} %",
                f"popularity {100 * told['popularity']:.1f} %, content"
                f" {100 * told['content']:.1f} %, chance {100 * learnt.chance:.1f} %; share"
                f" {told['share']:.2f}",
            )
        draw = np.random.default_rng(1)
        liked = [str(one) for one in draw.choice([item.id for item in shop], 60, replace=False)]
        for diversity in (0.3, 0.6):
            found = [recommend(shop, [one], diversity=diversity) for one in liked]
            alike = np.mean([one.alike for one in found])
            before = np.mean([one.alike_without for one in found])
            cost = np.mean([one.relevance for one in found])
            without = np.mean([one.relevance_without for one in found])
            row(
                f"marketplace, 60 items, diversity {diversity}: mean cosine of two of 10",
                f"{alike:.3f}, without {before:.3f}",
                f"mean cosine to what is liked {cost:.3f}, without {without:.3f}",
            )
        shop.close()


def purity(labels: np.ndarray, truth: np.ndarray) -> float:
    """The share of items that are of the commonest class of their group."""
    return sum(np.bincount(truth[labels == one]).max() for one in np.unique(labels)) / len(truth)


def luck(count: int) -> float:
    """The purity of two groups of `count` items of two classes, at random: mean of 500 draws."""
    draw = np.random.default_rng(0)
    truth = np.arange(count) % 2
    return float(np.mean([purity(draw.integers(2, size=count), truth) for _ in range(500)]))


def sensed(data: Path) -> None:
    model = cs.load("starter")
    scores, chosen, lows = {}, [], []
    for word, groups in written().items():
        texts = [text for some in groups.values() for text in some]
        sense = {text: at for at, some in enumerate(groups.values()) for text in some}
        truth = np.concatenate(
            [[sense[text]] * len(contexts_of([text], word).kept) for text in texts]
        ).astype(int)
        scores[word] = purity(senses(texts, word, model=model, groups=2).labels, truth)
        chosen.append(len(senses(texts, word, model=model).senses))
        lows.append(f"{word} {scores[word]:.2f}")
    values = np.array(list(scores.values()))
    lows.sort(key=lambda one: one.split()[1])
    row(
        f"senses, {len(values)} written words x 24: purity of two groups",
        f"mean {values.mean():.3f}, lowest {', '.join(lows[:3])}",
        f"static vectors 0.500; groups by lot {luck(24):.3f}",
    )
    row(
        "senses, written words: two groups chosen",
        f"{sum(one == 2 for one in chosen)} of {len(chosen)}",
    )
    pseudo(model, data)


def written() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for line in (HERE / "senses/contexts.txt").read_text().splitlines():
        if line.startswith("= "):
            word, sense = line[2:].split(": ")
            own = found.setdefault(word, {}).setdefault(sense, [])
        elif line and not line.startswith("#"):
            own.append(line)
    return found


def pseudo(model: cs.Encoder, data: Path) -> None:
    with lzma.open(data / "text8-like.txt.xz") as file:
        text = file.read(40_000_000).decode()
    texts = [text[at : at + 1_000_000] for at in range(0, len(text), 1_000_000)]
    nouns = [one.strip() for one in NOUNS.split(",")]
    order = np.random.default_rng(0).permutation(len(nouns))
    pairs = [(nouns[a], nouns[b]) for a, b in order.reshape(-1, 2)]
    means: dict[int, np.ndarray] = {}
    two: list[bool] = []
    for window in (8, 15, 25):
        values = []
        for at, pair in enumerate(pairs):
            if at >= 10 and window != 15:  # what is held out is looked at with the setting alone
                continue
            kept = [contexts_of(texts, word, most=100, window=window).kept for word in pair]
            few = min(map(len, kept))
            truth = np.repeat([0, 1], few)
            said = [one.around for some in kept for one in some[:few]]
            rows = centred(model.encode_document(said).normalized)
            values.append(purity(grouped(rows, (2,)).labels, truth))
            if at >= 10:
                two.append(len(np.unique(grouped(rows, (2, 3, 4)).labels)) == 2)
        means[window] = np.array(values)
    told = ", ".join(f"{window}: {values[:10].mean():.3f}" for window, values in means.items())
    row("senses, 10 pseudo-words, by words on each side", told, "to choose the window on")
    held = means[15][10:]
    row(
        f"senses, {len(held)} held-out pseudo-words x 200: purity of two groups",
        f"mean {held.mean():.3f}, median {np.median(held):.3f}, lowest {held.min():.3f}",
        f"static vectors 0.500; groups by lot {luck(200):.3f}",
    )
    row("senses, held-out pseudo-words: two groups chosen", f"{sum(two)} of {len(two)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--data", type=Path, default=DATA)
    args = parser.parse_args()
    only = args.only.split(",")
    started = time.perf_counter()
    print("| what | measured | beside it |\n|---|---|---|")
    if "classify" in only:
        classified(args.data)
    if "cluster" in only:
        clustered(args.data)
    if "large" in only:
        large()
    if "recommend" in only:
        recommended()
    if "senses" in only:
        sensed(args.data)
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
