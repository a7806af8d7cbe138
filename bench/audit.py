"""What `cospace audit` finds of faults that were planted, and what it says of clean listings.

    python bench/audit.py DATA [--models starter,multilingual,glove] [--nulls 200] [--big 100000]

DATA is the folder with clothing/ and retrieval/. `bench/audit_listings.py` says how the 2,000
listings are made, and the faults. Precision is the share of what is named that was planted, recall
the share of what was planted that is named; copies count as pairs. A model that is not there is
skipped, and said to be. `--nulls` runs each permutation test so often on two halves of clean items
and counts how often p <= 0.05. `--big` compares near duplicates with all comparisons on so many
vectors: the passages' and listings' own, turned about in groups of directions that stay near.
"""

from __future__ import annotations

import argparse
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

import audit_listings
import numpy as np

import cospace as cs
from cospace.audit.asked import Asked
from cospace.audit.audit import CHECKS, audited
from cospace.audit.duplicates import groups_of
from cospace.audit.finding import Finding
from cospace.audit.view import Matrix, View, view_of
from cospace.errors import CospaceError


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("data", type=Path)
    given.add_argument("--models", default="starter,multilingual,glove")
    given.add_argument("--nulls", type=int, default=0)
    given.add_argument("--big", type=int, default=0)
    given.add_argument("--whole", type=int, default=0)
    given.add_argument("--vecscope", type=Path, help="where vecscope 0.2.0 was installed")
    args = given.parse_args()
    made = audit_listings.clean(args.data)
    clean, others = made[:2_000], made[2_000:]
    faulty = audit_listings.planted(clean, others)
    for name in args.models.split(","):
        try:
            model = cs.load(name)
        except CospaceError as error:
            print(f"{name}: skipped: {error}"[:120])
            continue
        with tempfile.TemporaryDirectory() as place:
            views = {}
            for which, listings in (
                ("clean", clean), ("more", others), ("faulty", faulty.listings),
                ("others", faulty.others),
            ):  # fmt: skip
                views[which] = view_made(Path(place) / which, listings, model)
            if name == "starter":
                table(views, faulty)
            copies(name, views, faulty)
            if name == "starter" and args.nulls:
                nulls(views["clean"], args.nulls)
            if name == "starter" and args.whole:
                whole(views["clean"], args.whole)
            if name == "starter" and args.vecscope:
                beside(views["clean"], args.vecscope)
            if name == "starter" and args.big:
                big(views["clean"], args.big)


def view_made(place: Path, listings: list[audit_listings.Listing], model: cs.Encoder) -> View:
    place.mkdir()
    pictures = "image" in model.space.kinds
    with cs.open(place / "items.cospace", model=model) as shop:
        items = [one.item(place) for one in listings]
        if not pictures:
            items = [cs.Item(one.id, one.parts.text, one.metadata) for one in items]
        shop.add(items, errors="report")
        view = view_of(shop)
    view.load = lambda: model
    return view


def hub(view: View) -> None:
    """An item whose vector is the mean of all, as a record of averaged vectors has it."""
    texts = view.matrices["text"]
    middle = texts.array.mean(0)
    row = (middle / np.linalg.norm(middle))[None].astype(np.float32)
    view.ids.append("HUB")
    for column, value in (
        (view.texts, None), (view.metadata, {}), (view.media, {}), (view.reasons, "")
    ):  # fmt: skip
        column.append(value)  # type: ignore[arg-type]
    rows = np.append(texts.rows, len(view) - 1)
    view.matrices["text"] = Matrix(rows, np.concatenate([texts.array, row]))


# Checks that ask the model, and have a benchmark of their own: bench/bias.py.
OF_THE_MODEL = ("languages", "flips", "bias", "questions")


