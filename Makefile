# One environment, one command. `make` alone lists what can be made.
PYTHON ?= python3
CORES ?= all
PORT ?= 5000
VENV := .venv
READY := $(VENV)/.complete
READY_DEV := $(VENV)/.complete-dev
MAKEFLAGS += --no-print-directory

help:      ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile

tables:    ## train, sample, score and audit; then see results/tables/  [SCALE=smoke|embedded|study|paper] [SEEDS=n] [ROWS=headline|all|<paper>,<paper>] [CORES=n]
tables: $(READY)
	@$(RUN) snakemake --cores $(CORES) $(if $(OVERRIDES),--config $(OVERRIDES)) -- results/tables

test:      ## linters, then tests  [TESTS=tests/test_x.py]
test: $(READY_DEV)
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) pytest -n logical --maxprocesses 4 --no-loadscope-reorder $(TESTS)

reference: ## the tables under docs/reference/: three seeds  [ROWS=all|<paper>,<paper>] [CORES=n]
reference: $(READY)
	@$(RUN) snakemake --cores $(CORES) --config scale=embedded seeds=3 'rows=$(or $(ROWS),headline)' -- docs/reference

mlflow:    ## what every stage did, in MLflow's pages on this machine  [PORT=5000]
mlflow: $(READY)
	@case "$$MLFLOW_TRACKING_URI" in http*) echo "MLFLOW_TRACKING_URI has its own pages: $$MLFLOW_TRACKING_URI"; exit;; esac; \
	test -n "$$MLFLOW_TRACKING_URI" || test -e results/mlflow/mlflow.db || \
		{ echo "redraw: results/mlflow: nothing is tracked yet: run make tables first" >&2; exit 2; }; \
	echo "http://127.0.0.1:$(PORT)/#/experiments?workflowType=machine_learning"; $(RUN) mlflow server --workers 1 \
		--backend-store-uri "$${MLFLOW_TRACKING_URI:-sqlite:///results/mlflow/mlflow.db}" --host 127.0.0.1 --port $(PORT)

record:    ## write what lies in results/ into DVC's books
record: $(READY)
	@$(RUN) redraw record

push:      ## give what is recorded to DVC's remote
pull:      ## get what is recorded from DVC's remote, checked against its records
push pull: $(READY)
	@$(RUN) redraw $@

lock:      ## compile the locks and environment.yml from requirements*.in  [UPGRADE=1]
lock: $(READY_DEV)
	@$(COMPILE) requirements.in -o requirements.lock
	@$(COMPILE) -c requirements.lock requirements-dev.in -o requirements-dev.lock
	@$(CONDA) > environment.yml
	@if grep -nE '://|--(index|find-links|extra)' requirements*.lock; then echo "make lock: the lines above name an address" >&2; exit 1; fi

clean-env: ## remove the environment
	@rm -rf $(VENV)

.PHONY: help tables test reference mlflow record push pull lock clean-env

RUN = PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
OVERRIDES = $(strip $(if $(SCALE),'scale=$(SCALE)') $(if $(SEEDS),'seeds=$(SEEDS)') $(if $(ROWS),'rows=$(ROWS)'))
# One version of everything for all Pythons and platforms: numbers must not depend on which of them is used.
COMPILE = $(RUN) uv pip compile -q --universal --fork-strategy fewest --generate-hashes --python-version 3.11 \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
CONDA = { printf '%s\n' '\# Made from requirements.lock by `make lock`: the same versions, for conda.' 'name: redraw' \
	'channels: [conda-forge, nodefaults]' 'dependencies:' '  - python=3.11' '  - pip' '  - pip:'; \
	sed -n "s/^\([a-z0-9._-]*==[^ ]*\( ; [^\\\\]*[^\\\\ ]\)*\) *[\\\\]*$$/      - \"\1\"/p" requirements.lock; echo '      - -e .'; }

# --- the environment --------------------------------------------------------------------------------------------------

# What a machine sets for its own installs (links, targets, constraints, user installs) must not change what is installed
# here. An index, a proxy, a certificate, a cache stay: the hashes hold whatever those serve.
KEPT := PIP_INDEX_URL PIP_PROXY PIP_CERT PIP_CLIENT_CERT PIP_TRUSTED_HOST PIP_CACHE_DIR PIP_DEFAULT_TIMEOUT PIP_RETRIES \
	UV_DEFAULT_INDEX UV_INSECURE_HOST UV_CACHE_DIR UV_HTTP_TIMEOUT UV_NATIVE_TLS UV_SYSTEM_CERTS
