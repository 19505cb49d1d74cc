# Every target sets up what it needs: a machine with Python 3.11+, make and a network is enough.
.DEFAULT_GOAL := help
.PHONY: help setup data run lab test lint card emails render bench calibrate lock doctor clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NB ?= $(notdir $(basename $(wildcard notebooks/*.ipynb notebooks/solutions/*.ipynb)))
OUT ?= out

help:  ## Show what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

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

data: setup  ## Download the mail corpus and verify every message
	@$(BIN)/synthlab data

run: data  ## Run notebook 00 at full size; print its verdict and where the page lies
	@$(BIN)/synthlab run 00 --profile full --out $(OUT)/00_expensive_trap

lab: data  ## Open JupyterLab on the notebooks
	@$(BIN)/jupyter lab notebooks

test: data lint  ## Run all tests, the notebooks' fast profile among them
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope

lint: setup  ## Check style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

card: data  ## Measure what the data card says of the mail corpus
	@$(BIN)/python data/email_card.py

emails: data  ## Let the small model write what data/llm_emails/smollm2 lacks (hours; goes on where it was)
	@$(BIN)/python data/record_emails.py

render: data  ## Execute notebooks in place and record their goldens (NB="00 01"; all without)
	@for nb in $(NB); do $(BIN)/synthlab render $$nb || exit $$?; done

bench: data  ## Measure speed against named rivals
	@OMP_NUM_THREADS=1 $(BIN)/python tests/bench/bench_control.py

calibrate: setup  ## Measure how often the intervals cover (some minutes); writes data/calibration.md
	@OMP_NUM_THREADS=1 $(BIN)/python tests/bench/calibration.py

lock: setup  ## Choose new versions for requirements.lock
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	  --python-version 3.11 --extra dev pyproject.toml -o requirements.lock --upgrade

doctor: setup  ## Say what is missing on this machine
	@$(BIN)/synthlab doctor

clean:  ## Remove the environment and all output
	rm -rf $(VENV) $(OUT)
