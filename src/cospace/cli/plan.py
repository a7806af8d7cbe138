"""`cospace plan`: memory, disk, machines, times and cost for a number of items, store by store."""

from __future__ import annotations

import argparse
import math
import re
from typing import TYPE_CHECKING

from cospace.cli.output import document, show, size, tell
from cospace.cli.parsing import Parser, command, names_of
from cospace.cli.table import Column, room, table
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.plan.local import Local
    from cospace.plan.machine import Machine
    from cospace.plan.planning import Needs, Plan
    from cospace.plan.trial import Shape, Trial

__all__ = ["parser", "run"]

_ABOUT = """\
What a number of items takes: memory, disk, machines, time to build, searches a second, cost.

Figures of the local store are measured now, on this machine, with made-up items; those of other
stores follow from their makers' formulas. Each says where it is from. No price is known here:
--machine-price says what a machine costs an hour."""

# Below the first the local store has no graph; the second tells how it grows.
_SAMPLES = (25_000, 50_000)


def parser() -> Parser:
    """The arguments of `cospace plan`."""
    one = command(
        "plan",
        _ABOUT,
        "cospace plan --items 1e6 --model minilm",
        "cospace plan --items 1e9 --dim 384 --store postgresql,qdrant --machine-memory 512GB",
    )
    one.add_argument("--items", required=True, metavar="N", type=_number, help="1e9, 50_000")
    one.add_argument("--model", metavar="M", help="the model, which says how long its vectors are")
    one.add_argument("--dim", type=int, metavar="N", help="in place of it: numbers of a vector")
    one.add_argument("--growth", metavar="RATE", type=_growth, help="5%%/month or 60%%/year")
    one.add_argument(
        "--metadata-bytes", type=int, default=100, metavar="N", help="an item, as JSON"
    )
    one.add_argument("--text-bytes", type=int, default=300, metavar="N", help="an item's text")
    one.add_argument("--queries-per-second", type=float, default=0.0, metavar="Q")
    one.add_argument("--store", metavar="NAMES", action="append", help="with commas; else all")
    one.add_argument("--quantization", metavar="NAMES", action="append", help="of the local store")
    one.add_argument("--sample", metavar="N,M", type=_samples, default=_SAMPLES,
                     help="items of the two trials: 25000,50000")  # fmt: skip
    one.add_argument("--machine-memory", metavar="SIZE", type=_bytes, help="64GB; else this one's")
    one.add_argument("--machine-cores", type=int, metavar="N", help="else this one's")
    one.add_argument("--machine-price", type=float, metavar="X", help="an hour of a machine")
    one.add_argument("--gb-hour-price", type=float, metavar="X", help="a GB of memory for an hour")
    one.add_argument("--gb-month-price", type=float, metavar="X", help="a GB of disk for a month")
    return one


def run(args: argparse.Namespace) -> int:
    """0, after the plan."""
    from cospace.plan.machine import Prices
    from cospace.plan.planning import STORES, plan
    from cospace.plan.trial import Shape

    stores = names_of(args.store) or list(STORES)
    shape = Shape(_dim(args), args.metadata_bytes, args.text_bytes)
    machine = _machine(args)
    prices = Prices(args.machine_price, args.gb_hour_price, args.gb_month_price)
    needed = any(name in ("local", "milvus", "qdrant", "weaviate", "pinecone") for name in stores)
    local = _tried(args, shape) if needed else None
    found = plan(
        args.items, shape, local=local, machine=machine, stores=stores, prices=prices,
        rate=args.queries_per_second,
    )  # fmt: skip
    grows = [] if args.growth is None else _grown(found, args.growth)
    if args.json:
        document({**found.to_json(), "growth": grows})
        return 0
    show(_lines(found, grows, priced=any(one.cost is not None for one in found.needs)))
    return 0


def _dim(args: argparse.Namespace) -> int:
    if (args.model is None) == (args.dim is None):
        raise BadArgument("say --model NAME, or --dim N in place of it")
    if args.dim is not None:
        if args.dim < 1:
            raise BadArgument(f"--dim is 1 or more, not {args.dim}")
        return int(args.dim)
    from cospace.encode import load

    return load(args.model).space.dim


def _machine(args: argparse.Namespace) -> Machine:
    from cospace.cores import cores
    from cospace.plan.machine import Machine, here

    if args.machine_memory is None:
        own = here()
        return own if args.machine_cores is None else Machine(own.memory, args.machine_cores)
    return Machine(args.machine_memory, args.machine_cores or cores())


