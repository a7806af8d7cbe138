"""Text models as torch modules: a transformer, its pooling, and the layers that follow.

Reads what sentence-transformers saves (modules.json and a folder a module) and plain models of
transformers, whose pooling and prompts come from the registry in `known.py` or from the caller.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from cospace.encode.modules.built import Built, Input
from cospace.encode.modules.known import Known, known
from cospace.encode.modules.libraries import library
from cospace.encode.modules.weights import fingerprint, read_safetensors
from cospace.errors import BadInput, UnsupportedModel

__all__ = [
    "KNOWN_TEXTS",
    "POOLINGS",
    "Embedder",
    "Pooling",
    "build",
    "check_modules",
    "pooling_of",
    "prompts_of",
    "refuse_gaps",
    "transformer",
]

POOLINGS = ("cls", "lasttoken", "max", "mean", "mean_sqrt_len_tokens", "weightedmean")

# The inputs of known answers: short and long, with capitals, digits, accents, and another script.
KNOWN_TEXTS = (
    "retro velvet armchair",
    "Vintage comfortable seating, £120 or best offer!",
    "Žluťoučký kůň — 東京の静かな朝",
    "The harbour was quiet at dawn; two men mended nets, and the air smelled of tar and coffee. "
    * 6,
)

# How older configurations of sentence-transformers name the poolings.
_OLD_NAMES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_MOST_STATIC = 8_192  # tokens
_MOST_MODEL2VEC = 512  # its default

_LAYERS = (
    "Transformer",
    "StaticEmbedding",
    "Pooling",
    "Dense",
    "Normalize",
    "LayerNorm",
    "Dropout",
)
_ACTIVATIONS = ("GELU", "Identity", "LeakyReLU", "ReLU", "SiLU", "Sigmoid", "Tanh")


class Pooling(nn.Module):
    """Token vectors [n, tokens, dim] and their mask to one row a text; several are joined."""

    def __init__(self, modes: tuple[str, ...]) -> None:
        super().__init__()
        self.modes = modes

    def forward(self, tokens: Any, mask: Any) -> Any:
        """The rows [n, dim * len(modes)]. Texts are padded on the right."""
        return torch.cat([self._one(mode, tokens, mask) for mode in self.modes], dim=-1)

    def _one(self, mode: str, tokens: Any, mask: Any) -> Any:
        weights = mask[..., None].to(tokens.dtype)
        if mode == "cls":
            return tokens[:, 0]
        if mode == "max":
            return tokens.masked_fill(weights == 0, float("-inf")).amax(1)
        if mode == "lasttoken":
            last = mask.sum(1, keepdim=True)[..., None] - 1
            return tokens.gather(1, last.expand(-1, -1, tokens.shape[-1])).squeeze(1)
        if mode == "weightedmean":  # SGPT: later tokens, which have read more, weigh more
            weights = weights * mask.cumsum(1)[..., None].to(tokens.dtype)
        total = weights.sum(1)
        if mode == "mean_sqrt_len_tokens":
            total = total.sqrt()
        return (tokens * weights).sum(1) / total.clamp(min=1e-9)


class Embedder(nn.Module):
    """input_ids and attention_mask, int64 [n, tokens], to unit rows float32 [n, dim]."""

    def __init__(self, transformer: nn.Module, pooling: Pooling, layers: nn.Sequential) -> None:
        super().__init__()
        self.transformer, self.pooling, self.layers = transformer, pooling, layers

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        """The unit rows."""
        read = self.transformer(input_ids=input_ids, attention_mask=attention_mask)
        mask = read.mask if isinstance(self.transformer, _Table) else attention_mask
        rows = self.layers(self.pooling(read.last_hidden_state, mask))
        return nn.functional.normalize(rows.float(), dim=-1)


class _Dense(nn.Module):
    """A layer of sentence-transformers: linear, an activation, and perhaps a residual."""

    def __init__(self, config: Mapping[str, Any], weights: Mapping[str, Any]) -> None:
        super().__init__()
        into, out = int(config["in_features"]), int(config["out_features"])
        self.linear = nn.Linear(into, out, bias=bool(config.get("bias", True)))
        self.residual: nn.Module | None = None
        if config.get("use_residual"):
            self.residual = nn.Identity() if into == out else nn.Linear(into, out, bias=False)
        name = str(config.get("activation_function", "torch.nn.modules.activation.Tanh"))
        module, _, activation = name.rpartition(".")
        if not module.startswith("torch.nn.modules") or activation not in _ACTIVATIONS:
            raise UnsupportedModel(f"a layer has the activation {name[:80]!r}; known are those of"
                                   f" torch: {', '.join(_ACTIVATIONS)}")  # fmt: skip
        self.activation = getattr(nn, activation)()
        self.load_state_dict(dict(weights))

    def forward(self, rows: Any) -> Any:
        out = self.activation(self.linear(rows))
        return out if self.residual is None else out + self.residual(rows)


def build(folder: Path, *, name: str = "", pooling: str = "") -> list[Built]:
    """The one tower of the text model in `folder`. `name` is looked up in the registry.

    Raises `UnsupportedModel` for a model that cannot be taken over as it is (code of its own,
    unknown layers or pooling), `ModelDamaged` for weights that are missing or not finite.
    """
    facts = known(name)
    modules = check_modules(folder)
    notes: list[str] = []
    answers: tuple[str, ...] = KNOWN_TEXTS
    if not modules and _is_model2vec(folder):
        modules = [("StaticEmbedding", "")]
    if modules and modules[0][0] == "StaticEmbedding":
        table, tokens, preprocess = _static(folder / modules[0][1])
        reader: nn.Module = table
        if table.unknown is not None:
            notes.append(
                "made by model2vec: words that its vocabulary lacks are left out, as model2vec"
                " does; sentence-transformers counts them"
            )
            answers = _with_known_words(answers, tokens, table.unknown)
        modes, layers = _after(folder, modules, facts, "mean")
    else:
        reader, tokens, preprocess = transformer(folder / dict(modules).get("Transformer", ""))
        modes, layers = _after(folder, modules, facts, pooling)
    embedder = Embedder(reader, Pooling(modes), layers).eval()
    prompts = prompts_of(folder, facts)
    notes += _passage_note(folder, prompts)
    if facts and facts.matryoshka:
        preprocess["matryoshka"] = list(facts.matryoshka)
    with torch.no_grad():
        ids = torch.ones(1, 4, dtype=torch.int64)
        dim = int(embedder(ids, ids).shape[1])
    tower = Built(
        kind="text",
        family="transformers-text",
        module=embedder,
        inputs={
            "input_ids": Input("int64", (None, None)),
            "attention_mask": Input("int64", (None, None)),
        },
        dim=dim,
        known=answers,
        weights_sha256=fingerprint(folder),
        preprocess=preprocess,
        files={"tokenizer.json": tokens},
        pooling="+".join(modes),
        prompts=prompts,
        notes=tuple(notes),
    )
    return [tower]


def check_modules(folder: Path) -> list[tuple[str, str]]:
    """(class, folder) of each module that modules.json lists, [] without one; none is imported.

    Raises `UnsupportedModel` for a class that is not among the known ones.
    """
    if not (folder / "modules.json").is_file():
        return []
    found = []
    for row in _json(folder / "modules.json"):
        module, _, kind = str(row["type"]).rpartition(".")
        if not module.startswith("sentence_transformers") or kind not in _LAYERS:
            raise UnsupportedModel(
                f"modules.json names {row['type'][:120]!r}, which is not a layer that is known"
                " here; code that comes with a model is never run"
            )
        found.append((kind, str(row.get("path", ""))))
    return found


class _Table(nn.Module):
    """A vector a token, whatever stands around it: what a transformer is to an Embedder.

    The token of the number `unknown` is left out.
    """

    def __init__(self, table: Any, unknown: int | None) -> None:
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(table.float())
        self.unknown = unknown

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        if self.unknown is not None:
            attention_mask = attention_mask * (input_ids != self.unknown)
        return SimpleNamespace(last_hidden_state=self.embedding(input_ids), mask=attention_mask)


def _is_model2vec(folder: Path) -> bool:
    file = folder / "config.json"
    return file.is_file() and _json(file).get("model_type") == "model2vec"


def _static(folder: Path) -> tuple[_Table, bytes, dict[str, Any]]:
    """A StaticEmbedding's table, its tokenizer without special tokens, and the preprocess record.

    sentence-transformers' own ("embedding.weight") counts unknown words, and reads texts of any
    length; here they are cut at `_MOST_STATIC` tokens, and that is reported. model2vec's
    ("embeddings", perhaps with weights and a mapping of tokens to rows) leaves unknown words out,
    and reads `max_length` tokens.
    """
    weights = read_safetensors(folder / "model.safetensors")
    record = _json(folder / "tokenizer.json")
    record["post_processor"] = None
    tokens = json.dumps(record, ensure_ascii=False).encode()
    if set(weights) == {"embedding.weight"}:
        table, unknown, most = weights["embedding.weight"], None, _MOST_STATIC
    elif "embeddings" in weights and set(weights) <= {"embeddings", "weights", "mapping"}:
        table, unknown = _folded(weights), _unknown(record)
        file = folder / "config.json"
        most = int((_json(file) if file.is_file() else {}).get("max_length") or _MOST_MODEL2VEC)
    else:
        raise UnsupportedModel(f"a static embedding with the tensors {sorted(weights)[:5]}")
    preprocess = {"tokenizer": "tokenizer.json", "max_tokens": most}
    return _Table(table, unknown), tokens, preprocess


def _with_known_words(texts: Sequence[str], tokens: bytes, unknown: int) -> tuple[str, ...]:
    """Those of the texts that have a vector: in which a word is known."""
    cut = library("tokenizers").Tokenizer.from_str(tokens.decode())
    known = (text for text in texts if set(cut.encode(text).ids) - {unknown})
    return tuple(known)


def _folded(weights: Mapping[str, Any]) -> Any:
    """model2vec's table with a row a token: embeddings[mapping] * weights."""
    table = weights["embeddings"]
    if "mapping" in weights:
        table = table[weights["mapping"].long()]
    return table.float() * weights["weights"][:, None] if "weights" in weights else table


