"""ImageBind: our modules against references built from torch's own layers, and its checkpoint."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the modules are torch modules")
safetensors = pytest.importorskip("safetensors.torch", reason="checkpoints are safetensors")

import tiny_imagebind as tiny  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from cospace.encode.engines.openvino import Graph  # noqa: E402
from cospace.encode.folder import open_folder  # noqa: E402
from cospace.encode.modules.imagebind import build  # noqa: E402
from cospace.encode.modules.imagebind_layout import Block, ImageBind  # noqa: E402
from cospace.errors import (  # noqa: E402
    BadArgument,
    ModelDamaged,
    ModelNotFound,
    UnsafeFile,
    UnsupportedModel,
)

HEADS = {"vision": 16, "text": 16, "audio": 12, "depth": 8, "thermal": 12, "imu": 8}
KINDS = ["text", "image", "video", "audio", "depth", "thermal", "imu"]


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {b.kind: b for b in build(tiny.checkpoint(tmp_path_factory.mktemp("ib")))}


def inputs(built: Any, rows: int = 3, seed: int = 0) -> list[Any]:
    """Random inputs as the kind has them."""
    random = np.random.default_rng(seed)
    if built.kind == "text":
        ids = random.integers(1, 40_000, (rows, 9))
        mask = np.arange(9)[None] < random.integers(3, 10, rows)[:, None]
        return [torch.from_numpy(ids * mask), torch.from_numpy(mask.astype(np.int64))]
    if built.kind in ("image", "video"):
        height = 448 if built.kind == "video" else 224
        return [torch.from_numpy(random.integers(0, 256, (rows, height, 224, 3), np.uint8))]
    [given] = built.inputs.values()
    spread, middle = {"audio": (5, -6), "imu": (4, 1)}.get(built.kind, (0.2, 0.3))
    noise = random.normal(middle, spread, (rows, *given.shape[1:]))
    return [torch.from_numpy(noise.astype(np.float32))]


# --- the published checkpoint's layout ---


def published_keys() -> set[str]:
    """The names of the published checkpoint's tensors, written out here on their own."""
    keys = set()
    for name, (_, blocks) in tiny.HUGE.items():
        stem = f"modality_preprocessors.{name}"
        part = {"depth": "depth_stem", "imu": "imu_stem"}.get(name, "rgbt_stem")
        normed = {f"{stem}.{part}.norm_layer.{p}" for p in ("weight", "bias")}
        keys |= {
            "vision": {f"{stem}.{part}.proj.1.weight"},
            "text": {f"{stem}.token_embedding.weight", f"{stem}.mask"},
        }.get(name, {f"{stem}.{part}.proj.weight", *normed})
        places = "pos_embed" if name in ("text", "imu") else "pos_embedding_helper.pos_embed"
        keys |= {f"{stem}.{places}"} | ({f"{stem}.cls_token"} if name != "text" else set())
        trunk = f"modality_trunks.{name}"
        if name == "vision":
            keys |= {f"{trunk}.pre_transformer_layer.0.{p}" for p in ("weight", "bias")}
        within = ["attn.in_proj_weight", "attn.in_proj_bias"]
        layers = ("attn.out_proj", "norm_1", "norm_2", "mlp.fc1", "mlp.fc2")
        within += [f"{layer}.{p}" for layer in layers for p in ("weight", "bias")]
        if name not in ("vision", "text"):
            within += ["attn.bias_k", "attn.bias_v"]
        keys |= {f"{trunk}.blocks.{block}.{key}" for block in range(blocks) for key in within}
        head = f"modality_heads.{name}" + (".proj" if name == "text" else "")
        last = {"text": 1, "imu": 3}.get(name, 2)
        keys |= {f"{head}.0.weight", f"{head}.0.bias", f"{head}.{last}.weight"}
        if name != "vision":
            keys.add(f"modality_postprocessors.{name}.1.log_logit_scale")
    return keys


