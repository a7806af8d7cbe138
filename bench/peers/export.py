"""The forms of all-MiniLM-L6-v2 that peers run, made once from one folder of genuine weights.

    python export.py onnx|openvino WEIGHTS FOLDER SENTENCES

No hub is asked. WEIGHTS is a folder of sentence-transformers; FOLDER/onnx or FOLDER/openvino is
made, with the int8 form that sentence-transformers offers beside the float one. SENTENCES, a file
of one sentence a line, calibrates the static int8 of OpenVINO.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
import tempfile
from pathlib import Path


def onnx(weights: Path, folder: Path, sentences: Path) -> None:
    """ONNX in fp32, and with dynamic int8 as for processors with AVX512-VNNI; FastEmbed's too."""
    del sentences
    from sentence_transformers import SentenceTransformer, export_dynamic_quantized_onnx_model

    model = SentenceTransformer(str(weights), backend="onnx", model_kwargs={"export": True})
    model.save_pretrained(str(folder / "onnx"))
    export_dynamic_quantized_onnx_model(model, "avx512_vnni", str(folder / "onnx"))
    fastembed(folder)


def fastembed(folder: Path) -> None:
    """The same two graphs as FastEmbed wants them: one flat folder, cut at the model's length."""
    source, target = folder / "onnx", folder / "fastembed"
    target.mkdir(exist_ok=True)
    for name in ("config.json", "special_tokens_map.json", "tokenizer.json"):
        shutil.copy(source / name, target)
    shutil.copy(source / "onnx" / "model.onnx", target)
    shutil.copy(source / "onnx" / "model_qint8_avx512_vnni.onnx", target / "model_int8.onnx")
    settings = json.loads((source / "tokenizer_config.json").read_text())
    settings["model_max_length"] = 256
    settings.pop("max_length", None)
    (target / "tokenizer_config.json").write_text(json.dumps(settings))


def openvino(weights: Path, folder: Path, sentences: Path) -> None:
    """OpenVINO in floats, and static int8 after calibration (128 sentences, its own default)."""
    from sentence_transformers import SentenceTransformer, export_static_quantized_openvino_model

    target = str(folder / "openvino")
    model = SentenceTransformer(str(weights), backend="openvino", model_kwargs={"export": True})
    model.save_pretrained(target)
    with tempfile.TemporaryDirectory() as calibration:
        with (Path(calibration) / "train.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerows([["sentence"], *([line] for line in sentences.read_text().split("\n"))])
        export_static_quantized_openvino_model(
            model,
            None,
            target,
            dataset_name=calibration,
            dataset_config_name="default",
            dataset_split="train",
            column_name="sentence",
        )


if __name__ == "__main__":
    sys.modules["torchvision"] = None  # type: ignore[assignment]  # see worker.py
    form, *paths = sys.argv[1:]
    {"onnx": onnx, "openvino": openvino}[form](*map(Path, paths))
