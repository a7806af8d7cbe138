"""A tiny ImageBind: random weights in the published layout, and a model folder made of them."""

import base64
import hashlib
import importlib.util
import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="converts torch modules")
safetensors = pytest.importorskip("safetensors.torch", reason="writes checkpoints")

from cospace.encode.engines.openvino import openvino  # noqa: E402
from cospace.encode.folder import open_folder  # noqa: E402
from cospace.encode.modules.bpe import MERGES  # noqa: E402
from cospace.encode.modules.built import Built  # noqa: E402
from cospace.encode.modules.imagebind import LICENSE  # noqa: E402
from cospace.encode.modules.imagebind_layout import ImageBind  # noqa: E402
from cospace.encode.towers.load import FAMILIES  # noqa: E402

# Width and number of blocks of each trunk: the published ones, and small ones that its heads fit.
HUGE = {
    "vision": (1280, 32), "text": (1024, 24), "audio": (768, 12), "depth": (384, 12),
    "thermal": (768, 12), "imu": (512, 6),
}  # fmt: skip
TINY = {
    "vision": (32, 2), "text": (32, 2), "audio": (24, 2), "depth": (32, 2), "thermal": (24, 2),
    "imu": (32, 2),
}  # fmt: skip
VOCABULARY = 49_408


def layout(sizes: dict[str, tuple[int, int]], dim: int) -> dict[str, tuple[int, ...]]:
    """The shapes that the widths of a checkpoint are read from."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (width, blocks) in sizes.items():
        at = f"modality_preprocessors.{name}"
        stem = {
            "vision": {f"{at}.rgbt_stem.proj.1.weight": (width, 3, 2, 14, 14)},
            "text": {f"{at}.token_embedding.weight": (VOCABULARY, width)},
            "imu": {f"{at}.imu_stem.proj.weight": (width, 48)},
            "depth": {f"{at}.depth_stem.proj.weight": (width, 1, 16, 16)},
        }
        shapes |= stem.get(name, {f"{at}.rgbt_stem.proj.weight": (width, 1, 16, 16)})
        for block in range(blocks):
            shapes[f"modality_trunks.{name}.blocks.{block}.mlp.fc1.weight"] = (4 * width, width)
        last = {"text": "proj.1", "imu": "3"}.get(name, "2")
        shapes[f"modality_heads.{name}.{last}.weight"] = (dim, width)
    return shapes


def weights(seed: int = 0) -> dict[str, Any]:
    """Random tensors of the tiny layout, by their published names."""
    with torch.device("meta"):
        model = ImageBind(layout(TINY, 16))
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for key, value in model.state_dict().items():
        noise = torch.randn(value.shape, generator=generator)
        norm = "norm" in key or "pre_transformer" in key or key.endswith((".0.weight", ".0.bias"))
        if key.endswith(".mask"):
            made[key] = torch.full(value.shape, -torch.inf).triu(1)
        elif norm:
            made[key] = noise * 0.2 + float(key.endswith("weight"))
        else:
            made[key] = noise * (0.5 if "bias" in key else 1.5 / max((1, *value.shape[-1:])) ** 0.5)
    return made


def merges() -> bytes:
    """CLIP's merges file, which the package open_clip_torch ships."""
    found = importlib.util.find_spec("open_clip")
    if found is None or not found.submodule_search_locations:
        pytest.skip("open_clip_torch, which ships CLIP's merges, is not installed")
    return (Path(found.submodule_search_locations[0]) / MERGES).read_bytes()


