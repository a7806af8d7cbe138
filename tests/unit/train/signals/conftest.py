"""Models that the tests of this folder share: pictures at their names, tones at the pictures."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import cospace as cs
from cospace.train import bind

from .tones import WORDS, anchor, colour, pairs


@pytest.fixture(scope="session")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model in which pictures of four colours lie at their names."""
    place = tmp_path_factory.mktemp("named")
    seen = [(colour(n % 4), WORDS[n % 4]) for n in range(60)]
    noisy = [(cs.Image(one.value), word) for one, word in seen]
    bind(_spread(noisy), place / "named", anchor=anchor(place), kind="image", epochs=40, rate=0.01)
    return place / "named"


def _spread(seen: list[tuple[cs.Part, str]]) -> list[tuple[cs.Part, str]]:
    """The same pictures with some noise, so that they are no near duplicates."""
    random = np.random.default_rng(0)
    made = []
    for part, word in seen:
        pixels = np.asarray(Pillow.open(io.BytesIO(part.value))).astype(int)
        file = io.BytesIO()
        changed = np.clip(
            pixels + np.kron(random.integers(-60, 61, (4, 4, 3)), np.ones((4, 4, 1), int)), 0, 255
        )
        Pillow.fromarray(changed.astype(np.uint8)).save(file, "PNG")
        made.append((cs.Image(file.getvalue()), word))
    return made


@pytest.fixture(scope="session")
def hears(named: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hears") / "hears"
    made = bind(
        pairs(), place, anchor=named, kind="audio", to="image", epochs=45, hidden=32, rate=4e-3
    )
    assert made.better
    assert made.failed == []
    return place
