"""Shards: a source encoded into Parquet files by ranges of its rows, and read from them.

A manifest is written first: the ranges, and the hash of what each holds. `write_shards` makes the
files that are missing, in this process or on a Ray cluster; `import_shards` reads them into a
collection, once every range is there once and holds what the manifest says.
"""

from __future__ import annotations

from cospace.collection.shards.manifest import Manifest, Shard
from cospace.collection.shards.restore import Restored, import_shards
from cospace.collection.shards.write import Written, write_shards

__all__ = ["Manifest", "Restored", "Shard", "Written", "import_shards", "write_shards"]