def test_the_full_size_has_the_published_tensors_and_1_2_billion_parameters() -> None:
    with torch.device("meta"):
        model = ImageBind(tiny.layout(tiny.HUGE, 1024))
    state = model.state_dict()
    assert published_keys() == set(state)
    assert 1_200_781_061 == sum(p.numel() for p in model.parameters())
    at = {key: tuple(value.shape) for key, value in state.items()}
    assert (1, 257, 1280) == at["modality_preprocessors.vision.pos_embedding_helper.pos_embed"]
    assert (1, 229, 768) == at["modality_preprocessors.audio.pos_embedding_helper.pos_embed"]
    assert (1, 197, 384) == at["modality_preprocessors.depth.pos_embedding_helper.pos_embed"]
    assert (1, 251, 512) == at["modality_preprocessors.imu.pos_embed"]
    assert (77, 77) == at["modality_preprocessors.text.mask"]


# --- the arithmetic ---


@pytest.mark.parametrize(("extra_key", "causal"), [(False, False), (True, False), (False, True)])
def test_a_block_is_torchs_attention_and_a_network(extra_key: bool, causal: bool) -> None:
    torch.manual_seed(0)
    block = Block(24, 96, heads=4, extra_key=extra_key).eval()
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    attention = torch.nn.MultiheadAttention(24, 4, add_bias_kv=extra_key, batch_first=True)
    attention.load_state_dict(block.attn.state_dict(), strict=True)
    tokens = torch.randn(3, 7, 24)
    mask = torch.full((7, 7), -torch.inf).triu(1) if causal else None
    with torch.no_grad():
        normed = F.layer_norm(tokens, (24,), block.norm_1.weight, block.norm_1.bias, 1e-6)
        seen, _ = attention(normed, normed, normed, attn_mask=mask, need_weights=True)
        middle = tokens + seen
        normed = F.layer_norm(middle, (24,), block.norm_2.weight, block.norm_2.bias, 1e-6)
        inner = torch.nn.GELU()(block.mlp["fc1"](normed))
        expected = middle + block.mlp["fc2"](inner)
        assert torch.allclose(expected, block(tokens, causal), atol=2e-5)


def reference(name: str, state: dict[str, Any], tokens: Any, mask: Any = None) -> Any:
    """A trunk and its head from the checkpoint's tensors: placed tokens to unit rows."""
    at = f"modality_trunks.{name}"
    width = tokens.shape[-1]

    def norm(x: Any, key: str, eps: float = 1e-6) -> Any:
        return F.layer_norm(x, (width,), state[f"{key}.weight"], state[f"{key}.bias"], eps)

    if name == "vision":
        tokens = norm(tokens, f"{at}.pre_transformer_layer.0")
    for block in range(tiny.TINY[name][1]):
        here = f"{at}.blocks.{block}"
        extra = f"{here}.attn.bias_k" in state
        attention = torch.nn.MultiheadAttention(width, HEADS[name], add_bias_kv=extra)
        mine = {k.removeprefix(f"{here}.attn."): v for k, v in state.items() if f"{here}.attn" in k}
        attention.load_state_dict(mine, strict=True)
        x = norm(tokens, f"{here}.norm_1").transpose(0, 1)
        tokens = tokens + attention(x, x, x, attn_mask=mask)[0].transpose(0, 1)
        x = norm(tokens, f"{here}.norm_2")
        x = F.gelu(x @ state[f"{here}.mlp.fc1.weight"].T + state[f"{here}.mlp.fc1.bias"])
        tokens = tokens + x @ state[f"{here}.mlp.fc2.weight"].T + state[f"{here}.mlp.fc2.bias"]
    head = f"modality_heads.{name}" + (".proj" if name == "text" else "")
    last = {"text": 1, "imu": 3}.get(name, 2)
    return norm(tokens, f"{head}.0") @ state[f"{head}.{last}.weight"].T


