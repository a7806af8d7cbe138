"""Values into fields of stored items, beside others who write."""

import threading

import cospace as cs
from cospace.tasks.filling import is_empty, put
from cospace.testing import tiny_model


def test_what_is_written_meanwhile_is_not_written_over():
    shop = cs.open(":memory:", model=tiny_model())
    shop.add(ids=["a"], documents=["a chair"])
    mine = threading.Thread(
        target=lambda: shop.update(ids=["a"], metadatas=[{"colour": "mine"}], progress=False)
    )

    def wanted(row):
        mine.start()
        mine.join(timeout=0.5)  # it has time to write, if it may
        return is_empty(row, "colour")

    assert 1 == put(shop, {"a": {"colour": "filled"}}, wanted=wanted).written
    mine.join()
    assert "mine" == shop["a"].metadata["colour"], "the last to write has the last word"
