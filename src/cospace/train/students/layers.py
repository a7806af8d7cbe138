"""The transformer student while it learns: two of the teacher's layers, in torch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.arguments import check_path
from cospace.encode.modules.built import Built
from cospace.encode.modules.libraries import torch
from cospace.encode.record import write_record
from cospace.errors import BadArgument, MissingExtra, UnsupportedModel
from cospace.need import install
from cospace.train.students.eight import eight_bits

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from cospace.encode.model import Model
    from cospace.space import Space

__all__ = ["LayerLearner", "layer_learner", "torch_folder"]

# Of the loss: what the cosine and the softmax count for, and the softmax's scale.
_COSINE, _CONTRAST, _SCALE = 5.0, 0.5, 20.0

_RATE, _WARM = 5e-4, 0.02
_MOST_TOKENS = 200  # of a text that are learnt from
_SORTED = 16  # batches that are sorted by length together: less padding, and still well mixed


class LayerLearner:
    """Learns to give the teacher's rows with its first and last layer alone.

    The table of tokens stays the teacher's. The loss is 5 (1 - cosine), and half of a softmax loss
    in which the other texts of the batch are negatives.
    """

    batch = 64

    def __init__(self, built: Built, tokens: list[list[int]], folder: Path) -> None:
        self.built, self._tokens, self._folder = built, tokens, folder
        self._lengths = np.array([len(one) for one in tokens])
        self._module, self._learnt = built.module, np.arange(len(tokens))
        for name, weight in self._module.named_parameters():
            weight.requires_grad_("word_embeddings" not in name)
        moving = [weight for weight in self._module.parameters() if weight.requires_grad]
        self._moving = moving
        self._optimiser = torch().optim.AdamW(moving, lr=_RATE, weight_decay=0.01)

    def encode(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        """Its unit rows [n, dim] of texts of the lesson."""
        order = np.argsort(self._lengths[positions], kind="stable")
        rows = np.empty((len(positions), self.built.dim), np.float32)
        with torch().no_grad():
            for start in range(0, len(order), self.batch):
                some = order[start : start + self.batch]
                rows[some] = self._forward(positions[some]).numpy()
        return rows

    def batches(
        self, positions: NDArray[np.intp], random: np.random.Generator
    ) -> Iterator[NDArray[np.intp]]:
        """The texts of an epoch, drawn anew, those of like length together."""
        self._learnt = positions
        order = random.permutation(positions)
        for start in range(0, len(order), self.batch * _SORTED):
            block = order[start : start + self.batch * _SORTED]
            block = block[np.argsort(self._lengths[block], kind="stable")]
            some = [block[i : i + self.batch] for i in range(0, len(block), self.batch)]
            for number in random.permutation(len(some)):
                yield some[number]

    def step(self, positions: NDArray[np.intp], rows: NDArray[np.float32], share: float) -> float:
        """Learns that texts have the teacher's `rows` [n, dim]; the loss."""
        slow = min(1.0, (share + 1e-3) / _WARM) * (1 + math.cos(math.pi * share)) / 2
        for group in self._optimiser.param_groups:
            group["lr"] = _RATE * slow
        x, y = self._forward(positions), torch().from_numpy(rows)
        logits, own = _SCALE * x @ y.T, torch().arange(len(x))
        entropy = torch().nn.functional.cross_entropy
        contrast = (entropy(logits, own) + entropy(logits.T, own)) / 2
        loss = _COSINE * (1 - (x * y).sum(1).mean()) + _CONTRAST * contrast
        self._optimiser.zero_grad()
        loss.backward()
        torch().nn.utils.clip_grad_norm_(self._moving, 1.0)
        self._optimiser.step()
        return float(loss.detach())

    def state(self) -> dict[str, Any]:
        """A copy of the weights that change."""
        return {
            name: weight.detach().clone()
            for name, weight in self._module.named_parameters()
            if weight.requires_grad
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes weights back."""
        self._module.load_state_dict(state, strict=False)

    def blank(self) -> LayerLearner:
        """Another whose weights are random."""
        from copy import deepcopy

        torch().manual_seed(0)
        module = deepcopy(self._module)
        with torch().no_grad():
            for weight in module.parameters():
                if weight.ndim > 1:
                    weight.normal_(std=0.05)
        return LayerLearner(replace(self.built, module=module), self._tokens, self._folder)

    def write(self, folder: Path, name: str, teacher: Space, training: dict[str, Any]) -> None:
        """Writes the model folder: the engine's graph, proved against the module.

        It computes in 8 bits where the module is of a known form, and comes close to it so.
        """
        from cospace.adopt.fetch import Fetched
        from cospace.adopt.source import Source
        from cospace.adopt.write import How, Origin, write
        from cospace.encode.folder import read_space

        built = replace(
            self.built,
            module=self._module.eval(),
            weights_sha256=_digest(self._module),
            preprocess={**self.built.preprocess, "training": training},
        )
        source = Source("folder", name)
        origin = Origin(name, source, Fetched(self._folder, "", 0))
        graph = eight_bits(built, [self._tokens[i] for i in self._learnt], name)
        try:
            write(folder, [built], origin, how=How(graph=graph), tell=lambda _: None)
        except UnsupportedModel:
            if graph is None:
                raise
            write(folder, [built], origin, how=How(), tell=lambda _: None)
        space = read_space(folder)
        master = next(tower for tower in teacher.towers if tower.kind == "text")
        tower = replace(
            space.towers[0],
            teacher=master.root,
            source=master.source,
            license=space.towers[0].license or master.license,
        )
        write_record(folder, replace(space, towers=(tower,)))

    def _forward(self, positions: NDArray[np.intp]) -> Any:
        some = [self._tokens[i] for i in positions]
        width = max(map(len, some))
        ids = np.full((len(some), width), int(self.built.preprocess.get("pad_id", 0)), np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(some):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        return self._module(*map(torch().from_numpy, (ids, mask)))


def layer_learner(folder: Path, texts: list[str], *, seed: int) -> LayerLearner:
    """A learner that begins with the first and the last layer of the teacher in `folder`."""
    from tokenizers import Tokenizer

    from cospace.encode.modules import texts as reading

    torch().manual_seed(seed)
    [built] = reading.build(folder)
    _keep_two(built.module)
    tokenizer = Tokenizer.from_str(built.files["tokenizer.json"].decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(min(_MOST_TOKENS, int(built.preprocess["max_tokens"])))
    tokens = [one.ids for one in tokenizer.encode_batch_fast(texts)]
    return LayerLearner(built, tokens, folder)


def torch_folder(teacher: Model, given: str | os.PathLike[str] | None) -> Path:
    """The folder with the teacher's torch weights: `given`, its own, or that of its package.

    Raises `BadArgument` where there is none, and where they are not the teacher's.
    """
    from cospace.encode.engines.rebuild import KEPT
    from cospace.encode.modules.weights import fingerprint

    if find_spec("torch") is None:
        raise MissingExtra(
            "a transformer student is trained with torch, which is not installed;"
            f" {install('torch')}"
        )
    tower = teacher.space.towers[0]
    places = [teacher.path / KEPT, *_package(tower.source)]
    if given is not None:
        places = [check_path("weights", given)]
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        where = f"no folder {given}" if given is not None else "they are not here"
        raise BadArgument(
            f"a transformer student begins with the torch weights of {tower.model}: {where}. Give"
            " their folder as weights= (--weights), or add the teacher with --engine both"
        )
    sha = fingerprint(found)
    if sha != tower.weights_sha256:
        raise BadArgument(
            f"{found}: these are not the weights of {tower.model}: sha256 {sha[:16]}..., expected"
            f" {tower.weights_sha256[:16]}..."
        )
    return found


def _package(source: str) -> list[Path]:
    """Where the package that a tower was made from keeps its model, if it is installed."""
    scheme, _, rest = source.partition(":")
    name = rest.partition("==")[0].replace("-", "_")
    spec = find_spec(name) if scheme == "pypi" and name.isidentifier() else None
    return [Path(place) / "model" for place in (spec and spec.submodule_search_locations) or ()]


def _keep_two(module: Any) -> None:
    """Takes all layers but the first and the last out of the transformer."""
    transformer = module.transformer
    layers = getattr(getattr(transformer, "encoder", None), "layer", None)
    if layers is None or len(layers) < 2:
        raise BadArgument(
            f"a {type(transformer).__name__} cannot be cut to two layers here: known are models"
            " whose layers stand in encoder.layer, as BERT's do. Take kind='static'"
        )
    transformer.encoder.layer = torch().nn.ModuleList([layers[0], layers[-1]])
    transformer.config.num_hidden_layers = 2


def _digest(module: Any) -> str:
    """sha256 of all weights by name."""
    import hashlib

    digest = hashlib.sha256()
    for name, weight in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(weight.shape)}\n".encode())
        digest.update(np.ascontiguousarray(weight.numpy()).data.cast("B"))
    return digest.hexdigest()
