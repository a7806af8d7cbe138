"""One model folder on both classes of processor: this one, and one without VNNI. One table.

    python bench/processors.py [--limit 1000]

The second class is seen by masking CPUID (tests/no_vnni.c); on a processor without VNNI both are
the same. For each engine of the starter's text tower, over msmarco passages: the least cosine
between a text alone and the same text in a list, the mean and the least cosine to
sentence-transformers in float32, and to the first row; passages per second of the processor, the
better of two turns. The images are 200 photos of ../shared/data/clothing, decoded before.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import quality
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from processors import WhyNot, without_vnni  # noqa: E402

PHOTOS = 200


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--limit", type=int, default=1_000, help="passages")
    options.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        child(*given.child, given.limit)
        return
    try:
        masked = without_vnni()
    except WhyNot as why:
        sys.exit(str(why))
    if not quality.DATA.is_dir():
        sys.exit(f"{quality.DATA}: not there; this benchmark reads it")
    print(f"$ python {' '.join(sys.argv)}\n")
    print(
        f"{'':38}{'alone':>10}{'to fp32':>10}{'least':>9}{'to first':>10}{'least':>9}{'/cpu s':>8}"
    )
    with tempfile.TemporaryDirectory() as place:
        turns = [("text", "reference", {}), *((kind, engine, env) for kind, engine, env in
                 (("text", "", {}), ("text", "onnx", {}), ("text", "openvino:int8-as-f32", {}),
                  ("text", "", masked), ("text", "openvino", masked),
                  ("image", "", {}), ("image", "", masked), ("image", "openvino", masked)))]  # fmt: skip
        first: dict[str, NDArray[np.float32]] = {}
        reference: NDArray[np.float32] | None = None
        for kind, engine, env in turns:
            found, said = run(kind, engine, env or dict(os.environ), Path(place), given.limit)
            if engine == "reference":
                reference = found
            first.setdefault(kind + engine * (engine == "reference"), found)
            where = "masked" if env else "here"
            exact = cosines(found, reference) if kind == "text" else "       -        -"
            print(
                f"{kind:6}{where:8}{said['precision']:24}{said['alone']:>10.6f} {exact}"
                f" {cosines(found, first[kind] if kind in first else found)}{said['rate']:>8.1f}",
                flush=True,
            )


def cosines(ours: NDArray[np.float32], others: NDArray[np.float32] | None) -> str:
    """The mean and the least cosine of rows of length one."""
    each = np.einsum("ij,ij->i", ours, ours if others is None else others)
    return f"{each.mean():>9.5f}{each.min():>9.5f}"


def run(
    kind: str, engine: str, env: dict[str, str], place: Path, limit: int
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """The vectors of one engine, from a process of its own, and what it says of them."""
    out = place / "vectors.npy"
    command = [sys.executable, __file__, "--limit", str(limit), "--child", kind, engine, str(out)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2_000:])
    return np.load(out), json.loads(done.stdout.splitlines()[-1])


def child(kind: str, engine: str, out: str, limit: int) -> None:
    """Encodes everything in a list, and each alone; prints one line of JSON."""
    import cospace as cs

    if engine == "reference":
        sys.modules["torchvision"] = None  # type: ignore[assignment]
        from peers.install import weights
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(weights()), device="cpu")
        model.max_seq_length = 256

        def encode(given: list[Any]) -> NDArray[np.float32]:
            return np.asarray(model.encode(given, normalize_embeddings=True), np.float32)

        precision = "sentence-transformers"
    else:
        ours = cs.load("starter", engine=engine)
        encode = lambda given: ours.encode_document(given).array  # noqa: E731
        ours.warm(kind)
        precision = ours.precision[kind]
    given: list[Any] = quality.spaced(list(quality.retrieval(50).passages.values()), limit)
    if kind == "image":
        files = sorted((quality.DATA / "clothing").rglob("*.jpg"))
        given = [cs.Image(np.asarray(opened(file))) for file in quality.spaced(files, PHOTOS)]
    rates = []
    for _ in range(2):
        start = time.process_time()
        together = encode(given)
        rates.append(len(given) / (time.process_time() - start))
    tried = given if engine != "reference" else given[:50]
    alone = np.concatenate([encode([one]) for one in tried])
    least = float(np.einsum("ij,ij->i", alone, together[: len(tried)]).min())
    np.save(out, together)
    print(json.dumps({"precision": precision, "alone": least, "rate": max(rates)}))


def opened(file: Path) -> Any:
    """A photo as pixels of 224 x 224, so that no decoding is measured."""
    from PIL import Image

    with Image.open(file) as photo:
        return photo.convert("RGB").resize((224, 224))


if __name__ == "__main__":
    main()
