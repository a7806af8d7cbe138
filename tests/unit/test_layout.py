"""The rules of the design that the code itself can break: sizes, names, doors, imports."""

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/cospace"
MODULES = sorted(SOURCE.rglob("*.py"))
TREES = {path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text()) for path in MODULES}

# One module writes files. Everything else that opens one for writing is named here, with why.
WRITERS = {
    "files.py": "the door itself",
    "store/lock.py": "the lock must be a descriptor that stays open; it holds no data",
    "cli/main.py": "os.devnull in place of a closed pipe",
    "map/kept.py": "an archive in memory; the file goes through files.py",
    "evaluate/alone.py": "the pipe to the process that started this one",
    "plan/trial.py": "as above",
}
# Modules in which another library writes its own files.
OWN_FILES = {
    "apsw": {
        "store/truth.py",
        "store/judged.py",
        "store/sqlite.py",
        "store/verify.py",
        "store/about.py",
        "store/rebind.py",
        "store/beside.py",
        "cli/doctor.py",
        "encode/cache/disk.py",
    },
    "qdrant_edge": {"store/edge.py", "store/edge_filter.py"},
    "openvino": {"encode/engines/openvino.py", "adopt/convert.py"},
}
NETWORK = {
    "aiohttp", "asyncio", "boto3", "botocore", "ftplib", "google", "grpc", "http", "httpx",
    "httpx2", "milvus", "openai", "pinecone", "psycopg", "pymilvus", "qdrant_client", "requests",
    "smtplib", "socketserver", "ssl", "urllib", "urllib3", "weaviate", "xmlrpc",
}  # fmt: skip
# The folders that may reach for a network: each file asks one service, through its SDK.
ONLINE = "encode/hosted/"
# What is opened by an address of its own: the files of each store, and its SDK.
STORES = {
    "httpx": "store/remote/",  # beneath their SDKs: its time limits, its failures
    "grpc": "store/remote/",  # the same
    "milvus": "store/remote/milvus",
    "pinecone": "store/remote/pinecone",
    "psycopg": "store/postgres/",
    "pymilvus": "store/remote/milvus",
    "qdrant_client": "store/remote/qdrant",
    "weaviate": "store/remote/weaviate",
}
# The one folder that listens.
LISTENS = "serve/"
RUNS_CODE = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve", "subprocess", "torch"}
# A model is measured in a process of its own: this interpreter, with a program that is fixed. And
# pip, of this interpreter, brings one package that is pinned by its hash.
STARTS_PROCESSES = {
    "adopt/package.py",
    "evaluate/alone.py",
    "plan/trial.py",  # a trial's memory is that of a process of its own
    "serve/decoder.py",  # what strangers send is decoded apart
    "serve/mapping.py",  # a map is made beside the searches
    "store/apart.py",  # a graph too: the engine holds Python's lock while it builds one
}
# The folders that may import torch; what they read is safetensors.
TORCH = ("adopt/", "encode/modules/", "train/contrastive/", "train/signals/")
WRITE_METHODS = {
    "chmod", "hardlink_to", "mkdir", "rename", "rmdir", "rmtree", "symlink_to", "touch", "unlink",
    "write_bytes", "write_text",
}  # fmt: skip
WRITE_FLAGS = {"O_APPEND", "O_CREAT", "O_RDWR", "O_TRUNC", "O_WRONLY"}
SAVERS = {("np", "save"), ("np", "savez"), ("shutil", "copy"), ("shutil", "copyfile")}


@cache
def calls(tree: ast.AST) -> list[tuple[ast.Call, str, str]]:
    """Every call: (node, what it is called on, name)."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                found.append((node, ast.unparse(node.func.value), node.func.attr))
            elif isinstance(node.func, ast.Name):
                found.append((node, "", node.func.id))
    return found


@cache
def imports(tree: ast.AST) -> set[str]:
    """The top names of all modules that are imported, also inside functions."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    for node, _, name in calls(tree):
        if name == "need" and node.args and isinstance(node.args[0], ast.Constant):
            found.add(str(node.args[0].value).partition(".")[0])
    return found


def writes(tree: ast.AST, own: set[str]) -> list[str]:
    """Calls that open a file for writing, or change a folder. `own` are the module's functions."""
    found = []
    for node, on, name in calls(tree):
        words = [a.value for a in node.args if isinstance(a, ast.Constant)]
        words += [k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)]
        modes = [w for w in words if isinstance(w, str) and re.fullmatch(r"[rwax][bt+]{0,2}", w)]
        flags = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)} & WRITE_FLAGS
        by_door = not on and name not in own  # write_bytes(path, ...) of files.py, imported
        if (
            (name in ("open", "fdopen") and any(set(m) & set("wax+") for m in modes))
            or (on == "os" and name == "open" and flags)
            or (name in WRITE_METHODS and not by_door)
            or (on, name) in SAVERS
        ):
            found.append(f"line {node.lineno}: {ast.unparse(node)[:80]}")
    return found


