"""The first numbers of unit rows are brought to length one, and the rows stay as they are."""

import numpy as np
import pytest

from cospace.encode.model import first_numbers


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_given_rows_are_not_touched(count: int) -> None:
    rows = np.random.default_rng(0).standard_normal((count, 8)).astype(np.float32)
    before = rows.copy()
    rows.flags.writeable = False
    small = first_numbers(rows, 3)
    np.testing.assert_array_equal(before, rows)
    np.testing.assert_allclose(np.linalg.norm(small, axis=1), 1, rtol=1e-6)
