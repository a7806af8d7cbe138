"""Inputs that a new model is tried with: of many lengths, and none had a part in its making."""

from __future__ import annotations

__all__ = ["probes"]

# The last text is cut short.
_PROBES = {
    "text": (
        "a", "chair", "a red chair", "Where can I buy a used bicycle?", "don't\tpanic\r\n(42)",
        "Größe 42, wie neu!", "椅子とテーブル", "🚲 bike", "x" * 300, "two words " * 20,
        "It was late; the shop was about to close, and nobody had asked for the lamp. " * 9,
        "word " * 9_000,
    ),
    "image": tuple(f"pattern:{number}" for number in range(4, 10)),
}  # fmt: skip


def probes(kind: str) -> tuple[str, ...]:
    """What the towers of a modality take as `canary`.

    >>> probes("image")[0]
    'pattern:4'
    """
    return _PROBES.get(kind, _PROBES["image"])
