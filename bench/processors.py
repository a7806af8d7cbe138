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
from processors import WhyNot, without_vnni  # noqa: E402 - its folder is put on the path first

PHOTOS = 200

# Whether the instructions are masked, and the engine.
ENGINES = {
    "text": (
        (False, ""), (False, "onnx"), (False, "openvino:int8-as-f32"),
        (True, ""), (True, "openvino"),
    ),
    "image": ((False, ""), (True, ""), (True, "openvino")),
}  # fmt: skip


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
    here = dict(os.environ)
    print(f"$ python {' '.join(sys.argv)}\n")
    titles = ("alone", "to fp32", "least", "to first", "least", "/cpu s")
    print(f"{'':38}" + "".join(f"{title:>10}" for title in titles))
    with tempfile.TemporaryDirectory() as place:
        exact, said = run("text", "reference", here, Path(place), given.limit)
        print(f"text  here    {said['precision']:24}{'':50}{said['rate']:>10.1f}")
        for kind, engines in ENGINES.items():
            first: NDArray[np.float32] | None = None
            for masks, engine in engines:
                env = masked if masks else here
                found, said = run(kind, engine, env, Path(place), given.limit)
                first = found if first is None else first
                row = f"{kind:6}{'masked' if masks else 'here':8}{said['precision']:24}"
                row += f"{said['alone']:>10.6f}"
                row += cosines(found, exact) if kind == "text" else f"{'-':>10}{'-':>10}"
                print(f"{row}{cosines(found, first)}{said['rate']:>10.1f}", flush=True)
        _, said = run("text", "reference", masked, Path(place), given.limit)
        print(f"text  masked  {said['precision']:24}{'':50}{said['rate']:>10.1f}")


def cosines(ours: NDArray[np.float32], others: NDArray[np.float32]) -> str:
    """The mean and the least cosine of rows of length one."""
    each = np.einsum("ij,ij->i", ours, others)
    return f"{each.mean():>10.5f}{each.min():>10.5f}"


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

        def encode(given: list[Any]) -> NDArray[np.float32]:
            return ours.encode_document(given).array

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
