"""The most multiply-adds a second that this machine was seen to do, by kind of number.

    python bench/peak.py

Large matrices, all cores, the best of several runs: float32 through numpy's BLAS and through
OpenVINO (the better counts), bf16 and int8 through OpenVINO, whose products are oneDNN's. Four
products follow each other, each rounded for the next, so that bytes go in and out of most.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

ROWS, PRODUCTS = 2_048, 4
WIDTHS = (1_024, 2_048)


def peaks(seconds: float = 1.0) -> dict[str, float]:
    """Multiply-adds per second: {"f32": ..., "bf16": ..., "int8": ...}; `seconds` for each try."""
    rng = np.random.default_rng(0)
    found = {"f32": 0.0, "bf16": 0.0, "int8": 0.0}
    for width in WIDTHS:
        x = rng.standard_normal((ROWS, width), np.float32)
        weights = [rng.standard_normal((width, width), np.float32) for _ in range(PRODUCTS)]
        work = ROWS * width * width
        found["f32"] = max(found["f32"], work / best(partial(np.matmul, x, weights[0]), seconds))
        for kind, most in found.items():
            taken = best(partial(chain(weights, kind), x), seconds)
            found[kind] = max(most, PRODUCTS * work / taken)
    return found


def chain(weights: list[np.ndarray], kind: str) -> Callable[[np.ndarray], Any]:
    """Products one after the other, compiled for all cores at once."""
    from openvino import opset13 as op

    from cospace.encode.engines.openvino import openvino

    ov = openvino()
    width = len(weights[0])
    given = node = op.parameter([ROWS, width], ov.Type.f32)
    for weight in weights:
        if kind == "int8":
            levels = np.clip(np.rint(weight * 32), -127, 127).astype(np.int8)
            step = np.full((width, 1), 1 / 32 / width**0.5, np.float32)
            fixed = op.multiply(op.convert(op.constant(levels), "f32"), op.constant(step))
            low, high = op.constant(np.float32(-2)), op.constant(np.float32(4))
            node = op.fake_quantize(node, low, high, low, high, 256)
        else:
            fixed = op.constant(weight / np.float32(width**0.5))
        node = op.matmul(node, fixed, False, True)
    model = ov.Model([op.result(node)], [given], kind)
    hint = "bf16" if kind == "bf16" else "f32"
    compiled = ov.Core().compile_model(
        model, "CPU", {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
    )
    request = compiled.create_infer_request()
    return lambda x: request.infer([x], share_inputs=True, share_outputs=True)


def best(run: Callable[[], Any], seconds: float) -> float:
    """The least seconds of the runs that fit, after one that is not counted."""
    run()
    least, stop = float("inf"), time.perf_counter() + seconds
    while (start := time.perf_counter()) < stop:
        run()
        least = min(least, time.perf_counter() - start)
    return least


if __name__ == "__main__":
    for kind, rate in peaks().items():
        print(f"{kind:6}{rate / 1e9:10.0f} billion multiply-adds per second")
