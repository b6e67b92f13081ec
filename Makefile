# capwatch: `make help` lists what there is. Every target sets up .venv on its first use.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run rerun test fuzz reliability check format notebooks bench docs wheel lock clean

AOI ?= vostochny
OUT ?= runs
WORKERS ?= auto
BIN := .venv/bin
STAMP := .venv/.made-from-lock
PICK := for p in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
  2>/dev/null && { echo $$p; break; }; done

# $(call each,FLAG,VALUE): FLAG before each word of VALUE; a VALUE that lies there as a whole, blanks and all, is one
EMPTY :=
each = $(if $(wildcard $(subst $(EMPTY) ,\ ,$(2))),$(1) "$(2)",$(foreach word,$(2),$(1) $(word)))

# Of what run takes, what was given to a case, which would not read it
OF_NO_CASE = $(strip $(foreach v,AOI SOURCE START END YEARS DATA AIS ENGINE,$(if $(filter command,$(origin $(v))),$(v)=)))

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' "$(strip $(MAKEFILE_LIST))"

setup: $(STAMP)  ## make .venv from requirements.lock; nothing to do when it is up to date

$(STAMP): requirements.lock pyproject.toml
	@python="$$($(PICK))"; \
	if [ -z "$$python" ]; then \
	  echo "error: make setup: no Python 3.11 to 3.13 with venv and ensurepip found (on Debian: apt install python3-venv; or make PYTHON=/path/to/python)" >&2; exit 5; fi; \
	echo "setup: $$($$python --version) -> .venv"; \
	rm -rf .venv && $$python -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@$(BIN)/capwatch prepare vostochny || echo "setup: the first run compiles and simulates what this did not"
	@touch $(STAMP)

run: setup  ## the whole chain for AOI= (one or more; SOURCE= START= END= YEARS= DATA= AIS= SET= OUT= ENGINE=), or a published CASE=
ifdef CASE
	@$(if $(OF_NO_CASE),echo "error: make run: CASE= is a published case and takes no $(OF_NO_CASE)" >&2; exit 2)
	@$(BIN)/capwatch case "$(CASE)" --out "$(OUT)" $(foreach s,$(SET),--set $(s))
else
	@$(BIN)/capwatch run $(call each,,$(AOI)) --out "$(OUT)" $(if $(SOURCE),--source $(SOURCE)) $(if $(START),--start $(START)) \
	  $(if $(END),--end $(END)) $(if $(YEARS),--years $(YEARS)) $(if $(ENGINE),--engine $(ENGINE)) $(call each,--images,$(DATA)) $(call each,--ais,$(AIS)) $(foreach s,$(SET),--set $(s))
endif

rerun: setup  ## repeat the run in folder RUN= and compare every byte
	@if [ -z "$(RUN)" ]; then echo "error: make rerun: RUN= names no run (write make rerun RUN=runs/vostochny/ID; capwatch runs lists them)" >&2; exit 2; fi
	@$(BIN)/capwatch rerun "$(RUN)"

test: setup  ## all tests and doctests, in parallel (WORKERS= to limit)
	@$(BIN)/python -m pytest -n $(WORKERS)

fuzz: setup  ## the long sweeps: damaged files by the ten thousand, kills, full disks, n-th failures (an hour or more)
	@$(BIN)/python -m pytest -n $(WORKERS) -m fuzz tests

reliability: setup  ## write docs/reliability.md: run the cases, make their table
	@$(BIN)/python docs/make_reliability.py

check: setup  ## lint, format, types, documentation that must not drift
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python docs/make_reference.py --check

format: setup  ## put the code in order
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

notebooks: setup  ## write notebooks/*.ipynb, executed on the last run (NB= one of them, RUN= another run)
	@$(BIN)/python -m tools.write_notebooks $(NB) $(if $(RUN),--run "$(RUN)")

bench: setup  ## speed and accuracy, printed as tables (accuracy needs ../shared/data); PARTS= names others
	@$(BIN)/python -m benchmarks $(PARTS)

lock:  ## write requirements.lock anew from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --quiet --universal --generate-hashes --no-header --python-version 3.11 \
	  --extra dev --extra notebooks --extra scale --extra cloud -o requirements.lock

docs: setup  ## write the reference pages from the code and build the site into docs/_build/html; a warning is an error
	@$(BIN)/python docs/make_reference.py
	@$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html
	@echo "docs: docs/_build/html/index.html"

wheel: setup  ## build the wheel into dist/
	@$(BIN)/python -m hatchling build -t wheel

clean:  ## remove the environment, caches and what was built; runs stay
	@rm -rf .venv .mypy_cache .ruff_cache .hypothesis dist docs/_build
