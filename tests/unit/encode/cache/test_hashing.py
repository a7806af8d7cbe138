"""The content hash: changes with the content, and with nothing else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cospace.encode.cache.hashing import content_hash
from cospace.item import Image, Parts

IMAGE = Image("a.jpg")


def test_the_order_of_parts_and_the_name_of_a_file_do_not_matter() -> None:
    one = content_hash(Parts(text="a", image=IMAGE), {"image": b"pixels"})
    other = content_hash(Parts(image=Image("b.jpg"), text="a"), {"image": b"pixels"})
    assert one == other
    assert 32 == len(one)


def test_pixels_and_shapes_matter() -> None:
    flat, tall = np.zeros((2, 4, 3), np.uint8), np.zeros((4, 2, 3), np.uint8)
    assert content_hash(Parts(image=Image(flat)), {}) != content_hash(Parts(image=Image(tall)), {})
    assert content_hash(Parts(image=IMAGE), {"image": b"a"}) != content_hash(
        Parts(image=IMAGE), {"image": b"b"}
    )


@given(st.text(), st.text())
def test_two_texts_share_a_hash_only_when_they_are_one(a: str, b: str) -> None:
    assert (a == b) == (content_hash(Parts(text=a), {}) == content_hash(Parts(text=b), {}))


def test_a_text_does_not_pass_for_another_kind() -> None:
    assert content_hash(Parts(text="x"), {}) != content_hash(Parts(audio="x"), {})
    assert content_hash(Parts(text="\ud800"), {})