def table(views: dict[str, View], faulty: audit_listings.Planted) -> None:
    told = {"label": "category", "date": "listed", "since": "2025-01-01"}
    hub(views["faulty"])
    names = [name for name in CHECKS if name not in ("drift", "leaks", *OF_THE_MODEL)]
    found = {}
    seconds = time.process_time()
    for which, beside in (("clean", "more"), ("faulty", "others")):
        view = views[which]
        one = audited(view, Asked(**told), [*names, "drift"]).findings
        two = audited(view, Asked(against=views[beside]), ["leaks"]).findings
        found[which] = {finding.check: finding for finding in (*one, *two)}
    seconds = time.process_time() - seconds
    print(f"\nstarter, {len(views['faulty']):,} items with faults, {len(views['clean']):,} without")
    print(f"{'fault':<18}{'planted':>8}{'named':>7}{'right':>7}{'precision':>11}{'recall':>8}"
          f"{'on clean':>10}")  # fmt: skip
    truth: dict[str, set[str]] = {
        "wrong labels": faulty.labels, "text and photo": faulty.swaps, "hubs": {"HUB"},
        "texts cut short": faulty.cut,
    }  # fmt: skip
    for check, ids in truth.items():
        line(check, ids, set(found["faulty"][check].ids), len(found["clean"][check].ids))
    both = [one for one in found["faulty"]["duplicates"].groups if "alone" not in one.said]
    line(
        "duplicates",
        faulty.duplicates,
        pairs(both),
        len(pairs(found["clean"]["duplicates"].groups)),
    )
    leaks = {frozenset(one.ids) for one in found["faulty"]["leaks"].groups}
    line("leaks", faulty.leaks, leaks, len(found["clean"]["leaks"].groups))
    drifted = {one.said.partition(":")[0] for one in found["faulty"]["drift"].groups}
    line("drift", {faulty.drifted}, drifted, len(found["clean"]["drift"].groups))
    print(f"processor seconds of both audits: {seconds:.0f}")
    for which, findings in found.items():
        print(f"\n{which}:")
        for finding in findings.values():
            print(" ", str(finding)[:150], told_p(finding))


def told_p(finding: Finding) -> str:
    return "" if finding.p is None else f"p {finding.p:.3g}"


def pairs(groups: object) -> set[frozenset[str]]:
    return {frozenset((a, b)) for one in groups for a in one.ids for b in one.ids if a < b}  # type: ignore[attr-defined]


def line(name: str, planted: set, named: set, clean: int) -> None:  # type: ignore[type-arg]
    right = len(planted & named)
    print(f"{name:<18}{len(planted):>8}{len(named):>7}{right:>7}{right / max(1, len(named)):>11.2f}"
          f"{right / len(planted):>8.2f}{clean:>10}", flush=True)  # fmt: skip


def copies(model: str, views: dict[str, View], faulty: audit_listings.Planted) -> None:
    """The planted copies by the texts alone, on any model, with no setting changed."""
    named = pairs(groups_of(views["faulty"], "text"))
    clean = pairs(groups_of(views["clean"], "text"))
    line(f"texts, {model}", faulty.duplicates, named, len(clean))


def nulls(view: View, count: int) -> None:
    """How often p <= 0.05 where nothing is the matter."""
    from cospace.audit.drift import energy
    from cospace.audit.gap import gap

    rows = view.matrices["text"].array
    draw = np.random.default_rng(5)
    seen = {"energy distance": 0, "modality gap": 0}
    for turn in range(count):
        some = rows[draw.choice(len(rows), 120, replace=False)]
        seen["energy distance"] += energy(some[:60], some[60:], turns=199, seed=turn)[1] <= 0.05
        seen["modality gap"] += gap(some[:60], some[60:], seed=turn)[1] <= 0.05
    for name, many in seen.items():
        print(f"{name}: p <= 0.05 in {many} of {count} null runs ({many / count:.1%})")


def beside(view: View, place: Path) -> None:
    """Figures of the shape beside vecscope's, of the same matrices.

    Its effective rank is our participation ratio. Its mean cosine is of 20,000 pairs that it
    draws, ours of all: on its own pairs both are the same.
    """
    sys.path.insert(0, str(place))
    from vecscope.diagnostics.anisotropy import anisotropy as theirs_of
    from vecscope.diagnostics.hubness import hubness

    from cospace.audit.hubs import K, occurrences, skewness
    from cospace.audit.shape import anisotropy, ranks
    from cospace.map.neighbours import nearest_of_all

    print(f"\n{'vecscope 0.2.0':<34}{'theirs':>14}{'ours':>14}{'apart':>11}")
    for kind, matrix in view.matrices.items():
        rows = matrix.first().array
        theirs, hubs = theirs_of(rows), hubness(rows, K)
        ours = anisotropy(rows) | ranks(rows)
        draw = np.random.default_rng(0)
        a, b = (draw.integers(0, len(rows), min(20_000, len(rows))) for _ in range(2))
        drawn = np.einsum("ij,ij->i", rows[a], rows[b], dtype=np.float64)[a != b].mean()
        times = occurrences(nearest_of_all(rows, K))
        for name, one, two in (
            ("skewness of 10-occurrence", hubs["skewness"], skewness(times)),
            ("participation ratio", theirs["effective_rank"], ours["participation ratio"]),
            ("first direction", theirs["top1_pc_variance_share"], ours["first direction"]),
            ("length of the mean", theirs["mean_vector_norm"], ours["mean vector"]),
            ("mean cosine, its pairs", theirs["mean_random_cosine"], drawn),
            ("mean cosine, all pairs", theirs["mean_random_cosine"], ours["mean cosine"]),
        ):
            print(f"{kind + ': ' + name:<34}{one:>14.7f}{two:>14.7f}{two - one:>11.1e}")