def checkpoint(folder: Path, tensors: dict[str, Any] | None = None) -> Path:
    """A user's folder: the checkpoint and the merges file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MERGES).write_bytes(merges())
    safetensors.save_file(weights() if tensors is None else tensors, folder / "ib.safetensors")
    return folder


def example(built: Built) -> tuple[Any, ...]:
    """Inputs of two rows, to trace a module with."""
    text = built.kind == "text"
    shape = {None: 5 if text else 448 if built.kind == "video" else 224}
    made = []
    for given in built.inputs.values():
        size = (2, *(shape.get(side, side) for side in given.shape[1:]))
        made.append(torch.ones(size, dtype=getattr(torch, given.dtype)))
    return tuple(made)


def convert(built: Built) -> Any:
    """The OpenVINO model of a built tower, its inputs and output under their names."""
    ov = openvino()
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit, which the decoder uses
        decoder = TorchScriptPythonDecoder(built.module, example_input=example(built))
    frontend = FrontEndManager().load_by_framework("pytorch")
    model = frontend.convert(frontend.load(decoder))
    for port, (name, given) in zip(model.inputs, built.inputs.items(), strict=True):
        node = port.get_node()
        node.set_element_type(ov.Type(np.dtype(given.dtype)))
        node.set_partial_shape(ov.PartialShape([-1 if s is None else s for s in given.shape]))
        port.set_names({name})
    model.outputs[0].set_names({"embedding"})
    model.validate_nodes_and_infer_types()
    return model


def model_folder(path: Path, towers: list[Built]) -> Path:
    """A model folder of built towers, as `cs.load` takes it."""
    ov = openvino()
    records, graphs = [], {}
    for built in towers:
        (path / built.kind).mkdir(parents=True)
        files = {f"{built.kind}/{name}": data for name, data in built.files.items()}
        for name, data in files.items():
            (path / name).write_bytes(data)
        shared = graphs.get(id(built.module))
        names = shared or [f"{built.kind}/model.xml", f"{built.kind}/model.bin"]
        graphs[id(built.module)] = names
        if shared is None:
            ov.serialize(convert(built), *(str(path / name) for name in names))
        record: dict[str, Any] = dict(built.preprocess)
        for key, value in record.items():
            record[key] = f"{built.kind}/{value}" if value in built.files else value
        records.append(
            {
                "kind": built.kind,
                "model": "tiny-imagebind",
                "license": LICENSE,
                "weights_sha256": built.weights_sha256,
                "family": built.family,
                "precision": "f32",
                "graph": names[0],
                "files": {
                    name: hashlib.sha256((path / name).read_bytes()).hexdigest()
                    for name in (*names, *files)
                },
                "preprocess": record,
                "pooling": built.pooling,
                "prompts": dict(built.prompts),
                "canaries": [],
            }
        )
    space = {"format": 1, "name": "tiny-imagebind", "dim": towers[0].dim, "metric": "cosine"}
    (path / "space.json").write_text(json.dumps({**space, "towers": records}))
    for record, built in zip(records, towers, strict=True):
        record["canaries"] = _answers(path, built)
    (path / "space.json").write_text(json.dumps({**space, "towers": records}))
    return path


def _answers(path: Path, built: Built) -> list[dict[str, str]]:
    """What torch gives for the tower's known inputs: the reference."""
    folder = open_folder(path)
    tower = folder.tower(built.kind)
    loaded = FAMILIES[built.kind](folder, tower, Torch(built))
    rows, _ = loaded.encode([loaded.canary(given) for given in built.known])
    return [
        {"input": given, "vector": base64.b64encode(row.astype("<f4").tobytes()).decode()}
        for given, row in zip(built.known, rows, strict=True)
    ]


class Torch:
    """A built tower in the place of a compiled graph."""

    precision = "f32"
    streams = 1
    batching = "padded"

    def __init__(self, built: Built) -> None:
        self.built = built

    def run_each(self, batches: Any, out: Any) -> None:
        for rows, make in batches:
            inputs = make()
            given = [torch.from_numpy(inputs[name]) for name in self.built.inputs]
            out[rows] = self.built.module(*given).numpy()


@cache
def built_towers(folder: Path) -> list[Built]:
    from cospace.encode.modules.imagebind import build

    return build(checkpoint(folder))
