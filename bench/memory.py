"""The most memory that encoding takes: 10,000 mixed texts inside a hard limit of 1 GiB.

    python bench/memory.py [--peers a,b] [--texts 10000] [--limit-mib 1024] [--json]

The texts are the same in every run: of ten, four are sentences of STS Benchmark dev, four passages
of the msmarco sample, and two long texts, of 8 to 64 passages (up to some 20,000 characters). The
process of each peer, in its own environment (see encode.py), is given all of them in one call.

The hard limit is RLIMIT_DATA: the memory that a process takes for itself, by heap and by mappings,
touched or not. What it maps of files on disk (libraries, weights) can be dropped by the system at
any time, and is not under that limit. A peer that the limit stops is run again without it.

The peak is VmHWM: the pages of the process that were resident at once, each counted once, those of
files with them. It is shown before the texts (the model loaded, one text encoded) and after.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import quality
from peers.install import PEERS, Absent, environment
from peers.process import Worker

MIB = 1 << 20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--peers", default="torch-fp32,fastembed", help="which, with commas")
    options.add_argument("--texts", type=int, default=10_000)
    options.add_argument("--limit-mib", type=int, default=1_024, help="0 for none")
    options.add_argument("--json", action="store_true", help="print one JSON object instead")
    given = options.parse_args()
    names = list(dict.fromkeys(["cospace", *filter(None, given.peers.split(","))]))
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        sys.exit(f"no peer is called {unknown[0]!r}; there are: {', '.join(PEERS)}")
    if not quality.DATA.is_dir():
        sys.exit(f"{quality.DATA}: not there; this benchmark reads it")
    texts = mixed(given.texts)
    rows = {name: measured(name, texts, given.limit_mib * MIB) for name in names}
    result = {
        "command": f"python {' '.join(sys.argv)}",
        "texts": len(texts),
        "characters": sum(map(len, texts)),
        "longest": max(map(len, texts)),
        "limit MiB": given.limit_mib,
        "peers": rows,
    }
    print(json.dumps(result, indent=1) if given.json else table(result))


def mixed(count: int) -> list[str]:
    """`count` texts: short, medium and long ones by turns, the same in every run."""
    pairs = quality.sentences()
    short = pairs.first + pairs.second
    medium = list(quality.retrieval(50).passages.values())
    found = []
    for i in range(count):
        if i % 10 < 4:
            found.append(short[i * 7 % len(short)])
        elif i % 10 < 8:
            found.append(medium[i * 11 % len(medium)])
        else:
            first, passages = i * 13 % len(medium), 8 << (i // 10 % 4)
            found.append(" ".join((medium[first:] + medium)[:passages]))
    return found


def measured(name: str, texts: list[str], limit: int) -> dict[str, Any]:
    """One line of the table: with the limit, and where that stops it, without."""
    try:
        python, folder = environment(name)
    except Absent as error:
        return {"absent": str(error)}
    row: dict[str, Any] = {}
    for most in (limit, 0) if limit else (0,):
        print(f"{name}: {f'inside {most / MIB:.0f} MiB' if most else 'no limit'}", file=sys.stderr)
        try:
            row.update(run(Worker(python, name, folder, most), texts))
        except Absent as error:
            row["stopped" if most else "absent"] = str(error)
            continue
        row["inside"] = bool(most)
        break
    return row


def run(worker: Worker, texts: list[str]) -> dict[str, Any]:
    """The peaks before and after the texts, and the time of the processor."""
    try:
        before = worker.ask({})
        turn = worker.ask({"texts": texts, "role": "document"})
        after = worker.ask({})
    finally:
        worker.close()
    return {
        "loaded MiB": before["bytes"] / MIB,
        "peak MiB": after["bytes"] / MIB,
        "cpu s": turn["busy"],
        "versions": after["versions"],
    }


def table(result: dict[str, Any]) -> str:
    """The result as a table, with the command that made it and the versions at work."""
    limit = f"{result['limit MiB']:,} MiB"
    lines = [
        f"$ {result['command']}",
        f"{result['texts']:,} texts of {result['characters']:,} characters; RLIMIT_DATA {limit}",
        f"the longest has {result['longest']:,} characters",
        "",
        f"{'':14}{'loaded MiB':>12}{'peak MiB':>10}{'cpu s':>8}   inside {limit}",
    ]
    for name, row in result["peers"].items():
        if "peak MiB" not in row:
            lines.append(f"{name:14}  {row['absent']}")
            continue
        inside = "yes" if row["inside"] else f"no: {row.get('stopped', 'not asked')}"
        cells = f"{row['loaded MiB']:12.0f}{row['peak MiB']:10.0f}{row['cpu s']:8.0f}"
        lines.append(f"{name:14}{cells}   {inside[:60]}")
    for name, row in result["peers"].items():
        if "versions" in row:
            lines.append(f"{name}: {', '.join(f'{k} {v}' for k, v in row['versions'].items())}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