def placed(name: str, state: dict[str, Any], given: Any) -> Any:
    """The stem from the checkpoint's tensors: an input to placed tokens."""
    at = f"modality_preprocessors.{name}"
    if name == "imu":
        pieces = given.unfold(-1, 8, 8).permute(0, 2, 1, 3).flatten(2)
        tokens = pieces @ state[f"{at}.imu_stem.proj.weight"].T
    elif name == "vision":
        frames = given.reshape(len(given), -1, 224, 224, 3).float() / 255
        mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])
        std = torch.tensor([0.26862954, 0.26130258, 0.27577711])
        clip = ((frames - mean) / std).permute(0, 4, 1, 2, 3)
        clip = clip if clip.shape[2] == 2 else clip.repeat(1, 1, 2, 1, 1)
        kernel = state[f"{at}.rgbt_stem.proj.1.weight"]
        tokens = F.conv3d(clip, kernel, stride=(2, 14, 14)).flatten(2).transpose(1, 2)
    else:
        part = "depth_stem" if name == "depth" else "rgbt_stem"
        mean, std = {"audio": (-4.268, 9.138), "depth": (0.0418, 0.0295)}.get(name, (0, 1))
        stride = 10 if name == "audio" else 16
        kernel = state[f"{at}.{part}.proj.weight"]
        maps = F.conv2d(((given - mean) / std)[:, None], kernel, stride=stride)
        tokens = maps.flatten(2).transpose(1, 2)
    part = {"imu": "imu_stem", "depth": "depth_stem"}.get(name, "rgbt_stem")
    if name != "vision":
        scale, shift = (state[f"{at}.{part}.norm_layer.{p}"] for p in ("weight", "bias"))
        tokens = F.layer_norm(tokens, tokens.shape[-1:], scale, shift, 1e-5)
    whole = state[f"{at}.cls_token"].repeat(len(tokens), 1, 1)
    places = "pos_embed" if name == "imu" else "pos_embedding_helper.pos_embed"
    return torch.cat([whole, tokens], dim=1) + state[f"{at}.{places}"]


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_tower_is_its_reference(kind: str, towers: dict[str, Any]) -> None:
    name = "vision" if kind in ("image", "video") else kind
    state = tiny.weights()
    [given] = inputs(towers[kind])
    with torch.no_grad():
        rows = reference(name, state, placed(name, state, given))[:, 0]
        expected = F.normalize(rows, dim=-1)
        found = towers[kind].module(given)
    assert torch.allclose(expected, found, atol=2e-4)
    assert (expected[0] @ expected[1]) < 0.999, "different inputs, different rows"


def test_the_text_tower_is_its_reference_at_77_tokens(towers: dict[str, Any]) -> None:
    state = tiny.weights()
    ids, mask = inputs(towers["text"])
    full = torch.zeros(3, 77, dtype=torch.int64)
    full[:, : ids.shape[1]] = ids
    at = "modality_preprocessors.text"
    tokens = state[f"{at}.token_embedding.weight"][full] + state[f"{at}.pos_embed"]
    with torch.no_grad():
        rows = reference("text", state, tokens, state[f"{at}.mask"])
        expected = F.normalize(rows[torch.arange(3), mask.sum(1) - 1], dim=-1)
        found = towers["text"].module(ids, mask)
    assert torch.allclose(expected, found, atol=2e-4)


# --- the engine ---


@pytest.mark.parametrize("kind", KINDS)
def test_the_engine_gives_what_torch_gives(
    kind: str, imagebind_folder: Path, towers: dict[str, Any]
) -> None:
    folder = open_folder(imagebind_folder)
    graph = Graph(folder, folder.tower(kind), "f32")
    given = inputs(towers[kind], rows=5, seed=3)
    with torch.no_grad():
        expected = towers[kind].module(*given).numpy()
    named = dict(zip(towers[kind].inputs, (g.numpy() for g in given), strict=True))
    found = graph.run(named)
    alone = [graph.run({name: v[i : i + 1] for name, v in named.items()})[0] for i in range(5)]
    assert np.einsum("ij,ij->i", expected, found).min() >= 0.9999
    assert np.einsum("ij,ij->i", np.stack(alone), found).min() >= 0.99999