def may_use_torch(name: str) -> bool:
    return name.startswith(TORCH)


def allowed(name: str) -> set[str]:
    """What a module may import of the libraries that can run code."""
    torch = {"torch"} if may_use_torch(name) else set()
    return torch | ({"subprocess"} if name in STARTS_PROCESSES else set())


def functions(tree: ast.AST) -> set[str]:
    return {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}


# --- sizes and names ---


def test_a_module_is_a_page_or_two() -> None:
    lines = {name: (SOURCE / name).read_text().count("\n") for name in TREES}
    assert {} == {name: n for name, n in lines.items() if n > 450}
    short = sum(n < 300 for n in lines.values())
    assert short / len(lines) >= 0.9


def test_a_function_fits_a_screen() -> None:
    long = [
        f"{name}: {node.name}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert [] == long


def test_a_name_says_what_is_inside() -> None:
    vague = re.compile(r"util|common|helper|manager|factory|misc", re.IGNORECASE)
    modules = [name for name in TREES if vague.search(name)]
    classes = [
        f"{name}: {node.name}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and vague.search(node.name)
    ]
    assert [] == modules + classes


def test_every_module_says_what_it_is_for() -> None:
    assert [] == [name for name, tree in TREES.items() if not ast.get_docstring(tree)]


def test_every_public_module_lists_its_names() -> None:
    def lists(tree: ast.Module) -> bool:
        targets = [t for n in tree.body if isinstance(n, ast.Assign) for t in n.targets]
        return any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets)

    names_alone = {
        f"{folder}/__init__.py"
        for folder in ("cli", "encode/engines", "encode/towers", "serve", "store/remote")
    }
    exempt = {"__main__.py", *names_alone}
    assert exempt >= {name for name, tree in TREES.items() if not lists(tree)}


# --- the three doors ---


def test_one_module_writes_files() -> None:
    found = {name: writes(tree, functions(tree)) for name, tree in TREES.items()}
    assert {} == {name: at for name, at in found.items() if at and name not in WRITERS}


def test_the_writers_that_are_excused_still_write() -> None:
    stale = [name for name in WRITERS if not writes(TREES[name], functions(TREES[name]))]
    assert [] == stale


@pytest.mark.parametrize(
    "code",
    [
        "open(p, 'w')",
        "open(p, mode='ab')",
        "p.open('wb')",
        "os.open(p, os.O_RDWR | os.O_CREAT)",
        "p.write_text(t)",
        "p.unlink()",
        "np.save(p, a)",
    ],
)
def test_the_search_for_writers_finds_them(code: str) -> None:
    assert len(writes(ast.parse(code), set())) == 1


@pytest.mark.parametrize(
    "code", ["open(p)", "p.open('rb')", "os.open(p, os.O_RDONLY)", "write_bytes(p, b)"]
)
def test_the_search_for_writers_leaves_readers_alone(code: str) -> None:
    assert [] == writes(ast.parse(code), set())


@pytest.mark.parametrize("library", OWN_FILES)
def test_a_library_that_writes_its_own_files_stays_behind_its_modules(library: str) -> None:
    found = {name for name, tree in TREES.items() if library in imports(tree)}
    # doctor.py only asks for a version; openvino's name is also read in testing's tiny model.
    assert OWN_FILES[library] >= found - {"testing/tiny.py"}


def test_nothing_opens_a_socket() -> None:
    found = {name: sorted(imports(tree) & NETWORK) for name, tree in TREES.items()}
    reach = {
        name: libraries
        for name, libraries in found.items()
        if libraries and not (name.startswith(LISTENS) and set(libraries) <= {"asyncio", "urllib"})
    }
    for name in [name for name in reach if name.startswith(tuple(STORES.values()))]:
        kinds = {kind for kind in reach.pop(name) if not name.startswith(STORES.get(kind, "?"))}
        assert set() == kinds, name
    assert {} == {name: found for name, found in reach.items() if not name.startswith(ONLINE)}
    names = ("bedrock", "chat", "gemini", "openai")
    assert {f"{ONLINE}{name}.py" for name in names} == set(reach)


