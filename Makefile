# Two commands: `make run` serves the published results, `make test` runs everything that checks them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8050
# Of the tests: on two processors three, for many tests wait for a browser, a server or a worker.
PROCESSES ?= 3
# Families with an interpreter of their own, whose weights come with their package: made with the rest.
FAMILIES := $(wildcard compute/potentials/environments/*/requirements.txt)

.PHONY: run test install lint docs audit clean

run: install build/docs/docs/index.html
	$(BIN)/softmode serve --port $(PORT)

test: lint
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

install: $(VENV)/compute

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The documentation, which the site serves at /docs; made again where a page of it is newer.
build/docs/docs/index.html: $(wildcard docs/*.md) docs/conf.py $(VENV)/compute
	$(BIN)/sphinx-build --conf-dir docs --quiet . build/docs

# The same anew, where a link that leads nowhere is an error.
docs: $(VENV)/dev
	$(BIN)/sphinx-build --conf-dir docs --fresh-env --fail-on-warning --keep-going --quiet . build/docs

# Known vulnerabilities of what is pinned; asks an index of advisories, so it needs a network.
audit: $(VENV)/audit
	$(VENV)/audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict

$(VENV)/audit:
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet pip-audit

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache

$(VENV)/compute: pyproject.toml constraints.txt $(FAMILIES)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[compute,docs]"
	$(BIN)/softmode potentials install
	touch $@

$(VENV)/dev: pyproject.toml constraints.txt $(FAMILIES)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[compute,dev,docs]"
	$(BIN)/softmode potentials install
	touch $@ $(VENV)/compute
