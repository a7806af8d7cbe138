"""Kernels: the loops of training, compiled by numba. The only modules that import it.

They are imported when a training starts, so that `import cospace.train` stays light. What is
compiled is kept on disk by numba, for this processor; the next training starts at once.
"""

from __future__ import annotations

from cospace.train.kernels.compiled import compiled

__all__ = ["compiled"]
