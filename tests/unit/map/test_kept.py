"""The file of a map: numbers, whole or not at all, and damage is named."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cospace.errors import DataDamaged, FormatTooNew
from cospace.map import FILE, Cluster, Map, read, write


def a_map(n: int = 4, made: str = "2026-11-29T10:00:00.000+00:00") -> Map:
    draw = np.random.default_rng(n)
    return Map(
        ids=[f"MK\n{i} ö" for i in range(n)],
        xy=draw.uniform(-1, 1, (n, 2)).astype(np.float32),
        labels=np.zeros(n, np.uint16),
        clusters=[Cluster(0, "stühle, lamp", 0.25, -0.5, n)],
        space="3f9c",
        made=made,
        method={"name": "t-SNE", "seed": 3},
        trustworthiness=0.97,
        continuity=None,
        unit=0.01,
        hashes=draw.integers(0, 255, (n, 8), np.uint8),
        late=np.arange(n) % 2 == 1,
        centres={"image": np.ones(3, np.float32), "text": np.zeros(3, np.float32)},
    )


def test_what_is_kept_is_read_again(tmp_path: Path):
    map = a_map()
    write(tmp_path, map)
    again = read(tmp_path)
    assert again is not None
    for name in ("ids", "clusters", "space", "made", "method", "trustworthiness", "unit"):
        assert getattr(map, name) == getattr(again, name)
    for name in ("xy", "labels", "hashes", "late"):
        assert np.array_equal(getattr(map, name), getattr(again, name))
    assert list(map.centres) == list(again.centres)
    assert np.array_equal(map.centres["image"], again.centres["image"])
    assert map.version == again.version


def test_there_is_none(tmp_path: Path):
    assert read(tmp_path) is None


def test_it_is_arrays_of_numbers_that_numpy_reads(tmp_path: Path):
    write(tmp_path, a_map())
    with np.load(tmp_path / FILE, allow_pickle=False) as arrays:
        assert {"f", "u"} == {arrays[name].dtype.kind for name in arrays}


def test_another_map_has_another_version():
    first = a_map()
    there = np.array([True, True, True, False])
    assert first.version == a_map().version
    assert 3 == len({first.version, first.of(there).version, a_map(made="later").version})


def test_without_points_clusters_count_what_is_left():
    left = a_map().of(np.array([True, False, True, False]))
    assert [2] == [one.size for one in left.clusters]
    assert ["MK\n0 ö", "MK\n2 ö"] == left.ids
    assert [] == a_map().of(np.zeros(4, bool)).clusters
    assert (0.0, 0.0, 0.0, 0.0) == a_map().of(np.zeros(4, bool)).bounds


def damaged(folder: Path, **arrays: np.ndarray) -> None:
    """A map's file with some of its arrays in place of its own; None takes one away."""
    write(folder, a_map())
    with np.load(folder / FILE) as held:
        whole = {name: held[name] for name in held} | arrays
    file = io.BytesIO()
    np.savez(file, **{name: array for name, array in whole.items() if array is not None})
    (folder / FILE).write_bytes(file.getvalue())


@pytest.mark.parametrize(
    "arrays",
    [
        {"xy": np.zeros((3, 2), np.float32)},
        {"xy": np.full((4, 2), np.nan, np.float32)},
        {"labels": np.zeros(5, np.uint16)},
        {"labels": None},
        {"hashes": np.zeros((4, 7), np.uint8)},
        {"late": np.zeros(1, np.uint8)},
        {"centre0": None},
        {"about": np.frombuffer(b"{", np.uint8)},
        {"about": np.frombuffer(b"[]", np.uint8)},
        {"about": np.frombuffer(b'{"format": 1}', np.uint8)},
    ],
)
def test_damage_is_named_with_what_to_do(tmp_path: Path, arrays):
    damaged(tmp_path, **arrays)
    with pytest.raises(DataDamaged, match="cospace map"):
        read(tmp_path)


def test_every_byte_that_is_cut_off_or_turned_is_noticed_or_harmless(tmp_path: Path):
    write(tmp_path, a_map())
    data = (tmp_path / FILE).read_bytes()
    version = a_map().version
    for at in range(0, len(data), 37):
        for wrong in (data[:at], data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]):
            (tmp_path / FILE).write_bytes(wrong)
            try:
                found = read(tmp_path)
            except DataDamaged:
                continue
            assert found is not None
            assert version == found.version


def test_an_array_of_objects_is_never_read(tmp_path: Path):
    damaged(tmp_path, xy=np.array([[{}, 1]] * 4, object))
    with pytest.raises(DataDamaged):
        read(tmp_path)


def test_a_file_of_a_newer_cospace_is_left_alone(tmp_path: Path):
    damaged(tmp_path, about=np.frombuffer(b'{"format": 2}', np.uint8))
    with pytest.raises(FormatTooNew, match="Upgrade"):
        read(tmp_path)


def test_a_file_that_is_no_zip(tmp_path: Path):
    (tmp_path / FILE).write_bytes(b"")
    with pytest.raises(DataDamaged):
        read(tmp_path)
    with zipfile.ZipFile(tmp_path / FILE, "w"):
        pass
    with pytest.raises(DataDamaged):
        read(tmp_path)


def test_a_map_is_the_old_or_the_new_one_when_its_writer_is_killed(tmp_path: Path):
    program = (
        "import sys; from pathlib import Path\n"
        "from unit.map.test_kept import a_map\n"
        "from cospace.map import write\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    for n in (2_000, 9_000): write(Path(sys.argv[1]), a_map(n))\n"
    )
    tests = str(Path(__file__).parents[2])
    paths = os.pathsep.join([tests, os.environ.get("PYTHONPATH", ""), *filter(None, sys.path)])
    whole = {a_map(n).version for n in (2_000, 9_000)}
    for turn in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        ) as child:
            assert child.stdout is not None
            assert b"ready\n" == child.stdout.readline()
            while not (tmp_path / FILE).exists():
                time.sleep(0.01)
            time.sleep(0.03 * turn)
            child.send_signal(signal.SIGKILL)
        found = read(tmp_path)
        assert found is not None
        assert found.version in whole
