"""torch modules of each family of models: what is adopted, and what runs on a GPU.

torch and the libraries that know the models are imported here and in `adopt`, and nowhere else.
Importing this package raises `MissingExtra` with the pip line where torch is not installed.
"""

from __future__ import annotations

from cospace.encode.modules.built import Built, Input
from cospace.need import need

__all__ = ["Built", "Input"]

need("torch", extra="torch")
