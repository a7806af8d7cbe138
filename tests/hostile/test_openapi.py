"""Schemathesis sends what our own OpenAPI page allows, and worse: nothing is a 500."""

import re
import subprocess
import sys
from pathlib import Path

from serving import serving

import cospace as cs


def test_no_request_that_the_page_allows_is_a_500(tmp_path: Path):
    with cs.open(tmp_path / "shop.cospace", model="starter") as shop:
        shop.add(ids=["a", "b"], documents=["A red chair", "A blue bus"])
    with serving(tmp_path / "shop.cospace") as server:
        command = [
            str(Path(sys.executable).with_name("schemathesis")), "run",
            f"{server.url}/openapi.json", "--checks", "not_a_server_error",
            "--phases", "examples,coverage,fuzzing", "--max-examples", "12", "--seed", "1",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stdout[-5_000:]
        [tested] = re.findall(r"(\d+) generated", done.stdout)
        assert int(tested) > 300
        assert 200 == server.post("/collections/shop/search", {"query": "chair"}).status
