"""Models of the hub: its own client, against a hub on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="models are adopted from torch")
pytest.importorskip("huggingface_hub", reason="the client")

from hub import COMMIT, Hub
from torch_models import text_model

import cospace as cs
from cospace.adopt import adopt
from cospace.adopt.fetch import fetch
from cospace.adopt.source import parse
from cospace.errors import DiskFull, ModelNotFound, NetworkError, UnsafeFile
from cospace.limits import override


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    files = tmp_path / "files"
    files.mkdir()
    (files / "config.json").write_text("{}")
    (files / "model.safetensors").write_bytes(b"12345678")
    with Hub(files) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


def quiet(_: str) -> None:
    pass


def test_the_licence_and_the_size_are_shown_before_the_download(hub: Hub) -> None:
    lines: list[str] = []
    found = fetch(parse("hf:org/name"), lines.append)
    assert ["org/name at 0123456789ab: 0.0 MB, licence: mit"] == lines
    assert COMMIT == found.revision
    assert 10 == found.size
    assert {"config.json", "model.safetensors"} == {p.name for p in found.folder.iterdir()}


def test_what_can_run_code_is_not_even_downloaded(hub: Hub) -> None:
    (hub.folder / "pytorch_model.bin").write_bytes(b"pickle")
    (hub.folder / "modeling_own.py").write_text("raise SystemExit")
    found = fetch(parse("hf:org/name@v1"), quiet)
    assert {"config.json", "model.safetensors"} == {p.name for p in found.folder.iterdir()}
    assert not any("pytorch_model.bin" in path or ".py" in path for path, _ in hub.asked)


def test_pickles_alone_are_refused(hub: Hub) -> None:
    (hub.folder / "model.safetensors").rename(hub.folder / "pytorch_model.bin")
    with pytest.raises(UnsafeFile, match=r"only pytorch_model\.bin"):
        fetch(parse("hf:org/name"), quiet)
    assert not any("/resolve/" in path for path, _ in hub.asked)


def test_the_token_goes_to_the_hub_and_nowhere_else(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_very_secret")
    lines: list[str] = []
    fetch(parse("hf:org/name"), lines.append)
    assert any(authorization == "Bearer hf_very_secret" for _, authorization in hub.asked)
    assert not any("secret" in line for line in lines)


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("hf:org/nothing", ModelNotFound, "no model 'org/nothing'"),
        ("hf:org/name@v9", ModelNotFound, "no revision 'v9'"),
        ("hf:org/gated", NetworkError, "accept its terms"),
        ("timm:nothing", ModelNotFound, "no model 'timm/nothing'"),
    ],
)
def test_what_the_hub_refuses_has_a_typed_error(
    hub: Hub, source: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        fetch(parse(source), quiet)


def test_a_hub_that_cannot_be_reached_is_a_network_error(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(NetworkError, match="org/name"):
        fetch(parse("hf:org/name"), quiet)


def test_a_full_disk_is_refused_before_the_download(hub: Hub) -> None:
    with override(free_bytes=10**18), pytest.raises(DiskFull):
        fetch(parse("hf:org/name"), quiet)
    assert not any("/resolve/" in path for path, _ in hub.asked)


def test_offline_takes_what_is_cached(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants as constants

    fetch(parse("hf:org/name"), quiet)
    asked = len(hub.asked)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert COMMIT == fetch(parse("hf:org/name"), quiet).revision
    with pytest.raises(NetworkError, match="HF_HUB_OFFLINE is set"):
        fetch(parse("hf:org/other"), quiet)
    assert asked == len(hub.asked)


def test_a_model_of_the_hub_is_added_once_and_loaded_by_its_source(
    hub: Hub, tmp_path: Path
) -> None:
    text_model(tmp_path, prompts={"query": "q: ", "document": "d: "})
    hub.folder = tmp_path / "saved"
    added = adopt("hf:org/name")
    assert "mit" != added.license, "the card that came along counts, and it states none"
    asked = len(hub.asked)
    model = cs.load("hf:org/name")
    assert ("hf:org/name", COMMIT) == (model.space.towers[0].source, model.space.towers[0].revision)
    assert model.space.fingerprint == cs.load(f"hf:org/name@{COMMIT}").space.fingerprint
    assert asked == len(hub.asked), "loading asks nobody"
    with pytest.raises(ModelNotFound, match="cospace models add hf:org/name@v7"):
        cs.load("hf:org/name@v7")