def _unknown(tokenizer: Mapping[str, Any]) -> int | None:
    """The number of the token that stands for unknown words; None where there is none."""
    model = tokenizer["model"]
    if model.get("unk_token") is None:
        number = model.get("unk_id")
        return None if number is None else int(number)
    added = {one["content"]: one["id"] for one in tokenizer.get("added_tokens") or ()}
    number = added.get(model["unk_token"], model["vocab"].get(model["unk_token"]))
    return None if number is None else int(number)


def transformer(folder: Path, auto: str = "AutoModel") -> tuple[nn.Module, bytes, dict[str, Any]]:
    """The transformer in float32, its tokenizer, and the preprocess record."""
    transformers = library("transformers")
    options = {"local_files_only": True, "trust_remote_code": False}
    try:
        config = transformers.AutoConfig.from_pretrained(folder, **options)
        config.use_cache = False
        kind = getattr(transformers, auto)
        if config.model_type in ("t5", "mt5", "umt5"):
            name = type(config).__name__.removesuffix("Config")
            kind = getattr(transformers, f"{name}EncoderModel")
        elif config.is_encoder_decoder:
            raise UnsupportedModel(f"{config.model_type} has an encoder and a decoder")
        model, report = kind.from_pretrained(
            folder, config=config, dtype=torch.float32, use_safetensors=True,
            output_loading_info=True, **options,
        )  # fmt: skip
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
    except BadInput:
        raise
    except Exception as error:  # transformers raises OSError, ValueError, KeyError, and its own
        raise UnsupportedModel(
            f"{folder.name}: transformers cannot load it: {_first(error)}"
        ) from error
    refuse_gaps(report)
    if not getattr(tokenizer, "is_fast", False):
        raise UnsupportedModel(f"{folder.name}: its tokenizer has no tokenizer.json form")
    tokens = tokenizer.backend_tokenizer.to_str().encode()
    return model.eval(), tokens, _preprocess(folder, tokenizer, model)


