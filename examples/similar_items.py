"""Items as words: "people who looked at this looked at" from sessions of a marketplace.

    python examples/similar_items.py

A session is a sentence, an item in it a word: items that are looked at together get vectors that
lie together, without a text or an image. The window is the whole session, for the order of looks
says little: Barkan and Koenigstein, Item2vec: Neural Item Embedding for Collaborative Filtering
(2016). The sessions here are made up, with groups that must be found again. Training needs
the extra [train]; in your clone of cospace: pip install '.[train]'.
"""

import numpy as np

import cospace as cs

GROUPS = (
    "armchair", "bicycle", "camera", "coat", "desk", "drill",
    "guitar", "lamp", "phone", "pram", "sofa", "tent",
)  # fmt: skip
ITEMS = 25  # in a group


def sessions(count: int = 8_000, *, noise: float = 0.4, seed: int = 0) -> list[list[str]]:
    """Sessions of 3 to 10 items: of one group, but for a share of `noise` from anywhere.

    How often an item is looked at falls with its number, as Zipf's law has it; so it does for
    groups.
    """
    random = np.random.default_rng(seed)
    group = popularity(len(GROUPS))
    item = popularity(ITEMS)
    made = []
    for start in random.choice(len(GROUPS), count, p=group):
        length = random.integers(3, 11)
        groups = np.where(
            random.random(length) < noise, random.choice(len(GROUPS), length, p=group), start
        )
        items = random.choice(ITEMS, length, p=item)
        made.append([f"{GROUPS[g]}-{i:02}" for g, i in zip(groups, items, strict=True)])
    return made


def popularity(number: int) -> np.ndarray:
    """Shares of `number` things, by Zipf's law."""
    share = 1 / np.arange(1, number + 1)
    return share / share.sum()


def group_of(item: str) -> str:
    return item.partition("-")[0]


def same_group(suggested: dict[str, list[str]]) -> float:
    """The share of suggestions that are of their item's group."""
    hits = [group_of(item) == group_of(s) for item, found in suggested.items() for s in found]
    return sum(hits) / len(hits)


def main() -> list[str]:
    looked_at = sessions()
    model = cs.train.word2vec(looked_at, dim=32, window=10, negative=10, epochs=20, min_count=5)
    learnt = {item: [n.word for n in model.nearest(item, k=5)] for item in model.words}

    # What most shops start with: everybody is shown the same five.
    popular = {item: [p for p in model.words[:6] if p != item][:5] for item in model.words}
    print(f"of the same group: item vectors {same_group(learnt):.2f}, the most looked at"
          f" {same_group(popular):.2f}, of {len(learnt)} items")  # fmt: skip

    item = "armchair-07"
    print(f"People who looked at {item} looked at: {', '.join(learnt[item])}")
    return [group_of(other) for other in learnt[item]]


if __name__ == "__main__":
    main()
