"""Search vectors that you have already, from whatever model made them.

    python examples/ready_made_vectors.py

Here they come from a random generator, in clusters. In their place you would have the arrays
of your own model: float32, float64 or float16, one row an item.
"""

import numpy as np

import cospace as cs


def main(n: int = 2_000, dim: int = 64) -> list[str]:
    random = np.random.default_rng(0)
    centres = random.normal(size=(20, dim))
    array = centres[np.arange(n) % 20] + 0.3 * random.normal(size=(n, dim))

    # The name stands for the model that made the vectors. It is all that tells them from
    # vectors of another model with as many numbers, so let it say the version too.
    space = cs.Space.of("my-model-v1", dim)
    vectors = cs.Vectors(array, space)  # raises BadVector for NaN, Inf or a row of zeros

    with cs.open(":memory:") as collection:
        collection.add_vectors(
            [f"item-{i:05}" for i in range(n)],
            vectors,
            metadata=[{"cluster": i % 20, "price": float(i % 300)} for i in range(n)],
        )
        query = cs.Vectors(centres[7:8], space)
        hits = collection.search(query, k=5, where={"price": {"$lt": 100}})
        for hit in hits:
            print(f"{hit.score:6.3f}  {hit.id}  {dict(hit.metadata)}")

        try:
            collection.search(cs.Vectors(centres[7:8], cs.Space.of("another-model", dim)))
        except cs.errors.SpaceMismatch as error:
            print(f"SpaceMismatch: {error}")
        return hits.ids


if __name__ == "__main__":
    main()
