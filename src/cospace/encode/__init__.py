"""Items to vectors: one narrow `Encoder` protocol, and the models that stand behind it."""

from __future__ import annotations

from cospace.encode.listing import ModelInfo, models
from cospace.encode.model import Model
from cospace.encode.names import load
from cospace.encode.protocol import Encoder

__all__ = ["Encoder", "Model", "ModelInfo", "load", "models"]