$(foreach name,$(filter-out $(KEPT),$(filter PIP_% UV_%,$(.VARIABLES))),$(eval unexport $(name)))
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE VIRTUAL_ENV CONDA_PREFIX
export PIP_CONFIG_FILE := /dev/null
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_NO_CONFIG := 1
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
ifdef PIP_INDEX_URL
UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
export UV_DEFAULT_INDEX
endif

# "3.11.7 ok /where/python3": Python 2 must be able to run this too. The interpreter behind a virtual environment is named,
# since PYTHON may be the one of the environment that is about to be made anew.
PROBE = import pkgutil, sys; venv = "ensurepip" in [m[1] for m in pkgutil.iter_modules()]; \
	state = "old" if sys.version_info[:2] < (3, 11) else "ok" if venv else "bare"; \
	base = getattr(sys, "_base_executable", None) or sys.executable; \
	print("%d.%d.%d %s %s" % (tuple(sys.version_info[:3]) + (state, base)))
FOUND = $(eval FOUND := $$(shell '$(PYTHON)' -E -s -c '$(PROBE)' 2>/dev/null))$(FOUND)
VERSION = $(word 1,$(FOUND))
BASE = $(wordlist 3,99,$(FOUND))
ANOTHER = or name another one: PYTHON=python3.12 make $(firstword $(MAKECMDGOALS))
WRONG_ = redraw needs Python 3.11 or newer, and "$(PYTHON)" does not start: install it, $(ANOTHER)
WRONG_old = redraw needs Python 3.11 or newer, and $(PYTHON) is $(VERSION) ($(BASE)): install a newer one, $(ANOTHER)
WRONG_bare = Python $(VERSION) ($(BASE)) cannot make virtual environments: install its venv package (Debian: python3-venv), $(ANOTHER)

# A complete environment carries its lock and names its checkout and its interpreter. One that was interrupted, moved or
# copied, whose lock has changed (in content: git alters times), whose interpreter is gone, or for which PYTHON=… asks another
# one, is made anew.
ifneq "$(shell test -x $(VENV)/bin/python && cmp -s requirements.lock $(VENV)/requirements.lock && cat $(READY) 2>/dev/null)" "$(CURDIR)"
STALE := FORCE
else ifneq "$(origin PYTHON)" "file"
ifneq "$(BASE)" "$(shell cat $(VENV)/.python 2>/dev/null)"
STALE := FORCE
endif
endif
FORCE:

INSTALL = if test -x $(VENV)/bin/uv; then \
		test -t 2 || quiet=-q; $(VENV)/bin/uv pip install $$quiet --python $(VENV)/bin/python $(2) $(1); \
	else $(VENV)/bin/python -m pip install -q $(1); fi || \
	{ echo "redraw: the installation failed, see above; the same command goes on from the packages already fetched" >&2; exit 2; }
COMPILED = --compile-bytecode --build-constraints requirements.lock

$(VENV)/.installed: $(STALE)
	$(if $(filter ok,$(word 2,$(FOUND))),,$(error $(WRONG_$(word 2,$(FOUND)))))
	@echo "redraw: making $(VENV) with Python $(VERSION) from requirements.lock (up to 6 GB, one to five minutes)" >&2
	@rm -rf $(VENV)
	@"$(BASE)" -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.lock > $(VENV)/uv.lock
	@$(VENV)/bin/python -m pip install -q --require-hashes -r $(VENV)/uv.lock || \
		echo "redraw: no uv for this machine, going on with pip, which takes longer" >&2
	@cp requirements.lock $(VENV)/requirements.lock
	@$(call INSTALL,--require-hashes -r $(VENV)/requirements.lock,$(COMPILED))
	@echo "$(BASE)" > $(VENV)/.python
	@touch $@

$(READY): $(VENV)/.installed pyproject.toml requirements.in
	@$(call INSTALL,--no-deps --no-build-isolation -e .)
	@echo "$(CURDIR)" > $@

$(READY_DEV): $(READY) requirements-dev.lock
	@$(call INSTALL,--require-hashes -r requirements-dev.lock,$(COMPILED))
	@touch $@
