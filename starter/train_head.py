"""The head that binds images to the text space, trained while the text space stays as it is.

A locked anchor (Zhai et al., 2022; Girdhar et al., 2023): the text vectors never move, so every
stored text keeps its vector. The loss is contrastive: of all captions in the batch, an image's
own must be nearest, and of all images the caption's own. Pairs with the same caption are left
out of each other's negatives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from graph import Array
from image_tower import Head
from pairs import Images
from torch.nn import functional


@dataclass(frozen=True)
class Settings:
    """How the head is trained."""

    epochs: int = 25
    batch: int = 512
    rate: float = 1e-3
    decay: float = 0.05
    dropout: float = 0.5
    sharpness: float = 30.0  # where the learned scale of the loss starts
    names: float = 12.0  # the length of ConSE's vector, beside the learned one
    near: float = 0.5  # weight of staying near ConSE on the training images
    imagined: int = 256  # images imagined for each batch, see `Imagination`
    remember: float = 4.0  # weight of giving these their class's name


class Binder(torch.nn.Module):
    """Standardised features and ConSE's vectors in, unit vectors out."""

    def __init__(self, settings: Settings, dim: int) -> None:
        super().__init__()
        self.names = settings.names
        self.drop = torch.nn.Dropout(settings.dropout)
        self.linear = torch.nn.Linear(1280, dim)
        torch.nn.init.zeros_(self.linear.weight)
        torch.nn.init.zeros_(self.linear.bias)

    def forward(self, seen: torch.Tensor, named: torch.Tensor) -> torch.Tensor:
        """Unit vectors `[n, dim]`."""
        return functional.normalize(self.names * named + self.linear(self.drop(seen)))


def train_head(
    images: Images,
    texts: dict[str, Array],
    names: Array,
    *,
    classifier: tuple[Array, Array],
    settings: Settings,
    seed: int,
) -> Head:
    """The head trained on `images`.

    `texts` maps each caption to its unit vector; `names` is `[1000, d]`, a vector for each class;
    `classifier` holds the weight `[1000, 1280]` and the bias `[1000]` of the network's last layer.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # sums in one order: the same head every time
    torch.use_deterministic_algorithms(True)
    mean, std = images.features.mean(0), images.features.std(0) + 1e-3
    binder = Binder(settings, names.shape[1])
    imagination = Imagination(images.features, mean, std, classifier, names)
    fit(binder, imagination, images.chances, Captions(images.captions, texts, seed), settings)
    weight = binder.linear.weight.detach().numpy() / std
    bias = binder.linear.bias.detach().numpy() - weight @ mean
    return Head(weight, bias, names * settings.names)


class Imagination:
    """Real features as the head takes them, and features of images that nobody drew.

    The training images are drawings and clothes, and a head that saw nothing else forgets what
    the network knows of the rest of the world. That knowledge lies in its classifier: features
    moved towards a class along the class's own weights look to the network like that class, and
    the name of the class says where in the text space they belong. No ImageNet image is needed.
    """

    def __init__(
        self,
        features: Array,
        mean: Array,
        std: Array,
        classifier: tuple[Array, Array],
        names: Array,
    ) -> None:
        self.features = torch.from_numpy(features)
        self.mean, self.std = torch.from_numpy(mean), torch.from_numpy(std)
        self.weight, self.bias = (torch.from_numpy(part) for part in classifier)
        self.names = torch.from_numpy(names)
        self.ways = functional.normalize(self.weight - self.weight.mean(0))

    def real(self, rows: Array) -> torch.Tensor:
        """The standardised features of some of the training images."""
        return (self.features[rows] - self.mean) / self.std

    def dream(self, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """`(seen, named, target)` of `count` imagined images, each of a random class."""
        classes = torch.randint(len(self.names), (count,))
        start = self.features[torch.randint(len(self.features), (count,))]
        far = 12 * (0.5 + torch.rand(count, 1))
        features = (0.5 * (start + self.mean) + far * self.ways[classes]).clamp(min=0)
        chances = torch.softmax(features @ self.weight.T + self.bias, 1)
        seen = (features - self.mean) / self.std
        return seen, chances @ self.names, self.names[classes]


class Captions:
    """The captions of each image, one of them drawn at random at each turn."""

    def __init__(
        self, captions: tuple[tuple[str, ...], ...], texts: dict[str, Array], seed: int
    ) -> None:
        number = {text: row for row, text in enumerate(texts)}
        self.rows = [np.array([number[text] for text in group]) for group in captions]
        self.vectors = torch.from_numpy(np.stack(list(texts.values())))
        self.random = np.random.default_rng(seed)

    def draw(self, images: Array) -> tuple[torch.Tensor, torch.Tensor]:
        """`(numbers, vectors)` of one caption for each of the images."""
        numbers = torch.tensor([int(self.random.choice(self.rows[row])) for row in images])
        return numbers, self.vectors[numbers]


def fit(
    binder: Binder,
    imagination: Imagination,
    chances: Array,
    captions: Captions,
    settings: Settings,
) -> None:
    """Trains `binder` in place: AdamW, the rate falling along a cosine."""
    log_scale = torch.nn.Parameter(torch.tensor(float(np.log(settings.sharpness))))
    groups = [
        {"params": binder.parameters(), "weight_decay": settings.decay},
        {"params": [log_scale], "lr": 10 * settings.rate, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=settings.rate)
    steps = settings.epochs * (len(chances) // settings.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    named = torch.from_numpy(chances) @ imagination.names
    binder.train()
    for _ in range(settings.epochs):
        order = captions.random.permutation(len(chances))
        for start in range(0, len(order) - settings.batch + 1, settings.batch):
            rows = order[start : start + settings.batch]
            numbers, texts = captions.draw(rows)
            made = binder(imagination.real(rows), named[rows])
            loss = contrastive(made, texts, numbers, log_scale.exp().clamp(max=100))
            loss = loss + settings.near * distance(made, named[rows])
            seen, guessed, target = imagination.dream(settings.imagined)
            loss = loss + settings.remember * distance(binder(seen, guessed), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    binder.eval()


def distance(made: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """One minus the cosine, averaged over the rows."""
    return (1 - functional.cosine_similarity(made, target)).mean()


def contrastive(
    made: torch.Tensor, texts: torch.Tensor, numbers: torch.Tensor, scale: torch.Tensor
) -> torch.Tensor:
    """The symmetric softmax loss of pairs `[n, d]`; the same caption twice is no negative."""
    scores = scale * made @ texts.T
    twins = (numbers[:, None] == numbers[None, :]) & ~torch.eye(len(numbers), dtype=torch.bool)
    scores = scores.masked_fill(twins, float("-inf"))
    own = torch.arange(len(numbers))
    return (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)) / 2
