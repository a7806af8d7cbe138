"""The libraries that know the models, imported in the one way that works.

The registry's torchvision is a CUDA build. Beside a torch for processors its import fails at an
operator that is not there, and then timm, open_clip and transformers fail too. The operator is
declared (nothing here calls it), and the import is tried again. A sound torchvision is left alone.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from cospace.need import need

__all__ = ["library", "torch"]

_MISSING = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_declared: list[Any] = []  # a torch.library.Library withdraws its operators when it is collected


def torch() -> Any:
    """The module torch. Raises `MissingExtra` with the pip line."""
    return need("torch", extra="torch")


def library(name: str) -> Any:
    """transformers, sentence_transformers, timm or open_clip, with torchvision usable or absent.

    Raises `MissingExtra` with the pip line.
    """
    torch()
    # Models are adopted from files that are here: nothing may be asked of a hub meanwhile.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    _mend_torchvision()
    module = need(name, extra="torch")
    if name in ("sentence_transformers", "transformers"):
        logging = need("transformers", extra="torch").utils.logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
    return module


def _mend_torchvision() -> None:
    try:
        import_module("torchvision")
    except ModuleNotFoundError:
        return  # text models and transformers' own images need none
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for module in [m for m in sys.modules if m.partition(".")[0] == "torchvision"]:
            del sys.modules[module]
        operators = torch().library.Library("torchvision", "DEF")
        for operator, schema in _MISSING.items():
            operators.define(operator + schema)
        _declared.append(operators)
        import_module("torchvision")
