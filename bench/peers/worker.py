"""One encoder in a process of its own: texts come in as lines of JSON, vectors go out in files.

    python worker.py PEER FOLDER

It runs in the peer's environment, so it imports nothing of the benchmark. FOLDER holds the forms
of all-MiniLM-L6-v2 that `export.py` made. Each line asks for one turn:

    {"texts": [...], "role": "document", "out": "file or null", "alone": false}

The answer is `{"seconds": [...], "busy": ..., "idle": ...}`: the time of the call (of each text,
when they go in alone), the processor's time that it took, and the processor's time that this
process used up since its last answer, when it should have slept. Vectors are float32, row by row.
The first answer comes once one text is encoded; an empty line asks for what is at work here.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Encode = Callable[[list[str], str], NDArray[np.float32]]
Loaded = tuple[Encode, Callable[[], str]]  # what encodes; what its products are computed in

PACKAGES = (
    "cospace", "sentence-transformers", "fastembed", "txtai", "torch", "transformers", "optimum",
    "optimum-onnx", "onnxruntime", "optimum-intel", "openvino", "nncf", "tokenizers", "numpy",
)  # fmt: skip


def cospace(folder: Path, engine: str = "") -> Loaded:
    """The starter's text model as it comes, or on an engine; `folder` has no part in it."""
    del folder
    import cospace as cs

    model = cs.load("minilm", engine=engine)

    def encode(texts: list[str], role: str) -> NDArray[np.float32]:
        take = model.encode_query if role == "query" else model.encode_document
        return take(texts).array

    def computed_in() -> str:
        return "f32" if "f32" in model.precision["text"] else "int8"

    return encode, computed_in


def sentence_transformers(precision: str, form: str = "torch", **settings: Any) -> Any:
    """A loader: its own batches of 32, sorted by length, on the backend that `settings` name."""

    def load(folder: Path) -> Loaded:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(folder / form), device="cpu", **settings)

        def encode(texts: list[str], role: str) -> NDArray[np.float32]:
            del role  # this model has no prompts
            return model.encode(texts, batch_size=32, show_progress_bar=False)

        def computed_in() -> str:
            if form != "openvino" or precision == "int8":
                return precision
            # Left alone, OpenVINO computes float weights in bf16 where the processor can.
            hint = model[0].auto_model.request.get_property("INFERENCE_PRECISION_HINT")
            return "bf16" if hint.get_type_name() == "bf16" else "f32"

        return encode, computed_in

    return load


def torch_bf16(folder: Path) -> Loaded:
    """sentence-transformers with weights and products in bf16."""
    import torch

    load = sentence_transformers("bf16", model_kwargs={"dtype": torch.bfloat16})
    encode, computed_in = load(folder)
    return lambda texts, role: encode(texts, role).astype(np.float32), computed_in


def openvino(precision: str, **settings: Any) -> Any:
    """A loader of sentence-transformers' OpenVINO backend."""
    return sentence_transformers(precision, "openvino", backend="openvino", model_kwargs=settings)


def fastembed(file: str, precision: str) -> Any:
    """A loader of FastEmbed: 256 texts a batch in the order given, padded to the longest."""

    def load(folder: Path) -> Loaded:
        from fastembed import TextEmbedding
        from fastembed.common.model_description import ModelSource, PoolingType

        # FastEmbed's own entry for all-MiniLM-L6-v2, with another file: mean, then length one.
        TextEmbedding.add_custom_model(
            "minilm", PoolingType.MEAN, True, ModelSource(hf="none/none"), 384, model_file=file
        )
        model = TextEmbedding("minilm", specific_model_path=str(folder / "fastembed"))

        def encode(texts: list[str], role: str) -> NDArray[np.float32]:
            take = model.query_embed if role == "query" else model.embed
            return np.array(list(take(texts)), np.float32)

        return encode, lambda: precision

    return load


def txtai(folder: Path) -> Loaded:
    """txtai's own loader of a folder: transformers in float32, sorted batches of 32."""
    from txtai import Embeddings

    embeddings = Embeddings(path=str(folder / "torch"), maxlength=256)

    def encode(texts: list[str], role: str) -> NDArray[np.float32]:
        category = "query" if role == "query" else "data"
        return np.asarray(embeddings.batchtransform(texts, category), np.float32)

    return encode, lambda: "f32"


INT8_ONNX = "onnx/model_qint8_avx512_vnni.onnx"
INT8_OPENVINO = "openvino/openvino_model_qint8_quantized.xml"

PEERS: dict[str, Callable[[Path], Loaded]] = {
    "cospace": cospace,
    "cospace-openvino": partial(cospace, engine="openvino"),
    "cospace-onnx": partial(cospace, engine="onnx"),
    "torch-fp32": sentence_transformers("f32"),
    "torch-bf16": torch_bf16,
    "onnx-fp32": sentence_transformers(
        "f32", "onnx", backend="onnx", model_kwargs={"file_name": "onnx/model.onnx"}
    ),
    "onnx-int8": sentence_transformers(
        "int8", "onnx", backend="onnx", model_kwargs={"file_name": INT8_ONNX}
    ),
    "openvino": openvino("f32", file_name="openvino/openvino_model.xml"),
    "openvino-fp32": openvino(
        "f32",
        file_name="openvino/openvino_model.xml",
        ov_config={"INFERENCE_PRECISION_HINT": "f32"},
    ),
    "openvino-int8-weights": openvino(
        "int8", file_name="openvino/openvino_model.xml", load_in_8bit=True
    ),
    "openvino-int8-static": openvino("int8", file_name=INT8_OPENVINO),
    "fastembed": fastembed("model.onnx", "f32"),
    "fastembed-int8": fastembed("model_int8.onnx", "int8"),
    "txtai": txtai,
}


def main() -> None:
    # What libraries print would spoil the answers: their stdout is the log from here on.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    # transformers imports torchvision where it finds one, and falls over one that was built for
    # another torch. Texts need none.
    sys.modules["torchvision"] = None  # type: ignore[assignment]
    name, folder = sys.argv[1:]
    encode, computed_in = PEERS[name](Path(folder))
    encode(["the first"], "query")
    answer: dict[str, Any] = {}
    while True:
        print(json.dumps(answer), file=answers, flush=True)
        slept = time.process_time()
        line = sys.stdin.readline()
        if not line:
            return
        idle = time.process_time() - slept
        order = json.loads(line)
        answer = {"idle": idle, **turn(encode, **order)} if order else about(computed_in())


def turn(
    encode: Encode, *, texts: list[str], role: str, out: str | None = None, alone: bool = False
) -> dict[str, Any]:
    """One turn: the texts together, or one after the other."""
    seconds, rows = [], []
    busy = time.process_time()
    for given in [[text] for text in texts] if alone else [texts]:
        start = time.perf_counter()
        rows.append(encode(given, role))
        seconds.append(time.perf_counter() - start)
    busy = time.process_time() - busy
    if out is not None:
        np.concatenate(rows).astype("<f4").tofile(out)
    return {"seconds": seconds, "busy": busy}


def about(computed_in: str) -> dict[str, Any]:
    """The versions here, what products are computed in, and the most memory that was resident."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except ModuleNotFoundError:
            continue
    # Not getrusage(), whose maximum begins with that of the process that started this one.
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return {"versions": versions, "computed in": computed_in, "bytes": 1024 * int(kilobytes)}


if __name__ == "__main__":
    main()
