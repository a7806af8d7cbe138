"""The text encoder as a torch module: its tokens, its vectors, and which of its weights move."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cospace.adopt.family import Choices, build
from cospace.adopt.fetch import Fetched, fetch
from cospace.adopt.source import Source, parse
from cospace.encode.modules.weights import check_finite
from cospace.encode.towers.text import normalizer_of, plan
from cospace.errors import BadArgument, BadItem, UnsupportedModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cospace.encode.modules.built import Built

__all__ = ["Net", "open_net"]

_TOKENS = 4_096  # in a batch of texts that are only read


@dataclass(slots=True)
class Net:
    """A text tower in torch, with its tokenizer, and where it came from."""

    built: Built
    source: Source
    fetched: Fetched
    tokenizer: Any

    @property
    def base(self) -> str:
        """sha256 of the weights that it began with."""
        return self.built.weights_sha256

    @property
    def module(self) -> Any:
        """The `torch.nn.Module`: ids and mask, int64 [n, tokens], to unit rows."""
        return self.built.module

    def tokens(self, texts: Sequence[str], role: str) -> list[list[int]]:
        """The token ids of each text, with the prompt of its role, cut at the model's limit."""
        prompt = self.built.prompts.get(role, "")
        ids = [one.ids for one in self.tokenizer.encode_batch([prompt + text for text in texts])]
        for text, mine in zip(texts, ids, strict=True):
            if not mine:
                raise BadItem(repr(text[:60]), "no token of it is in the vocabulary")
        return ids

    def padded(self, ids: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """The module's inputs for a batch."""
        width = max(map(len, ids))
        tokens = torch.full((len(ids), width), int(self.built.preprocess.get("pad_id", 0)))
        mask = torch.zeros_like(tokens)
        for row, mine in enumerate(ids):
            tokens[row, : len(mine)] = torch.tensor(mine)
            mask[row, : len(mine)] = 1
        return tokens, mask

    def rows(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """The unit rows float32 [n, dim] of tokenised texts, without dropout."""
        self.module.eval()
        found = np.empty((len(ids), self.built.dim), np.float32)
        with torch.no_grad():
            for part, _ in plan([len(one) for one in ids], _TOKENS, 1):
                found[part] = self.module(*self.padded([ids[i] for i in part])).numpy()
        return found

    def trained(self, frozen: int | None) -> list[Any]:
        """The weights that move: not the embeddings, nor the first `frozen` layers.

        None freezes a third of them. Raises `BadArgument` for more layers than there are less one.
        """
        layers: Any = max(
            (m for m in self.module.modules() if isinstance(m, torch.nn.ModuleList)), key=len,
            default=[],
        )  # fmt: skip
        first = len(layers) // 3 if frozen is None else frozen
        if not 0 <= first < max(1, len(layers)):
            raise BadArgument(
                f"frozen is a number of layers from 0 to {max(0, len(layers) - 1)}, not {frozen}"
            )
        for weight in self.module.parameters():
            weight.requires_grad = True
        if len(layers):
            still = [*layers[:first]]
            still += [m for n, m in self.module.named_modules() if n.endswith("embeddings")]
            still += [m for m in self.module.modules() if isinstance(m, torch.nn.Embedding)]
            for module in still:
                for weight in module.parameters():
                    weight.requires_grad = False
        return [weight for weight in self.module.parameters() if weight.requires_grad]

    def finished(self, matryoshka: Sequence[int]) -> Built:
        """The tower with the weights as they are: its identity is their hash."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.module.state_dict().items()):
            digest.update(f"\n{name} {list(tensor.shape)}\n".encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        preprocess = {k: v for k, v in self.built.preprocess.items() if k != "matryoshka"}
        if matryoshka:
            preprocess["matryoshka"] = sorted(matryoshka, reverse=True)
        self.module.eval()
        return replace(
            self.built, weights_sha256=digest.hexdigest(), preprocess=preprocess, notes=()
        )


def open_net(model: str | os.PathLike[str], tell: Callable[[str], None]) -> Net:
    """The text encoder of "hf:org/name" or of a folder with safetensors, as a torch module.

    Raises as `cospace models add`, and `BadArgument` for a model folder of cospace, whose graph
    cannot learn.
    """
    if isinstance(model, str) and model in ("starter", "minilm"):
        raise BadArgument(
            f"{model} is stored as a graph that cannot learn; give the torch model that it was"
            " made from: hf:sentence-transformers/all-MiniLM-L6-v2, or a folder with its files"
        )
    source = parse(model)
    if source.folder is not None and (source.folder / "space.json").is_file():
        kept = source.folder / "torch"
        if not kept.is_dir():
            raise BadArgument(
                f"{model}: its graph cannot learn; give the torch model that it was made from, or"
                " add it again with --engine both"
            )
        source = replace(source, folder=kept)
    fetched = fetch(source, tell)
    check_finite(fetched.folder)
    towers = build(fetched.folder, source, source.name, Choices())
    if [one.kind for one in towers] != ["text"]:
        raise UnsupportedModel(f"{model}: only text encoders are fine-tuned")
    from tokenizers import Tokenizer

    built = towers[0]
    tokenizer = Tokenizer.from_str(built.files["tokenizer.json"].decode())
    tokenizer.normalizer = normalizer_of(tokenizer, built.preprocess.get("clean", ""))
    tokenizer.enable_truncation(int(built.preprocess["max_tokens"]))
    tokenizer.no_padding()
    return Net(built, source, fetched, tokenizer)
