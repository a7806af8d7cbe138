"""Ray: nothing is lost and nothing comes twice, whatever dies. Run by `make ray`.

Every server listens on 127.0.0.1 alone.
"""

import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.encode.names import load_folder
from cospace.encode.ray import Job, over_nodes
from cospace.errors import BadItem, CospaceError
from cospace.testing.tiny import tiny_folder

ray = pytest.importorskip("ray", reason="Ray is not installed: `make ray` brings it, 617 MB")
Cluster = pytest.importorskip("ray.cluster_utils").Cluster

pytestmark = pytest.mark.filterwarnings("ignore")  # of Ray, which leaves sockets open


@pytest.fixture(scope="module", autouse=True)
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Ray writes a token into the home folder; the nodes import the functions of this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        root = Path(__file__).parents[2]
        paths = [root / "tests", root / "src", os.environ.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, paths)))
        yield


@pytest.fixture(scope="module")
def cluster(settled: None) -> Iterator[Any]:
    """A head that does no work, and two nodes of one core."""
    local = {"node_ip_address": "127.0.0.1", "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **local})
    for _ in range(2):
        made.add_node(num_cpus=1, object_store_memory=100_000_000, **local)
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


# --- what the nodes run ---


def starts(given: Any) -> Any:
    return given


def squares(given: Any, unit: int) -> tuple[int, int]:
    return unit * unit, os.getpid()


def dies_at_seven(marks: str, unit: int) -> tuple[int, int]:
    if unit == 7 and not Path(marks, "died").exists():
        Path(marks, "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return squares(marks, unit)


def dies_always(given: Any, unit: int) -> int:
    if unit == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return unit


def fails(given: Any, unit: int) -> int:
    if unit == 3:
        raise BadItem("three", "cannot be")
    return unit


def dies_at_start(given: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def counted(given: Any, unit: int) -> tuple[int, str]:
    from cospace.cores import cores

    return cores(), ray.get_runtime_context().get_node_id()


# --- units ---


def until_two(job: Job) -> list[Any]:
    """The results of 0, 1, 2, ... until both nodes have given one."""
    found: list[Any] = []
    with closing(over_nodes(job, itertools.count(), "auto")) as results:
        while len({second for _, second in found}) < 2:
            found.append(next(results))
    return found


def test_units_come_back_in_order_from_all_nodes(cluster: Any) -> None:
    found = until_two(Job(starts, squares, None))
    assert [n * n for n in range(len(found))] == [square for square, _ in found]


def test_a_process_counts_the_cores_of_its_node(cluster: Any) -> None:
    assert {1} == {cores for cores, _ in until_two(Job(starts, counted, None))}


def test_a_killed_process_loses_and_doubles_nothing(cluster: Any, tmp_path: Path) -> None:
    found = list(over_nodes(Job(starts, dies_at_seven, str(tmp_path)), range(50), "auto"))
    assert (tmp_path / "died").exists()
    assert [n * n for n in range(50)] == [square for square, _ in found]


def test_a_unit_that_always_kills_ends_the_job(cluster: Any) -> None:
    with pytest.raises(CospaceError, match="unit 3 ended 3 processes"):
        list(over_nodes(Job(starts, dies_always, None), range(9), "auto"))


def test_what_a_unit_raises_comes_after_the_results_before_it(cluster: Any) -> None:
    results = over_nodes(Job(starts, fails, None), range(9), "auto")
    assert [0, 1, 2] == [next(results) for _ in range(3)]
    with pytest.raises(BadItem, match="cannot be"):
        next(results)


def test_a_node_on_which_nothing_starts_is_told(cluster: Any) -> None:
    with pytest.raises(CospaceError, match="no process of cospace starts on the node"):
        list(over_nodes(Job(dies_at_start, squares, None), range(9), "auto"))


def test_a_node_that_goes_is_done_without_and_one_that_comes_helps(cluster: Any) -> None:
    local = {"node_ip_address": "127.0.0.1", "object_store_memory": 100_000_000}
    third = cluster.add_node(num_cpus=1, **local)
    with closing(over_nodes(Job(starts, squares, None), itertools.count(), "auto")) as results:
        found = [next(results)]
        while len({pid for _, pid in found}) < 3:
            found.append(next(results))
        cluster.remove_node(third, allow_graceful=False)
        found += itertools.islice(results, 500)
    assert [n * n for n in range(len(found))] == [square for square, _ in found]


# --- items ---


def test_items_are_encoded_as_they_are_here(cluster: Any, tmp_path: Path) -> None:
    model = load_folder(tiny_folder(tmp_path / "tiny"))
    items = [cs.Item(str(n), f"item {n}") for n in range(250)]
    items[30] = cs.Item("gone", cs.Image("/nowhere/a.jpg"))
    here = [one for some in cs.encode_items(model, items, batch=40) for one in some]
    there = [one for some in cs.encode_items(model, items, batch=40, ray="auto") for one in some]
    for one, other in zip(here, there, strict=True):
        assert (one.item, one.hash, one.failed) == (other.item, other.hash, other.failed)
        for name, vector in one.vectors.items():
            assert np.array_equal(vector, other.vectors[name])


def test_shards_are_the_same_with_ray(
    cluster: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_folder(tmp_path / "tiny")
    rows = "".join(f"i{n},{'' if n == 17 else f'chair {n}'}\n" for n in range(200))
    (tmp_path / "t.csv").write_text(f"id,title\n{rows}")
    embed = ["embed", "t.csv", "--model", "./tiny", "--shard-rows", "30", "-o"]
    assert 0 == main([*embed, "here.shards"])
    assert 0 == main([*embed, "there.shards", "--ray", "auto"])
    for path in (tmp_path / "here.shards").iterdir():
        assert path.read_bytes() == (tmp_path / "there.shards" / path.name).read_bytes()
    assert 0 == main([*embed[:4], "-o", "v.npy", "--ray", "auto"])
    assert (199, 32) == np.load("v.npy").shape
    capsys.readouterr()


def test_a_cluster_of_this_machine_ends_with_the_job(cluster: Any) -> None:
    ray.shutdown()  # the last test with the other cluster
    found = list(over_nodes(Job(starts, squares, None), range(9), "local"))
    assert [n * n for n in range(9)] == [square for square, _ in found]
    assert not ray.is_initialized()