def refuse_gaps(report: Mapping[str, Any]) -> None:
    """Raises `UnsupportedModel` when weights that count were missing, and so were made up."""
    gaps = [key for key in report.get("missing_keys", ()) if "pooler" not in key]
    gaps += [str(key) for key in report.get("mismatched_keys", ())]
    if gaps:
        raise UnsupportedModel(
            f"{len(gaps)} tensors are missing or of another shape, such as {sorted(gaps)[0]}:"
            " the weights are not those of the configuration"
        )


def _after(
    folder: Path, modules: list[tuple[str, str]], facts: Known | None, pooling: str
) -> tuple[tuple[str, ...], nn.Sequential]:
    """The poolings, and the layers after them."""
    modes = tuple(pooling.split("+")) if pooling else (facts.pooling,) if facts else ()
    layers: list[nn.Module] = []
    for kind, path in modules:
        place = folder / path
        if kind == "Pooling":
            modes = pooling_of(_json(place / "config.json")) if not pooling else modes
        elif kind == "Dense":
            layers.append(_dense(place))
        elif kind == "LayerNorm":
            weights = read_safetensors(place / "model.safetensors")
            norm = nn.LayerNorm(len(next(iter(weights.values()))))
            norm.load_state_dict({key.removeprefix("norm."): w for key, w in weights.items()})
            layers.append(norm)
        elif kind == "Normalize":
            layers.append(_Normalize())
    if not modes:
        raise UnsupportedModel(
            "its pooling is not recorded, and the model is not in the registry: say how its token"
            f" vectors become one, as its card does: --pooling {'|'.join(POOLINGS)}"
        )
    if set(modes) - set(POOLINGS):
        raise UnsupportedModel(
            f"the pooling {'+'.join(modes)[:80]!r}; known: {', '.join(POOLINGS)}"
        )
    return modes, nn.Sequential(*layers)