def _tried(args: argparse.Namespace, shape: Shape) -> Local:
    """The trials: each form of the local store at the smaller size, the first at the larger too."""
    from cospace.plan.local import Local
    from cospace.plan.trial import measure, scan_rate
    from cospace.store.edge import EXACT_BELOW, QUANTIZATIONS

    forms = names_of(args.quantization) or ["int8", "none", "binary"]
    if unknown := [name for name in forms if name not in QUANTIZATIONS]:
        raise BadArgument(f"--quantization is one of {', '.join(QUANTIZATIONS)}, not {unknown[0]}")
    small, large = args.sample
    if small <= EXACT_BELOW:
        raise BadArgument(f"--sample is of more than {EXACT_BELOW:,} items: fewer have no graph")
    tell(f"Measuring here: {small:,} and {large:,} made-up items; about a minute on idle cores.")
    trials = [*measure(small, shape, forms), *measure(large, shape, forms[:1])]
    return Local(trials, scan=scan_rate())


def _grown(found: Plan, growth: tuple[float, str]) -> list[dict[str, object]]:
    """When one machine is full, for each store of which that is known."""
    rate, unit = growth
    when: list[dict[str, object]] = []
    for one in found.needs:
        if one.ends is None:
            continue
        steps = math.log(max(1, one.ends) / one.items) / math.log1p(rate)
        when.append({"store": one.store, "form": one.form, f"{unit}s": max(0, math.floor(steps))})
    return when


def _lines(found: Plan, grows: list[dict[str, object]], *, priced: bool) -> list[str]:
    machine, shape = found.machine, found.shape
    about = f"{shape.dim} numbers, {shape.metadata_bytes} bytes of metadata, {shape.text_bytes} of"
    machines = f"machines of {size(machine.memory)}, {machine.cores} cores"
    lines = [f"{found.items:,} items: {about} text each; {machines}", ""]
    columns = [Column("store"), Column("form", most=14)]
    heads = ["memory", "of it at least", "disk", "machines", "index", "searches/s", "recall@10"]
    columns += [Column(name, right=True) for name in [*heads, *(["a month"] if priced else [])]]
    lines += table(columns, [_row(one, priced) for one in found.needs], max(room(), 110))
    lines += ["", *found.advice]
    for one in grows:
        ((unit, number),) = [(k, v) for k, v in one.items() if k not in ("store", "form")]
        lines.append(f"it grows out of one machine, {one['store']} {one['form']}: {number} {unit}")
    lines += ["", *_origins(found)]
    if not priced:
        lines.append("cost: left out; say --machine-price X, or --gb-hour-price X")
    return lines


def _row(one: Needs, priced: bool) -> list[str]:
    def told(value: float | None, form: str) -> str:
        return "?" if value is None else format(value, form)

    hours = one.build_hours
    index = "?" if hours is None else f"{hours:,.1f} h" if hours >= 1 else f"{60 * hours:.1f} min"
    sizes = (one.memory, one.least, one.disk)
    cells = [one.store, one.form, *("?" if n is None else size(n) for n in sizes)]
    cells += [
        told(one.machines, ",d") if one.fits or one.machines is None else "over one",
        index,
        told(one.searches, ",.0f" if (one.searches or 0) >= 10 else ",.2f"),
        told(one.recall, ".3f"),
    ]
    return cells + ([told(one.cost, ",.0f")] if priced else [])


def _origins(found: Plan) -> list[str]:
    """Where each figure is from: what was measured, and the pages."""
    lines = [_measured(trial) for trial in found.measured]
    pages = dict.fromkeys((one.store, one.source) for one in found.needs)
    lines += [f"{store}: {page}" for store, page in pages if page.startswith("http")]
    for one in found.needs:
        lines += [f"note: {one.store}, {one.form}: {note}" for note in one.notes]
    lines.append("?: nobody has measured it here, and no page tells it; `cospace recall` measures")
    return lines


def _measured(one: Trial) -> str:
    memory = ""
    if one.private is not None and one.mapped is not None:
        memory = f", memory {size(one.private)} of its own and {size(one.mapped)} of files"
    return (
        f"measured here: {one.items:,} items, {one.quantization}: index {one.built[0]:.1f} s of the"
        f" processor ({one.built[1]:.1f} s by the clock), search {1e3 * one.search[0]:.2f} ms,"
        f" recall@10 {one.recall:.3f}{memory}"
    )


def _number(text: str) -> int:
    try:
        number = float(text.replace("_", "").replace(",", ""))
    except ValueError:
        number = math.nan
    if not 1 <= number <= 1e15:
        raise argparse.ArgumentTypeError(f"expected a number of items such as 1e9; got {text!r}")
    return round(number)


def _growth(text: str) -> tuple[float, str]:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)%/(month|year)", text)
    if found is None or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f"expected 5%/month or 60%/year; got {text!r}")
    return float(found[1]) / 100, found[2]


def _bytes(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(MB|GB|TB)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected a size such as 64GB; got {text!r}")
    return float(found[1]) * {"MB": 1e6, "GB": 1e9, "TB": 1e12}[found[2]]


def _samples(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+),(\d+)", text)
    if found is None or int(found[1]) >= int(found[2]):
        raise argparse.ArgumentTypeError(f"expected two sizes such as 25000,50000; got {text!r}")
    return int(found[1]), int(found[2])
