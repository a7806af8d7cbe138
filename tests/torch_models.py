"""Tiny random models of each family, made of the real classes and saved as their libraries do.

They know nothing; what counts is that their vectors are those of their own library.
"""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="models are adopted from torch")

from cospace.encode.modules.libraries import library  # noqa: E402 - torch comes first

VOCABULARY = 320
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_TEXT = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "vocab_size": VOCABULARY, "max_position_embeddings": 80, "pad_token_id": 0,
}  # fmt: skip

# Architectures behind the text models that people name, with what each needs beyond `_TEXT`.
TEXTS: dict[str, dict[str, Any]] = {
    "Bert": {},  # MiniLM, BGE, E5, GTE, mxbai, arctic
    "MPNet": {},
    "XLMRoberta": {"pad_token_id": 1},  # multilingual E5, BGE-M3
    "DistilBert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
    "ModernBert": {"local_attention": 16, "global_attn_every_n_layers": 2},
    "T5": {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4},
    "Qwen3": {"num_key_value_heads": 2, "head_dim": 8},
    "Gemma3Text": {"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 16},
}


def tokenizer(*, pad: int = 0, most: int = 72) -> Any:
    """A tokenizer of letters and pairs of letters, with the marks of BERT."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    special = _SPECIAL[:]
    special[0], special[pad] = special[pad], special[0]
    letters = list(string.ascii_lowercase + string.digits + string.punctuation)
    pairs = [a + b for a in "aeiourst" for b in "aeioulnrst"]
    pieces = [*special, *letters, *(f"##{p}" for p in [*letters, *pairs])]
    assert len(pieces) <= VOCABULARY
    model = models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]")
    made = Tokenizer(model)
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    marks = [(mark, pieces.index(mark)) for mark in ("[CLS]", "[SEP]")]
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=marks
    )
    names = dict(zip(("pad", "unk", "cls", "sep", "mask"), _SPECIAL, strict=True))
    return library("transformers").PreTrainedTokenizerFast(
        tokenizer_object=made, model_max_length=most, **{f"{k}_token": v for k, v in names.items()}
    )


def text_model(
    place: Path,
    kind: str = "Bert",
    *,
    pooling: str = "mean",
    dense: int = 0,
    prompts: dict[str, str] | None = None,
) -> Any:
    """A sentence-transformers model, saved at `place`, and itself as the reference."""
    transformers, st = library("transformers"), library("sentence_transformers")
    torch.manual_seed(7)
    config = getattr(transformers, f"{kind}Config")(**{**_TEXT, **TEXTS[kind]})
    name = f"{kind}EncoderModel" if kind == "T5" else f"{kind}Model"
    inner = getattr(transformers, name)(config)
    with torch.no_grad():  # the default scale of random weights makes all texts alike
        for weight in inner.parameters():
            if weight.ndim > 1:
                weight.mul_(4)
    inner.save_pretrained(place / "inner")
    tokenizer(pad=config.pad_token_id).save_pretrained(place / "inner")
    modules = st.sentence_transformer.modules
    layers = [modules.Transformer(str(place / "inner")), modules.Pooling(32, pooling)]
    if dense:
        layers.append(modules.Dense(32, dense))
    model = st.SentenceTransformer(
        modules=[*layers, modules.Normalize()], prompts=prompts, device="cpu"
    )
    model.save_pretrained(str(place / "saved"))
    return model


def clip_model(place: Path, kind: str = "CLIP") -> Any:
    """A CLIP or SigLIP model of transformers with its processor's parts, saved at `place`."""
    transformers = library("transformers")
    torch.manual_seed(8)
    text = {**_TEXT, "max_position_embeddings": 77 if kind == "CLIP" else 64}
    text |= {"bos_token_id": 2, "eos_token_id": 3, "projection_dim": 24, "projection_size": 32}
    vision = {k: v for k, v in _TEXT.items() if k not in ("vocab_size", "pad_token_id")}
    vision |= {"image_size": 32, "patch_size": 8, "projection_dim": 24}
    config = getattr(transformers, f"{kind.title() if kind != 'CLIP' else kind}Config")(
        text_config=text, vision_config=vision, projection_dim=24
    )
    model = getattr(transformers, type(config).__name__.replace("Config", "Model"))(config).eval()
    model.save_pretrained(place)
    tokens = tokenizer()
    tokens.save_pretrained(place)
    if kind == "CLIP":
        size = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
        images = transformers.CLIPImageProcessor(**size)
    else:
        images = transformers.SiglipImageProcessor(size={"height": 32, "width": 32})
    images.save_pretrained(place)
    return model, tokens, images


def open_clip_model(place: Path) -> Any:
    """An open_clip model, saved at `place` as its publishers save theirs."""
    from safetensors.torch import save_file

    open_clip = library("open_clip")
    torch.manual_seed(9)
    shape = {
        "embed_dim": 24,
        "vision_cfg": {
            "image_size": 32, "layers": 2, "width": 32, "patch_size": 8, "head_width": 8,
        },
        "text_cfg": {
            "context_length": 77, "vocab_size": 49_408, "width": 32, "heads": 4, "layers": 2,
        },
    }  # fmt: skip
    model = open_clip.CLIP(**shape).eval()
    place.mkdir(parents=True, exist_ok=True)
    weights = {key: tensor.contiguous() for key, tensor in model.state_dict().items()}
    save_file(weights, place / "open_clip_model.safetensors")
    recipe = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.25, 0.3], "interpolation": "bicubic"}
    config = {"model_cfg": shape, "preprocess_cfg": recipe}
    (place / "open_clip_config.json").write_text(json.dumps(config))
    return model