class _Normalize(nn.Module):
    """Rows at length one."""

    def forward(self, rows: Any) -> Any:
        return nn.functional.normalize(rows, dim=-1)


def _dense(place: Path) -> nn.Module:
    config = _json(place / "config.json")
    if config.get("module_input_name", "sentence_embedding") != "sentence_embedding":
        raise UnsupportedModel(f"{place.name}: a layer over {config['module_input_name']!r}")
    return _Dense(config, read_safetensors(place / "model.safetensors"))


def pooling_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The poolings that a Pooling module's config.json names, in either of its forms.

    >>> pooling_of({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False})
    ('mean',)
    """
    if config.get("include_prompt") is False:
        raise UnsupportedModel("its pooling leaves out the prompt, which is not built")
    mode = config.get("pooling_mode")
    if mode is None:
        return tuple(new for old, new in _OLD_NAMES.items() if config.get(old)) or ("mean",)
    return (mode,) if isinstance(mode, str) else tuple(mode)


def prompts_of(folder: Path, facts: Known | None = None) -> dict[str, str]:
    """The prompts by role: the model's own, or the registry's; {} when nobody says any."""
    file = folder / "config_sentence_transformers.json"
    config = _json(file) if file.is_file() else {}
    mine = dict(config.get("prompts") or {})
    default = mine.get(config.get("default_prompt_name") or "", "")
    passage = next((mine[n] for n in ("document", "passage", "corpus") if mine.get(n)), default)
    own = {"query": mine.get("query") or default, "document": passage}
    if any(own.values()):
        return own
    if facts is not None:
        return {"query": facts.query, "document": facts.document}
    return {"query": "", "document": ""} if "document" in mine and "query" in mine else {}


def _passage_note(folder: Path, prompts: Mapping[str, str]) -> list[str]:
    """That documents get a prompt here which sentence-transformers does not give them."""
    file = folder / "config_sentence_transformers.json"
    mine = dict((_json(file) if file.is_file() else {}).get("prompts") or {})
    name = next((n for n in ("passage", "corpus") if mine.get(n)), "")
    if mine.get("document") or not name or prompts.get("document") != mine[name]:
        return []
    note = (
        f"documents get its prompt {name} ({mine[name]!r}). encode_document of"
        " sentence-transformers 6.2 does not use it: there an empty prompt called document is"
        " found first. If the model's card uses none, add it again with --document-prompt ''"
    )
    return [note]


def _preprocess(folder: Path, tokenizer: Any, transformer: Any) -> dict[str, Any]:
    file = folder / "sentence_bert_config.json"
    config = _json(file) if file.is_file() else {}
    most = min(
        int(config.get("max_seq_length") or tokenizer.model_max_length), _positions(transformer)
    )
    if most > 1_000_000:
        raise UnsupportedModel(
            "its longest input is not recorded: add max_seq_length to sentence_bert_config.json"
        )
    record: dict[str, Any] = {"tokenizer": "tokenizer.json", "max_tokens": most}
    if tokenizer.pad_token_id:
        record["pad_id"] = int(tokenizer.pad_token_id)
    if config.get("do_lower_case"):
        record["clean"] = "lowercase"
    return record


def _positions(transformer: Any) -> int:
    """The most tokens that the model has positions for."""
    most = int(getattr(transformer.config, "max_position_embeddings", 0) or 10**9)
    tables = [m for n, m in transformer.named_modules() if n.endswith("position_embeddings")]
    # RoBERTa and its kin count from the padding's number on, so that many positions are lost.
    first = [t.padding_idx + 1 for t in tables if getattr(t, "padding_idx", None) is not None]
    return most - max(first, default=0)


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnsupportedModel(f"{file.name}: cannot be read as JSON ({error})") from error


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