def big(view: View, n: int) -> None:
    """Near duplicates among n vectors: all comparisons, and groups; seconds of the processor."""
    from cospace.audit import near

    draw = np.random.default_rng(0)
    base = view.matrices["text"].array
    noise = draw.normal(size=(n, base.shape[1])).astype(np.float32) / np.float32(
        base.shape[1] ** 0.5
    )
    rows = base[draw.integers(len(base), size=n)] + np.float32(0.9) * noise
    rows[: n // 50] = rows[n // 50 : 2 * (n // 50)] + np.float32(0.15) * noise[: n // 50]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    del noise
    least = 0.95
    before = reset_peak()
    start = time.process_time()
    found = near.near_pairs(rows, least)
    grouped = time.process_time() - start
    used = peak() - before
    start = time.process_time()
    known = set()
    for part in near.blocks(n, 2_048):
        for other in near.blocks(part.stop, 2_048):
            x, y = np.nonzero(rows[part] @ rows[other].T >= least)
            x, y = x + part.start, y + other.start
            known |= set(zip(y[y < x].tolist(), x[y < x].tolist(), strict=True))
    every = time.process_time() - start
    got = set(zip(found.a.tolist(), found.b.tolist(), strict=True))
    print(
        f"\n{n:,} x {rows.shape[1]}, cosine {least}: {len(known):,} pairs; all comparisons"
        f" {every:.1f} s, near_pairs {grouped:.1f} s ({every / grouped:.0f} times as fast), found"
        f" {len(got & known) / len(known):.4f} (it says {found.recall:.4f}), {used / 1e6:.0f} MB"
    )


def whole(view: View, n: int) -> None:
    """All checks of n items with a text and a photo: seconds of the processor, and memory."""
    draw = np.random.default_rng(0)
    some = draw.integers(len(view), size=n)
    matrices = {}
    for kind, matrix in view.matrices.items():
        base = matrix.first()
        place = np.full(len(view), -1)
        place[base.rows] = np.arange(len(base.rows))
        rows = np.flatnonzero(place[some] >= 0)
        made = np.empty((len(rows), base.array.shape[1]), np.float32)
        for part in range(0, len(rows), 4_096):
            at = rows[part : part + 4_096]
            noise = draw.normal(size=(len(at), made.shape[1])) / made.shape[1] ** 0.5
            block = base.array[place[some[at]]] + 0.9 * noise
            made[part : part + len(at)] = block / np.linalg.norm(block, axis=1, keepdims=True)
        matrices[kind] = Matrix(rows.astype(np.int64), made)
    words = [word for text in view.texts if text for word in text.split()]
    large = View(
        "large", view.space, ids=[f"{i:06}" for i in range(n)],
        texts=[" ".join(words[i] for i in draw.integers(len(words), size=40)) for _ in range(n)],
        metadata=[view.metadata[i] for i in some], media=[view.media[i] for i in some],
        reasons=[""] * n, matrices=matrices, schema=view.schema, load=view.load,
    )  # fmt: skip
    told = Asked("category", None, "listed", "2025-01-01")
    before = reset_peak()
    print(f"\nall checks of {n:,} items, each with its processor seconds and its peak of memory")
    for check in CHECKS:
        start, _ = time.process_time(), reset_peak()
        finding = audited(large, told, [check]).findings[0]
        used = time.process_time() - start
        print(f"  {check:<20}{used:>7.0f} s{(peak() - before) / 1e6:>8.0f} MB  {finding.verdict}",
              flush=True)  # fmt: skip


def reset_peak() -> int:
    """Bytes that are resident now; the peak is measured from here, where the system lets it."""
    Path("/proc/self/clear_refs").write_text("5")
    return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024  # type: ignore[index]


def peak() -> int:
    held = Path("/proc/self/status")
    if held.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", held.read_text())[1]) * 1024  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
