#!/usr/bin/env bash
# Library:   openvino 2026.4.1, Python.
# Guess:     openvino.op.Constant(tensor) keeps what the tensor lies over, as the tensor itself does.
# Behaviour: a tensor over a numpy array keeps the array; a Constant of the tensor shares its memory
#            and keeps neither. Once tensor and array are gone, the Constant reads memory that is
#            free: other numbers, or the process ends.
# Seen:      the tensor keeps the array: True; the Constant keeps it: False.
# Instead:   openvino.Tensor(type, shape), and then tensor.data[:] = array.ravel().
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" openvino==2026.4.1 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import weakref

import numpy as np
import openvino as ov


class Watched(np.ndarray):
    """An array to which a weak reference can be had."""


def lives(make):
    array = np.zeros(64, np.uint8).view(Watched)
    seen = weakref.ref(array)
    made = make(array)
    del array
    assert made is not None
    return seen() is not None


def tensor(array):
    return ov.Tensor(array, ov.Shape([128]), ov.Type.u4)


kept = lives(tensor), lives(lambda array: ov.op.Constant(tensor(array)))
print(f"the tensor keeps the array: {kept[0]}; the Constant keeps it: {kept[1]}")
assert kept == (True, False), "changed"
PY
