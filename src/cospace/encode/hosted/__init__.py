"""Models behind a service, one file each: OpenAI, Amazon Bedrock, Google Gemini.

The only modules of cospace that reach for a network, through the services' own SDKs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cospace.lazy import lazy

if TYPE_CHECKING:
    from cospace.encode.hosted.base import Hosted
    from cospace.encode.hosted.bill import Bill, Estimate

__all__ = ["SERVICES", "Bill", "Estimate", "Hosted", "hosted", "service"]

# The scheme of a name, and the module and class behind it; imported when it is asked for.
SERVICES = {
    "openai": ("cospace.encode.hosted.openai", "OpenAI"),
    "bedrock": ("cospace.encode.hosted.bedrock", "Bedrock"),
    "gemini": ("cospace.encode.hosted.gemini", "Gemini"),
}

# Loaded on first use: a model on this machine needs none of them.
_HOME = {"Bill": "bill", "Estimate": "bill", "Hosted": "base"}
__getattr__ = lazy(__name__, _HOME)


def hosted(name: str, *, dim: int | None = None) -> Hosted:
    """The model of a name such as "openai:text-embedding-3-small", without a cache.

    Raises `ModelNotFound`, `BadArgument`, `MissingExtra`. Nothing is sent.
    """
    scheme, _, model = name.partition(":")
    return service(scheme)(model, dim=dim)


def service(scheme: str) -> type[Hosted]:
    """The kind of model that stands behind a scheme; the service's library is not imported."""
    module, name = SERVICES[scheme]
    found: type[Hosted] = getattr(import_module(module), name)
    return found