def timm_model(place: Path, name: str) -> Any:
    """A model of timm with random weights, saved at `place` as for the hub."""
    timm = library("timm")
    torch.manual_seed(10)
    model = timm.create_model(name, pretrained=False, num_classes=10).eval()
    place.mkdir(parents=True, exist_ok=True)
    timm.models.save_for_hf(model, place, safe_serialization=True)
    return model


# What a chat template of a native model comes to: who speaks, and what stands where.
_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }} {% if m.content is string %}{{ m.content }}"
    "{% else %}{% for c in m.content %}{% if c.type == 'image' %}<|vision_start|><|image_pad|>"
    "<|vision_end|>{% else %}{{ c.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>{% endfor %}"
)


_GEMMA_TEMPLATE = (
    "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for c in m.content %}{% if c.type == 'image' %}<|image|>{% else %}{{ c.text }}{% endif %}"
    "{% endfor %}{% endif %}{% endfor %}"
)


def gemma_model(place: Path) -> Any:
    """An EmbeddingGemma 2 of sentence-transformers, saved at `place`."""
    transformers, st = library("transformers"), library("sentence_transformers")
    torch.manual_seed(12)
    names = ("image", "boi", "eoi", "audio", "boa", "eoa")
    marks = {f"{name}_token": f"<|{name}|>" for name in names}
    plain = tokenizer(most=1_024)
    plain.add_special_tokens({"additional_special_tokens": [*marks.values(), "<|video|>"]})
    plain.save_pretrained(place / "tokens")
    tokens = transformers.PreTrainedTokenizerFast.from_pretrained(
        place / "tokens", extra_special_tokens=marks
    )
    number = {name: tokens.convert_tokens_to_ids(f"<|{name}|>") for name in (*names, "video")}
    text = {**_TEXT, "max_position_embeddings": 1_024, "num_key_value_heads": 2, "head_dim": 8,
            "sliding_window": 16, "hidden_size_per_layer_input": 16, "embedding_dim": 24,
            "sliding_window_pattern": 2, "global_head_dim": 8}  # fmt: skip
    vision = {"model_type": "gemma4_vision", "hidden_size": 32, "intermediate_size": 64,
              "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 4,
              "head_dim": 8, "patch_size": 8}  # fmt: skip
    config = transformers.EmbeddingGemma2Config(
        text_config=text, vision_config=vision, audio_config=None,
        boi_token_id=number["boi"], eoi_token_id=number["eoi"], image_token_id=number["image"],
        audio_token_id=number["audio"], video_token_id=number["video"],
    )  # fmt: skip
    transformers.EmbeddingGemma2Model(config).save_pretrained(place / "inner")
    transformers.EmbeddingGemma2Processor(
        transformers.Gemma4AudioFeatureExtractor(),
        transformers.Gemma4ImageProcessor(patch_size=8, max_soft_tokens=70),
        tokens,
        transformers.EmbeddingGemma2VideoProcessor(patch_size=8),
        chat_template=_GEMMA_TEMPLATE,
    ).save_pretrained(place / "inner")
    modules = st.sentence_transformer.modules
    base = modules.Transformer(str(place / "inner"))
    model = st.SentenceTransformer(
        modules=[base, modules.Pooling(base.get_embedding_dimension(), "mean")],
        prompts={"query": "find what this shows", "document": ""}, device="cpu",
    )  # fmt: skip
    model.save_pretrained(str(place / "saved"))
    return model


def native_model(place: Path) -> Any:
    """A Qwen3-VL embedding model of sentence-transformers, saved at `place`."""
    transformers, st = library("transformers"), library("sentence_transformers")
    torch.manual_seed(11)
    tokens = tokenizer(most=1_024)
    names = ("im_start", "im_end", "vision_start", "vision_end", "image_pad", "video_pad")
    tokens.add_special_tokens({"additional_special_tokens": [f"<|{name}|>" for name in names]})
    number = {name: tokens.convert_tokens_to_ids(f"<|{name}|>") for name in names}
    rope = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 1, 1]}
    text = {**_TEXT, "max_position_embeddings": 512, "num_key_value_heads": 2, "head_dim": 8,
            "rope_parameters": {**rope, "mrope_interleaved": True}}  # fmt: skip
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 4,
              "patch_size": 8, "out_hidden_size": 32, "num_position_embeddings": 64,
              "deepstack_visual_indexes": [0]}  # fmt: skip
    config = transformers.Qwen3VLConfig(
        text_config=text, vision_config=vision,
        image_token_id=number["image_pad"], video_token_id=number["video_pad"],
        vision_start_token_id=number["vision_start"], vision_end_token_id=number["vision_end"],
    )  # fmt: skip
    transformers.Qwen3VLModel(config).save_pretrained(place / "inner")
    size = {"shortest_edge": 16 * 16, "longest_edge": 64 * 64}
    transformers.Qwen3VLProcessor(
        image_processor=transformers.Qwen2VLImageProcessor(patch_size=8, merge_size=2, size=size),
        video_processor=transformers.Qwen3VLVideoProcessor(patch_size=8, merge_size=2),
        tokenizer=tokens, chat_template=_TEMPLATE,
    ).save_pretrained(place / "inner")  # fmt: skip
    modules = st.sentence_transformer.modules
    model = st.SentenceTransformer(
        modules=[modules.Transformer(str(place / "inner")), modules.Pooling(32, "lasttoken")],
        prompts={"query": "find what this shows", "document": ""}, device="cpu",
    )  # fmt: skip
    model.save_pretrained(str(place / "saved"))
    return model
