# Thin on purpose: whatever is longer than two lines lives in tools/. `make` alone lists the targets.
VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?=
PORT   ?=
ARGS   ?=
NOTEBOOKS ?=
MINUTES ?= 5
OFFLINE ?=
PYODIDE ?=
FRESH  ?=
START := $(shell date +%s)

LAB_FLAGS := --ServerApp.root_dir=work $(if $(PORT),--port=$(PORT) --ServerApp.port_retries=0) \
             $(if $(NO_BROWSER),--no-browser) $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

.PHONY: help setup lab test answers notebooks lint format colab-test matrix bench soak mutants site site-test slug picture wheel lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

# The environment is made once, and again only when the locked dependencies change.
$(VENV)/ready: requirements.lock pyproject.toml tools/setup.sh tools/python.sh
	@PYTHON="$(PYTHON)" sh tools/setup.sh $(VENV)

setup: $(VENV)/ready  ## make the environment (.venv) and nothing more

lab: $(VENV)/ready  ## open copies of the notebooks (work/) in JupyterLab; FRESH=1 for new copies, PORT=8899 NO_BROWSER=1 for a server, ARGS="…" for Jupyter
	@FRESH=$(FRESH) $(BIN)/python -m tools.work
	$(BIN)/jupyter lab $(LAB_FLAGS)

# Two processes at a time: more threads in each would only wait for one another.
test notebooks colab-test site: export OMP_NUM_THREADS = 1

CHOSEN = $(if $(ALL),,-m "not slow")

test: $(VENV)/ready  ## unit tests, every notebook against its outputs, and JupyterLab in a real browser; ALL=1 for the slow ones too
	$(BIN)/python -m tools.browser
	$(BIN)/python -m tools.node --test tests/js/*.test.js
	$(BIN)/python -m pytest -q -n 2 --dist worksteal $(CHOSEN) optimlab tests --ignore=tests/browser
	$(BIN)/python -m pytest -q -n 2 --dist loadscope --nbval --nbval-current-env notebooks
	sh tools/twice.sh $(BIN)/python -m pytest -q -n 2 --dist loadscope --no-loadscope-reorder $(CHOSEN) tests/browser --ignore=tests/browser/test_front_ends.py --ignore=tests/browser/test_marimo.py
	@echo "make test took $$(( $$(date +%s) - $(START) )) s"

notebooks: $(VENV)/ready  ## run all notebooks again in place; NOTEBOOKS="notebooks/02_….ipynb" for some
	$(BIN)/python -m tools.notebooks $(NOTEBOOKS)

lint: $(VENV)/ready  ## ruff: rules and format, notebooks too; mypy; tsc and eslint for the JavaScript
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	sh tools/lint_js.sh

format: $(VENV)/ready  ## let ruff put everything into shape
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

.venv-colab/ready: tests/colab/constraints.txt tools/colab.sh
	@PYTHON="$(PYTHON)" sh tools/colab.sh .venv-colab

colab-test: $(VENV)/ready .venv-colab/ready wheel  ## set-up cell and notebooks with the versions that Colab has
	$(BIN)/python -m pytest -q tests/colab

matrix: $(VENV)/ready  ## Python 3.11–3.13, oldest and newest packages, three front ends; ARGS="-s newest" for some
	$(BIN)/python -m nox $(ARGS)

.venv-bench/ready: $(VENV)/ready benchmarks/requirements.txt
	@. tools/python.sh && make_venv $(BIN)/python .venv-bench --without-pip
	$(BIN)/python -m pip --python .venv-bench install -q -e ".[lab]" --group dev -r benchmarks/requirements.txt -c $(VENV)/locked.txt
	touch $@

bench: export OMP_NUM_THREADS = 1

bench: .venv-bench/ready  ## speed, against matplotlib, ipympl, plotly, PyTorch and optax (a quarter of an hour)
	$(BIN)/python -m tools.browser
	$(MAKE) site OFFLINE=1
	.venv-bench/bin/python -m benchmarks > .venv-bench/results.md
	mv .venv-bench/results.md benchmarks/results.md && cat benchmarks/results.md

soak: $(VENV)/ready  ## minutes of play, one cell 50 times, 200 labs: browser and kernel hold no more memory than before; MINUTES=1 for fewer
	$(BIN)/python -m tools.browser
	MINUTES=$(MINUTES) $(BIN)/python -m benchmarks.soak

mutants: $(VENV)/ready  ## faults put into a copy one at a time: do the tests notice? COUNT=8 a module, ARGS="optimizers/adam.py" for some
	$(BIN)/python -m tools.mutants $(ARGS)

.venv-site/ready: $(VENV)/ready tools/site/requirements.txt
	@. tools/python.sh && make_venv $(BIN)/python .venv-site --without-pip
	grep -v widgets= $(VENV)/locked.txt > .venv-site/locked.txt
	$(BIN)/python -m pip --python .venv-site install -q -r tools/site/requirements.txt -c .venv-site/locked.txt
	touch $@

# For tests: Pyodide's files out of a pinned package, each checked against Pyodide's own hashes.
.pyodide/ready: tools/site/pyodide.txt tools/site/pyodide.sha256 tools/site/pyodide-lock.json | $(VENV)/ready
	sh tools/site/pyodide.sh $(BIN) .pyodide && touch $@

site: .venv-site/ready $(if $(OFFLINE),$(if $(PYODIDE),,.pyodide/ready))  ## _site, for any web host: the book, and the notebooks in JupyterLite; OFFLINE=1 brings Pyodide along, from PYODIDE=folder if you have it
	@sh tools/install_js.sh
	$(BIN)/python -m tools.site _site $(if $(OFFLINE)$(PYODIDE),--pyodide $(or $(PYODIDE),.pyodide))

site-test: $(VENV)/ready  ## the site that make site OFFLINE=1 has built, in a real browser without a network
	$(BIN)/python -m tools.browser
	sh tools/twice.sh $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/site/test_site.py tests/site/test_book.py

answers: $(VENV)/ready  ## write what the predictions come out to into docs/teaching.md
	$(BIN)/python -m tools.teaching

slug: $(VENV)/ready  ## REPO=owner/name: write the repository's name wherever it belongs
	$(BIN)/python -m tools.slug "$(REPO)"

picture: $(VENV)/ready  ## take the README's screenshot again
	$(BIN)/python -m tools.picture

wheel: $(VENV)/ready  ## dist/optimlab-….whl, to upload to Colab
	rm -rf dist && $(BIN)/python -m pip wheel -q --no-deps --no-build-isolation -w dist .

lock: $(VENV)/ready  ## resolve requirements.lock anew, from pyproject.toml
	sh tools/lock.sh $(BIN)

clean:  ## remove what make made
	@. tools/python.sh && remove_venvs $(VENV) .venv-colab .venv-bench .venv-site
	rm -rf .pyodide _site .nox dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis tools/js/node_modules
