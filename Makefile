# Two commands: `make reproduce` runs the study, `make test` the tests. Both set up an
# environment in .venv first, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= all
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: reproduce test lint ui lock clean-env

reproduce: $(VENV)/.ready
	snakemake --cores $(CORES)

test: $(VENV)/.ready lint
	python -m pytest

lint: $(VENV)/.ready
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	snakemake --lint --config preset=smoke embedded=always

# Imports what is in results/ (again, if the database was deleted) and opens MLflow.
ui: $(VENV)/.ready
	adsmtl track
	mlflow ui --backend-store-uri sqlite:///mlflow.db

# The lock states one version of everything, for every platform, without addresses;
# environment.yml repeats it for conda.
lock: $(VENV)/.ready
	uv pip compile pyproject.toml --extra test --universal --python-version 3.11 \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--quiet --output-file requirements.lock
	{ sed '/^  - pip:/q' environment.yml; sed 's/^/      - /' requirements.lock; } > .environment
	mv .environment environment.yml

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "adsmtl needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1)." \
		"Call make PYTHON=python3.12, say." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	python -m pip install --quiet uv
	uv pip install --quiet --python $(BIN)/python -r requirements.lock
	uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

clean-env:
	rm -rf $(VENV)
