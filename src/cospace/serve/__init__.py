"""The HTTP API: what `cospace serve` runs. See docs/serve.md."""

from cospace.serve.app import build
from cospace.serve.settings import Settings

__all__ = ["Settings", "build"]
