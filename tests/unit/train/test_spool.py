"""Spool: what goes in comes out, in pieces of memory or through a file."""

from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cospace.limits import override
from cospace.train import spool as module
from cospace.train.spool import Spool

PARTS = st.lists(st.lists(st.integers(-1, 1000), max_size=20), max_size=12)


@given(parts=PARTS, piece=st.integers(1, 9), most=st.sampled_from([40, 100, 1 << 20]))
def test_all_comes_out_in_order(parts: list[list[int]], piece: int, most: int) -> None:
    with patch.object(module, "_PIECE", piece), override(corpus_memory_bytes=most):
        spool = Spool()
        for part in parts:
            spool.append(np.array(part, np.int32))
        whole = [number for part in parts for number in part]
        found = spool.finish()
    assert whole == found.tolist()
    assert isinstance(found, np.memmap) == (4 * len(whole) > most)