def test_padding_has_no_part_in_a_text(imagebind_folder: Path) -> None:
    folder = open_folder(imagebind_folder)
    graph = Graph(folder, folder.tower("text"), "f32")
    ids = np.random.default_rng(0).integers(1, 40_000, (1, 5))
    rows = []
    for width in (5, 16, 80):
        padded = np.zeros((2, 1, width), np.int64)
        padded[0, 0, :5], padded[1, 0, :5] = ids, 1
        rows.append(graph.run({"input_ids": padded[0], "attention_mask": padded[1]})[0])
    assert min(rows[0] @ rows[1], rows[0] @ rows[2]) >= 0.99999


# --- what is refused ---


def refused(folder: Path, error: type[Exception], match: str, **changed: Any) -> None:
    tensors = tiny.weights() | changed
    tensors = {key: value for key, value in tensors.items() if value is not None}
    with pytest.raises(error, match=match):
        build(tiny.checkpoint(folder, tensors))


NORM = "modality_trunks.audio.blocks.0.norm_1.weight"


def test_other_tensors_than_expected_are_listed(tmp_path: Path) -> None:
    refused(tmp_path / "1", ModelDamaged, f"1 missing: {re.escape(NORM)}", **{NORM: None})
    refused(tmp_path / "2", ModelDamaged, "1 unknown: extra", extra=torch.zeros(1))
    wrong = {NORM: torch.zeros(7)}
    refused(tmp_path / "3", ModelDamaged, rf"{re.escape(NORM)} \[7\], expected \[24\]", **wrong)
    stem = "modality_preprocessors.audio.rgbt_stem.proj.weight"
    refused(tmp_path / "4", ModelDamaged, f"not an ImageBind.*{re.escape(stem)}", **{stem: None})


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    for number in (torch.nan, torch.inf):
        bad = torch.ones(24)
        bad[3] = number
        refused(tmp_path / str(number), ModelDamaged, f"{re.escape(NORM)} holds NaN", **{NORM: bad})


def test_half_precision_is_taken(tmp_path: Path, towers: dict[str, Any]) -> None:
    halves = {key: value.half() for key, value in tiny.weights().items()}
    depth = {b.kind: b for b in build(tiny.checkpoint(tmp_path, halves))}["depth"]
    given = inputs(depth)
    with torch.no_grad():
        cosines = (depth.module(*given) * towers["depth"].module(*given)).sum(1)
    assert cosines.min() > 0.999


def test_a_pickled_checkpoint_is_refused_with_the_lines_that_convert_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(tiny.weights(), tmp_path / "imagebind_huge.pth")
    with pytest.raises(UnsafeFile, match="can run code") as caught:
        build(tmp_path)
    monkeypatch.chdir(tmp_path)
    lines = str(caught.value).split("\n\n")[1]
    exec(lines, {})  # the lines that a user is asked to run
    (tmp_path / tiny.MERGES).write_bytes(tiny.merges())
    assert KINDS == [built.kind for built in build(tmp_path)]


def test_a_folder_that_lacks_something_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModel, match=r"no \.safetensors"):
        build(tmp_path)
    folder = tiny.checkpoint(tmp_path / "a")
    (folder / "second.safetensors").write_bytes(b"")
    with pytest.raises(BadArgument, match="expected one"):
        build(folder)
    (folder / "ib.safetensors").unlink()
    with pytest.raises(ModelDamaged, match="not a valid safetensors file"):
        build(folder)
    folder = tiny.checkpoint(tmp_path / "b")
    (folder / tiny.MERGES).unlink()
    with pytest.raises(ModelNotFound, match="open_clip_torch"):
        build(folder)
