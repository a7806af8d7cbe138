"""Training word vectors beside gensim, word2vec.c, fastText and Stanford's GloVe: speed, accuracy.

    python bench/words.py [--corpus FILE] [--epochs 1] [--seeds 3] [--only skipgram,cbow,...]

All train on one corpus, in lines of 1,000 words, with the same settings: 100 dimensions, window
5, 5 noise words, min_count 5, sample 1e-3 (fastText's own for subwords: rate 0.05, sample 1e-4);
GloVe: window 10, 15 iterations, x_max 10. Peers that are not there are skipped, and said to be:

    COSPACE_BENCH_WORDS_PEERS   a Python with gensim 4.4 and fasttext 0.9
    COSPACE_BENCH_WORD2VEC      the program word2vec, built from the public source as it is shipped
    COSPACE_BENCH_GLOVE         the folder with vocab_count, cooccur, shuffle and glove, likewise

Each training is a process of its own, and the two of a pair take turns. Speed is of training
alone, without reading the corpus: its words (all that are in the file) by the processor's time,
by the clock where there are two threads. GloVe is measured from text to vectors. What is read by
`cospace.evaluate.words` is questions-words (of the 30,000 commonest), WordSim-353 and MEN; the
median over the seeds.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

DATA = Path(__file__).parents[2] / "shared/data"

OURS = """
import json, re, sys, time
from pathlib import Path
import numpy as np
import cospace as cs
from cospace.train import read_corpus
given = json.loads(sys.argv[1])
def resident(field):
    return int(re.search(field + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
train = getattr(cs.train, given["method"])
small = [["a", "b", "c"]] * 20
t = time.perf_counter()
train(small, **{**given["settings"], "epochs": 1, "min_count": 1})
ready = time.perf_counter() - t  # the code was compiled, or taken from disk
base = resident("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak is measured from here
lines = []
t = time.perf_counter()
corpus = read_corpus(given["file"], split="spaces", min_count=5)
read = time.perf_counter() - t
more = {"seed": given["seed"], "workers": given["threads"], **given["settings"]}
wall, cpu = time.perf_counter(), time.process_time()
model = train(corpus, tell=lines.append, **more)
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
peak = resident("VmHWM") - base
np.savez(given["out"], words=np.array(model.words), rows=model.table.rows)
done = {"wall": wall, "cpu": cpu, "read": read, "ready": ready, "lines": lines, "peak": peak}
print(json.dumps(done))
"""

GENSIM = """
import json, sys, time, threading
import numpy as np
from gensim.models import Word2Vec
given = json.loads(sys.argv[1]); s = given["settings"]
# Each worker sees its own part alone as done, so gensim's rate falls by 1/workers in an epoch.
# A lower end makes it fall as far as ours: else it trains with other rates than were asked for.
done = (s["epochs"] - 1 + 1 / given["threads"]) / s["epochs"]
end = s["rate"] - (s["rate"] - 1e-4) / done
model = Word2Vec(min_alpha=end, vector_size=100, window=5, negative=5,
  sg=int(s.get("architecture") != "cbow"), workers=given["threads"], min_count=5,
  sample=1e-3, seed=given["seed"] + 1, alpha=s["rate"])
model.build_vocab(corpus_file=given["file"])
wall, cpu = time.perf_counter(), time.process_time()
model.train(corpus_file=given["file"], total_words=model.corpus_total_words,
  total_examples=model.corpus_count, epochs=s["epochs"])
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
np.savez(given["out"], words=np.array(model.wv.index_to_key), rows=model.wv.vectors)
print(json.dumps({"wall": wall, "cpu": cpu}))
"""

FASTTEXT = """
import json, sys, time, os
import numpy as np, fasttext
given = json.loads(sys.argv[1]); s = given["settings"]
def train(epochs):
    wall, cpu = time.perf_counter(), time.process_time()
    model = fasttext.train_unsupervised(given["file"], "skipgram", dim=100, ws=5, neg=5, minCount=5,
      epoch=epochs, thread=given["threads"], t=1e-4, lr=.05, minn=3, maxn=6, verbose=0)
    return model, time.perf_counter() - wall, time.process_time() - cpu
model, wall, cpu = train(s["epochs"])
words = model.get_words()
rows = np.array([model.get_word_vector(word) for word in words])
np.savez(given["out"], words=np.array(words), rows=rows)
print(json.dumps({"wall": wall, "cpu": cpu}))
"""

WAYS = {  # name: (our function, settings, threads, peer, what is asked)
    "skipgram": ("word2vec", {"rate": 0.025}, 1, "gensim", 6.0),
    "cbow": ("word2vec", {"architecture": "cbow", "rate": 0.025}, 1, "gensim", 2.5),
    "two threads": ("word2vec", {"rate": 0.025}, 2, "gensim", 8.0),
    "word2vec.c": ("word2vec", {"rate": 0.025}, 1, "word2vec", 15.0),
    "subwords": ("subwords", {}, 1, "fasttext", 8.0),
    "glove": ("glove", {"window": 10, "x_max": 10.0}, 1, "stanford", 7.0),
}


def python(path: str, script: str, given: dict) -> dict:
    done = subprocess.run(
        [path, "-c", script, json.dumps(given)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def timed(command: list[str], **more: object) -> tuple[float, float]:
    """(seconds by the clock, seconds of the processor) of another program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(
        command, check=True, stderr=subprocess.DEVNULL, **({"stdout": subprocess.DEVNULL} | more)
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def text_vectors(file: Path, out: str, header: bool) -> None:
    words, rows = [], []
    for line in file.read_text(errors="replace").splitlines()[header:]:
        word, *numbers = line.split()
        if len(numbers) == 100 and word not in ("</s>", "<unk>"):
            words.append(word)
            rows.append(np.array(numbers, np.float32))
    np.savez(out, words=np.array(words), rows=np.stack(rows))


def word2vec_c(given: dict) -> dict:
    vectors = Path(given["out"]).with_suffix(".txt")
    common = ["-size", "100", "-window", "5", "-negative", "5", "-hs", "0", "-sample", "1e-3"]
    common += ["-min-count", "5", "-threads", "1", "-cbow", "0", "-binary", "0"]
    program, file = os.environ["COSPACE_BENCH_WORD2VEC"], given["file"]
    # It reads the corpus once for its words: that time is taken off.
    _, words = timed([program, "-train", file, "-save-vocab", f"{vectors}.v", "-min-count", "5"])
    epochs = str(given["settings"]["epochs"])
    wall, cpu = timed([program, "-train", file, "-output", str(vectors), "-iter", epochs, *common])
    text_vectors(vectors, given["out"], header=True)
    return {"wall": wall - words, "cpu": cpu - words}


def stanford(given: dict) -> dict:
    folder, place = Path(os.environ["COSPACE_BENCH_GLOVE"]), Path(given["out"]).parent
    vocabulary, pairs, shuffled = place / "v.txt", place / "c.bin", place / "s.bin"
    total = np.zeros(2)
    with Path(given["file"]).open() as text, vocabulary.open("w") as out:
        total += timed([folder / "vocab_count", "-min-count", "5"], stdin=text, stdout=out)
    with Path(given["file"]).open() as text, pairs.open("wb") as out:
        total += timed(
            [folder / "cooccur", "-memory", "4", "-vocab-file", vocabulary, "-window-size", "10"],
            stdin=text, stdout=out,
        )  # fmt: skip
    with pairs.open("rb") as source, shuffled.open("wb") as out:
        total += timed([folder / "shuffle", "-memory", "4"], stdin=source, stdout=out)
    total += timed(
        [folder / "glove", "-save-file", place / "g", "-threads", "1", "-input-file", shuffled,
         "-x-max", "10", "-iter", str(given["settings"]["epochs"]), "-vector-size", "100",
         "-binary", "0", "-vocab-file", vocabulary, "-seed", str(given["seed"] + 1)]
    )  # fmt: skip
    text_vectors(place / "g.txt", given["out"], header=False)
    return {"wall": total[0], "cpu": total[1]}


def peers() -> dict:
    found = {}
    other = os.environ.get("COSPACE_BENCH_WORDS_PEERS")
    if other:
        found["gensim"] = lambda given: python(other, GENSIM, given)
        found["fasttext"] = lambda given: python(other, FASTTEXT, given)
    if os.environ.get("COSPACE_BENCH_WORD2VEC"):
        found["word2vec"] = word2vec_c
    if os.environ.get("COSPACE_BENCH_GLOVE"):
        found["stanford"] = stanford
    return found


def accuracy(files: list[str]) -> tuple[float, float, float]:
    """Medians over the seeds: analogies in percent, WordSim-353 and MEN."""
    import cospace as cs
    from cospace.encode.words import WordModel, WordVectors

    figures = []
    sources = [
        DATA / "words" / name for name in ("questions-words.txt", "wordsim353.tsv", "men.csv")
    ]
    for file in files:
        held = np.load(file)
        model = WordModel.of(WordVectors(held["words"].tolist(), held["rows"]), name="bench")
        [one] = cs.evaluate.words(model, sources, resamples=100).results
        total = next(t for t in one.analogies[0].totals if t.name == "all")
        figures.append((100 * total.accuracy.value, *(p.spearman.value for p in one.pairs)))
    return tuple(float(median(column)) for column in zip(*figures, strict=True))


def prepared(corpus: Path, folder: Path) -> tuple[Path, int]:
    """The corpus in lines of 1,000 words, and how many words there are."""
    data = corpus.read_bytes()
    words = (lzma.decompress(data) if corpus.suffix == ".xz" else data).split()
    file = folder / "corpus.txt"
    with file.open("wb") as out:
        for start in range(0, len(words), 1000):
            out.write(b" ".join(words[start : start + 1000]) + b"\n")
    return file, len(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpus", type=Path, default=DATA / "text8-like.txt.xz")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=15, help="of GloVe")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", help="ways with commas: " + ", ".join(WAYS))
    args = parser.parse_args()
    if not args.corpus.is_file():
        raise SystemExit(f"skipped: there is no {args.corpus}")
    print(f"# python {' '.join(sys.argv)}; {os.cpu_count()} cores\n")
    print("| way | ours | peer | ratio (asked) | analogies ours / peer | WS353 | MEN |")
    print("|---|---|---|---|---|---|---|", flush=True)
    there = peers()
    notes = []
    with tempfile.TemporaryDirectory(prefix="cospace-words-") as name:
        file, total = prepared(args.corpus, Path(name))
        for way in args.only.split(",") if args.only else WAYS:
            method, settings, threads, peer, asked = WAYS[way]
            epochs = args.iterations if method == "glove" else args.epochs
            if peer not in there:
                print(f"| {way} | skipped: {peer} is not there | | | | | |", flush=True)
                continue
            runs: dict[str, list[dict]] = {"ours": [], peer: []}
            for seed in range(args.seeds):
                for who, done in runs.items():  # they take turns
                    out = f"{name}/{way.replace(' ', '-')}-{who}-{seed}.npz"
                    given = {"file": str(file), "out": out, "seed": seed, "threads": threads}
                    given |= {"method": method, "settings": {**settings, "epochs": epochs}}
                    one = (
                        python(sys.executable, OURS, given) if who == "ours" else there[peer](given)
                    )
                    done.append({**one, "out": out})
                    print(
                        f"{way}, seed {seed}, {who}: {one['cpu']:.1f} s of the processor",
                        file=sys.stderr,
                    )
            clock = "wall" if threads > 1 else "cpu"
            read = (lambda r: r["read"]) if method == "glove" else (lambda _: 0.0)
            seconds = [median(r[clock] for r in rows) for rows in runs.values()]
            seconds[0] += median(read(r) for r in runs["ours"])
            speeds = [total * epochs / s / 1e3 for s in seconds]
            mine, theirs = (accuracy([r["out"] for r in rows]) for rows in runs.values())
            print(
                f"| {way} | {speeds[0]:,.0f}k words/s | {peer} {speeds[1]:,.0f}k"
                f" | **{speeds[0] / speeds[1]:.1f}** ({asked:g}) | {mine[0]:.1f} / {theirs[0]:.1f}"
                f" | {mine[1]:.3f} / {theirs[1]:.3f} | {mine[2]:.3f} / {theirs[2]:.3f} |",
                flush=True,
            )
            last = runs["ours"][-1]
            memory = next(line for line in last["lines"] if "MB of memory" in line)
            first = runs["ours"][0]["ready"]
            notes.append(
                f"{way}: reading {last['read']:.2f} s; compiled or from disk {first:.2f} s, then"
                f" {last['ready']:.2f} s; {memory}, {last['peak'] / 1e6:,.0f} MB were taken"
            )
    print("\n" + "\n".join(notes))


if __name__ == "__main__":
    main()