def test_a_server_listens_and_calls_nobody() -> None:
    """Its clients' addresses are never fetched, for nothing in it can connect."""
    ways_out = {"connect", "create_connection", "open_connection", "urlopen", "sock_connect"}
    for name, tree in TREES.items():
        if name.startswith(LISTENS):
            assert not ways_out & {called for _, _, called in calls(tree)}, name
            whole = {one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
            assert {"urllib.parse"} >= {one for one in whole if one and "urllib" in one}, name


def test_socket_is_imported_for_the_name_of_this_host_and_to_listen() -> None:
    users = {name for name, tree in TREES.items() if "socket" in imports(tree)}
    assert {"store/lock.py", "serve/run.py"} >= users
    used = {name for user in users for _, on, name in calls(TREES[user]) if on == "socket"}
    assert {"gethostname", "socket"} >= used


def test_one_module_reads_model_weights() -> None:
    opened = re.compile(r"\.(xml|bin|safetensors)\b")
    named = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if opened.search(node.value) and "\n" not in node.value
        if not may_use_torch(name)  # what is adopted is read there, from safetensors alone
    }
    # openvino.py, onnx.py and choice.py ask folder.py for a graph by its name; names.py and
    # sources.py refuse by suffix; saving.py does so for word vectors, static/ for students, and
    # head.py for heads;
    # models.py has one in an example; the tiny model is written by a test; checkpoint.py reads
    # safetensors that are about to be converted.
    # combiner.py asks folder.py for its own.
    assert {
        "encode/combiner.py", "encode/engines/choice.py", "encode/engines/onnx.py",
        "encode/engines/openvino.py", "encode/folder.py",
        "encode/modules/checkpoint.py", "cli/models.py", "encode/words/saving.py",
        "encode/static/saving.py", "encode/static/tower.py",
        "encode/modules/imagebind.py", "encode/names.py", "read/sources.py", "testing/reranker.py",
        "testing/tiny.py",
        "train/binding/folder.py",  # writes a graph with another head
        "train/binding/widen.py",  # writes a graph that sees more
        "train/heads/head.py",
    } >= named  # fmt: skip
    readers = {
        name
        for name, tree in TREES.items()
        if name.startswith("encode/") and not may_use_torch(name)
        for _, _, call in calls(tree)
        if call in ("open", "read_bytes", "read_text", "memmap", "fromfile")
    }
    # bpe.py reads a list of merges, which is no weights.
    readers -= {"encode/modules/bpe.py", "encode/modules/checkpoint.py"}
    assert {"encode/folder.py"} == readers


# --- nothing runs code from data ---


def test_nothing_that_can_run_code_is_imported() -> None:
    found = {
        name: sorted(imports(tree) & RUNS_CODE - allowed(name)) for name, tree in TREES.items()
    }
    assert {} == {name: libraries for name, libraries in found.items() if libraries}


def test_no_eval_and_no_exec() -> None:
    found = [
        f"{name}: {node.lineno}"
        for name, tree in TREES.items()
        for node, on, call in calls(tree)
        if (not on and call in ("eval", "exec", "compile", "__import__"))
        or (call == "load" and on in ("np", "numpy"))
    ]
    assert [] == found


# --- every statement is executed ---


def several_statements(tree: ast.AST) -> list[str]:
    """Calls of `execute` with more than one: apsw stops at the first that answers with a row."""
    asked = [ast.unparse(node.args[0]) for node, _, name in calls(tree) if name == "execute"]
    return [text for text in asked if ";" in text.rstrip("'\"; ")]


def test_a_call_executes_one_statement() -> None:
    assert [] == [
        f"{name}: {text}" for name, tree in TREES.items() for text in several_statements(tree)
    ]
    tree = ast.parse("""db.execute("PRAGMA a=1; PRAGMA b=2"); db.execute("PRAGMA a=1;")""")
    assert ["'PRAGMA a=1; PRAGMA b=2'"] == several_statements(tree)


# --- one way ---


def test_imports_go_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.exists():
        pytest.skip("import-linter is not installed")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout


def own_imports(tree: ast.AST) -> set[str]:
    """The modules of cospace that a module imports: anywhere in it, and for its types too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("cospace."):
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if file_of(name) in TREES else node.module for name in inner}
    return {file_of(name) for name in found}


def file_of(module: str) -> str:
    path = module.replace(".", "/").removeprefix("cospace/")
    return f"{path}.py" if f"{path}.py" in TREES else f"{path}/__init__.py"


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {name: own_imports(tree) for name, tree in TREES.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle
