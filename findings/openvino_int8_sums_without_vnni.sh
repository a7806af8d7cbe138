#!/usr/bin/env bash
# Library:   openvino 2026.4.1, CPU plugin, x86-64.
# Guess:     a product of bytes (FakeQuantize before MatMul, int8 weights) is computed exactly, for
#            the plugin lists INT8 among its capabilities on every processor.
# Behaviour: limited to AVX2, or to AVX-512 without VNNI, sums of two products are cut off at 16
#            bits. 64 products of 255 by 127 give about half of their sum. Nothing is reported.
#            With VNNI (AVX2 or AVX-512) the sum is exact.
# Seen:      AVX2 0.5059, AVX512_CORE 0.5059, AVX2_VNNI 1.0000, AVX512_CORE_VNNI 1.0000
# A processor without VNNI shows the AVX2 row alone; the others are skipped there.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" openvino==2026.4.1 2>/dev/null
cat > "$place/sum.py" <<'PY'
import numpy as np
import openvino as ov
from openvino import opset13 as op

x = op.parameter([1, 64], ov.Type.f32)
low, high = op.constant(np.float32(0)), op.constant(np.float32(255))
weight = op.multiply(
    op.convert(op.constant(np.full((64, 64), 127, np.int8)), "f32"),
    op.constant(np.ones((64, 1), np.float32)),
)
y = op.matmul(op.fake_quantize(x, low, high, low, high, 256), weight, False, True)
model = ov.Model([op.result(y)], [x], "sum")
core = ov.Core()
assert "INT8" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
print(f"{compiled(np.full((1, 64), 255, np.float32))[0][0, 0] / (64 * 255 * 127):.4f}")
PY
flags=$(grep -m1 '^flags' /proc/cpuinfo || true)
check() { # what the processor needs, the limit, what is expected
  case " $flags " in *" $1 "*) ;; *) echo "$2: skipped, no $1 here"; return ;; esac
  seen=$(ONEDNN_MAX_CPU_ISA=$2 PYTHONPATH="$place" python3 "$place/sum.py")
  echo "$2: $seen"
  [ "$seen" = "$3" ] || { echo "changed: expected $3"; exit 1; }
}
check avx2 AVX2 0.5059
check avx512bw AVX512_CORE 0.5059
check avx_vnni AVX2_VNNI 1.0000
check avx512_vnni AVX512_CORE_VNNI 1.0000
