"""What holds on this processor holds on one without VNNI: the same tests, with it masked."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from processors import WhyNot, has_vnni, without_vnni

import cospace as cs

ROOT = Path(__file__).parents[2]

# Tests of what a processor may change; they run here anyway, as on every machine.
TESTS = (
    "tests/conformance/test_encoder.py::test_the_starter_is_an_encoder",
    "tests/unit/encode/engines/test_onnx.py",
    "tests/unit/encode/engines/test_choice.py",
    "tests/unit/encode/towers/test_load.py",
)

# pytest's own handler of faults would take the place of the one that answers CPUID.
OWN_FAULTS = ("-p", "no:faulthandler", "-p", "no:xdist")

TEXTS = """
from cospace.encode.engines.openvino import multiplies_bytes
import csv, sys, numpy as np, cospace as cs
rows = list(csv.DictReader(open("examples/marketplace/listings.csv", encoding="utf-8")))[:120]
model = cs.load("minilm", engine=sys.argv[1])
vectors = model.encode_document([f"{row['title']}. {row['description']}" for row in rows]).array
np.savez(sys.argv[2], vectors=vectors, bytes=multiplies_bytes(), text=model.precision["text"])
"""


def environment() -> dict[str, str]:
    """That of a process that sees no VNNI; the test is skipped where it cannot be made."""
    try:
        return without_vnni()
    except WhyNot as why:
        pytest.skip(f"{why}; the tests run on a processor that has none too")


def vectors(place: Path, engine: str, env: dict[str, str]) -> dict[str, np.ndarray]:
    command = [sys.executable, "-c", TEXTS, engine, str(place)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    with np.load(place) as found:
        return dict(found)


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """The vectors of a process that sees no VNNI and chooses its engine."""
    return vectors(tmp_path_factory.mktemp("masked") / "own.npz", "", environment())


def test_the_same_tests_pass_without_vnni() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *OWN_FAULTS, *TESTS]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout[-4_000:]


def test_a_masked_process_takes_the_code_for_avx2(masked: dict[str, np.ndarray]) -> None:
    assert not masked["bytes"], "the engine multiplies no bytes"
    assert "int8 on onnx" == masked["text"], "so ONNX Runtime is taken"


def test_one_model_folder_gives_one_vector_on_every_processor(
    masked: dict[str, np.ndarray], tmp_path: Path
) -> None:
    """The promise in docs/guarantees.md: two machines may share an index."""
    ways = [("", dict(os.environ)), ("openvino", environment()), ("onnx", dict(os.environ))]
    found = [
        vectors(tmp_path / f"{number}.npz", engine, env)["vectors"]
        for number, (engine, env) in enumerate(ways)
    ]
    for other in [masked["vectors"], *found[1:]]:
        assert np.einsum("ij,ij->i", found[0], other).mean() >= 0.999


def test_this_machine_is_what_its_flags_say() -> None:
    from cospace.encode.engines.openvino import multiplies_bytes

    if has_vnni():
        assert multiplies_bytes()
    assert cs.load("minilm").encode_query(["a"]).array.shape == (1, 384)
