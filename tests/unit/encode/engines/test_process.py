"""Forks: a child of a process that has used an engine is refused, and never waits for ever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cospace.testing.reranker import tiny_reranker_folder
from cospace.testing.tiny import tiny_folder

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")

CHILD = """
import os, sys
import cospace as cs
from cospace.encode.reranker import load_reranker

texts, pairs = sys.argv[1:]

def model():
    return cs.load(texts)

def reranker():
    return load_reranker(pairs)

def encode(one):
    return one.encode_query(["a chair"]).array.shape

def score(one):
    return one.score("a chair", ["a chair"]).shape

def in_child(task, *given):
    if os.fork() == 0:
        try:
            print(task(*given), flush=True)
        except BaseException as error:
            print(type(error).__name__, error, flush=True)
        os._exit(0)
    os.wait()
"""


def said(code: str, tmp_path: Path) -> list[str]:
    """What `code` prints, in a process of its own: threads of other tests may hold locks here."""
    folders = [str(tiny_folder(tmp_path / "texts")), str(tiny_reranker_folder(tmp_path / "pairs"))]
    command = [sys.executable, "-c", CHILD + code, *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


def test_what_a_forked_process_inherits_is_refused(tmp_path: Path) -> None:
    code = """
made = [(encode, model()), (score, reranker())]
for use, one in made:
    use(one)
    in_child(use, one)
print(*[use(one) for use, one in made])
"""
    *refused, parent = said(code, tmp_path)
    assert 2 == len(refused)
    for line in refused:
        assert line.startswith("BadArgument tiny-")
        assert "was loaded in process" in line
        assert "spawn" in line
    assert "(1, 32) (1,)" == parent


def test_nothing_is_loaded_in_a_process_forked_after_an_engine_was_used(tmp_path: Path) -> None:
    code = """
encode(model())
in_child(lambda: encode(model()))
in_child(lambda: score(reranker()))
"""
    refused = said(code, tmp_path)
    assert 2 == len(refused)
    for line in refused:
        assert line.startswith("BadArgument process")
        assert "spawn" in line


def test_a_forked_process_ends_though_an_engine_was_used_before(tmp_path: Path) -> None:
    code = """
one, other = model(), reranker()
encode(one)  # and the other is loaded only: OpenVINO waited in the one case, and not in the other
for drop in (True, False):
    if os.fork() == 0:
        if drop:
            del one, other
        print("ends", flush=True)
        sys.exit()  # Python destroys all that there is, as os._exit does not
    os.wait()
print(encode(one))
"""
    assert ["ends", "ends", "(1, 32)"] == said(code, tmp_path)


def test_a_forked_process_that_is_the_first_to_load_a_model_uses_it(tmp_path: Path) -> None:
    code = """
in_child(lambda: encode(model()))
in_child(lambda: score(reranker()))
print(encode(model()))
"""
    assert ["(1, 32)", "(1,)", "(1, 32)"] == said(code, tmp_path)
