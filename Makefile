# Two commands: `make reproduce` runs the study, `make test` the tests. Both set up an
# environment in .venv first, once. `make bench` times training beside Keras and plain PyTorch.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= all
# Training processes that run at once on GPUs: one for each there is.
GPUS ?= $(shell nvidia-smi --list-gpus 2>/dev/null | wc -l)
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Every step is a process that loads hundreds of modules. Where Python is told not to keep them
# compiled, each would compile them again, which takes as long as a small step itself.
unexport PYTHONDONTWRITEBYTECODE

# The page of MLflow is for this machine alone: it lets whoever reaches it change what it holds.
UI_PORT ?= 5000

BENCH ?=
SCALE ?=
BENCH_DATA ?= cifar10 timit-sample

# Frozen studies, and the kills that `make test-faults` makes of a study that nobody needs.
FROZEN ?= $(patsubst %/manifest.json,%,$(wildcard results/frozen/*/*/manifest.json))
KILLS ?= 40

.PHONY: reproduce test test-browser test-faults test-cluster lint release verify check-citation ui simulation docs bench scale gpu-check lock clean-env

reproduce: $(VENV)/.ready
	snakemake --cores $(CORES) $(if $(filter-out 0 1,$(GPUS)),--resources gpu=$(GPUS))

test: $(VENV)/.ready lint
	python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

# Tampering, damage, hostile servers, and kills and full disks at random moments. It ends with one
# line of figures; FAULTS="--fault-seed 7" draws the same kills again. About an hour on two cores.
test-faults: $(VENV)/.ready
	python -m pytest --numprocesses auto --maxprocesses 2 -m faults \
		--kills $(KILLS) --disks 99 $(FAULTS)

# Pages as people see them; needs Chromium of the system (apt-get install chromium).
test-browser: $(VENV)/.ready-browser
	python -m pytest -m browser tests/browser

# The archive of this version for a repository such as Zenodo: dist/adsmtl-<version>.zip.
release: $(VENV)/.ready
	python -m adsmtl.archive.release

# Is every frozen number what it must be? In a clone, or in an unpacked release.
verify: $(VENV)/.ready
	@test -n "$(FROZEN)" || { echo "there is no study in results/frozen" >&2; exit 1; }
	for study in $(FROZEN); do adsmtl verify $$study || exit 1; done

# CITATION.cff and the crates of a release, by their validators. Their libraries do not agree with
# those of the project, so each gets an environment of its own, which takes a package index.
ISOLATED := env -u PYTHONPATH uv run --quiet --isolated --no-project --python $(BIN)/python
check-citation: release
	rm -rf build/release
	python -m zipfile -e "$$(ls -t dist/adsmtl-*.zip | head -n 1)" build/release
	$(ISOLATED) --with cffconvert==2.0.0 cffconvert --validate
	$(ISOLATED) --with roc-validator==0.13.0 --with rocrate==0.13.0 \
		python tests/support/validate_crate.py \
		$$(dirname build/release/*/results/frozen/*/*/ro-crate-metadata.json)

# The workflow on a Slurm cluster of two nodes, which the tests start here and stop; needs Slurm of
# the system (apt-get install slurmctld slurmd slurm-client munge).
test-cluster: $(VENV)/.ready-cluster
	python -m pytest -m cluster tests/cluster

lint: $(VENV)/.ready
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	snakemake --lint --config preset=smoke embedded=always

# Imports what is in results/ (again, if the database was deleted), and opens MLflow on its arms.
ui: $(VENV)/.ready
	adsmtl ui --port $(UI_PORT)

# How often the judge gives every verdict under known effects: the tables of docs/protocol.md.
simulation: $(VENV)/.ready
	python -m adsmtl.claims.error_rates

# About a quarter of an hour on two slow cores that do nothing else; it goes on where it was cut
# off. BENCH="--only vision-128", say, passes options on; without the data sets, it is
# BENCH=--embedded BENCH_DATA="digits espeak".
bench: $(VENV)/.ready-bench
	snakemake --cores $(CORES) $(BENCH_DATA:%=data/prepared/%/card.json)
	python -m benchmarks $(BENCH)

# Memory and speed of preparing 1, 10 and 100 hours of speech, on 20 GB of disk that it frees again:
# docs/scale.md. It wants LibriSpeech aligned: `snakemake --cores all data --config speech=librispeech`.
scale: $(VENV)/.ready
	python -m benchmarks.scale $(SCALE)

# Two minutes on a machine with CUDA: are the numbers right, and how fast? Whatever Python has torch
# and numpy will do.
gpu-check:
	PYTHONPATH=src $(PYTHON) -m benchmarks.gpu_check

# The locks state one version of everything, for every platform, without addresses: first what the
# project needs, then what the extras `listing` and `bench` add to it, which changes none of the
# first. environment.yml repeats the first for conda.
# Pages of documentation below build/docs, built without network once the extra is installed.
docs: $(VENV)/.ready-docs
	NO_MKDOCS_2_WARNING=1 python -m mkdocs build --quiet

COMPILE := uv pip compile pyproject.toml --extra study --universal --python-version 3.11 \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet

lock: $(VENV)/.ready
	$(COMPILE) --extra test --output-file requirements.lock
	{ sed '/^  - pip:/q' environment.yml; sed 's/^/      - /' requirements.lock; } > .environment
	mv .environment environment.yml
	for extra in bench docs browser cluster; do \
		$(COMPILE) --extra $$extra --constraint requirements.lock --output-file .full.lock && \
		awk -F'[= ;]' 'NR == FNR { base[$$1 $$3]; next } !($$1 $$3 in base)' \
			requirements.lock .full.lock > requirements-$$extra.lock || exit 1; \
	done
	rm .full.lock

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 4))' || { \
		echo "adsmtl needs Python 3.11.4 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1)." \
		"Call make PYTHON=python3.12, say." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	python -m pip install --quiet uv
	uv pip install --quiet --python $(BIN)/python -r requirements.lock
	uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

# What an extra adds: bench, docs, browser, cluster.
$(VENV)/.ready-%: $(VENV)/.ready requirements-%.lock
	uv pip install --quiet --python $(BIN)/python -r requirements-$*.lock \
		--constraint requirements.lock
	touch $@

clean-env:
	rm -rf $(VENV)
