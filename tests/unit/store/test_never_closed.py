"""A script that ends without close(), as most notebooks do."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
import cospace as cs
from cospace.testing.tiny import tiny_model

shop = cs.open(sys.argv[1], model=tiny_model())
shop.upsert([cs.Item(str(i), f"chair {i}") for i in range(5)])
shop.search("chair")
"""


# Python ends with changes that the index has taken in, and no seal yet.
CHANGED = (
    SCRIPT
    + """
shop.delete("1")
shop.search("chair")
"""
)


def test_a_script_that_changes_and_never_closes_leaves_a_sealed_index(tmp_path: Path) -> None:
    folder = tmp_path / "shop.cospace"
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", CHANGED, str(folder)], capture_output=True, text=True, check=True
        )
        assert "" == done.stderr
        assert (folder / "cache" / "seal.json").is_file()


def test_a_script_that_never_closes_leaves_a_sealed_index(tmp_path: Path) -> None:
    folder = tmp_path / "shop.cospace"
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(folder)], capture_output=True, text=True, check=True
        )
        assert "rebuilding" not in done.stderr
        assert (folder / "cache" / "seal.json").is_file()
