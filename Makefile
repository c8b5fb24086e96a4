# Two commands matter: `make run` and `make test`. Each target's need is installed first.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXPORTS ?=
LEADS ?= 20000
NIGHTS ?= 30

# In the order of the folders, which has what takes longest first: xdist's own order is by number of tests.
IN_PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

ifeq ($(EXPORTS),)
RUN_HOME := var/demo
RUN_EXPORTS := var/demo-exports
else
RUN_HOME := var/$(notdir $(patsubst %/,%,$(EXPORTS)))
RUN_EXPORTS := $(EXPORTS)
endif
ifdef TANDEM_HOME
RUN_HOME := $(TANDEM_HOME)
endif

.PHONY: help install run test test-duckdb2 test-long test-crash test-readers test-overlap test-erasure test-soak test-seeds test-orders test-fuzz test-spark test-postgres test-superset superset superset-env install-postgres spark-up spark-down bench bench-small bench-others lint dev clean lock

help: ## show this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

install: $(STAMP) ## virtual environment from the lock file

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 && $(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: $(STAMP) ## one night on the demo company, or on your files: make run EXPORTS=folder
ifeq ($(EXPORTS),)
	@test -f $(RUN_EXPORTS)/truth.json || $(BIN)/tandem demo --out $(RUN_EXPORTS) --leads $(LEADS) --nights $(NIGHTS)
endif
	$(BIN)/tandem nightly --exports $(RUN_EXPORTS) --home $(RUN_HOME)
	@echo "scorecard:   $(abspath $(RUN_HOME))/scorecard/index.html"
	@echo "query:       $(BIN)/tandem query --home $(RUN_HOME) \"select * from mart_channel_performance where period_month is null\""
	@echo "Dagster:     make dev TANDEM_HOME=$(RUN_HOME)"

test: $(STAMP) ## everything a change must pass
	$(BIN)/ruff check .
	$(BIN)/python -m pytest $(IN_PARALLEL) -m "not long"

test-duckdb2: .venv-duckdb2/.installed ## the same tests on DuckDB 2 (the lock files have 1.5, which BI drivers can read)
	.venv-duckdb2/bin/python -m pytest $(IN_PARALLEL) -m "not long"

.venv-duckdb2/.installed: requirements.lock requirements-duckdb2.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 && $(PYTHON) -m venv .venv-duckdb2 || python3 -m venv .venv-duckdb2
	.venv-duckdb2/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	.venv-duckdb2/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-duckdb2.lock
	.venv-duckdb2/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

test-long: $(STAMP) $(VENV)/.postgres $(VENV)/.spark .venv-superset/.installed ## the longer proofs, two at a time; each is a target of its own
	$(MAKE) -k -j 2 test-soak test-crash test-erasure test-fuzz test-orders test-overlap test-readers test-seeds test-spark test-postgres test-superset

test-crash: $(STAMP) ## kill the night at 200 points and at full size, an old home, no connection; goes on where it was broken off
	$(BIN)/python -m pytest -s -m long tests/reliability/test_kill*.py tests/reliability/test_upgrade.py tests/reliability/test_offline.py

test-readers: $(STAMP) ## a hundred publishes under real readers, and the same readers on a file written in place
	$(BIN)/python -m pytest -s -m long tests/reliability/test_readers.py

test-overlap: $(STAMP) ## runs at once in one home, by command and by Dagster, and killed ones
	$(BIN)/python -m pytest -s -m long tests/reliability/test_overlap.py

test-erasure: $(STAMP) ## fifty people in every feed and place of a home: erased, delivered again, restored; and of a million rows
	$(BIN)/python -m pytest -s -m long tests/reliability/test_erasure.py

test-soak: $(STAMP) ## 365 nights of a small home with faults drawn by chance; goes on where it was broken off
	$(BIN)/python -m pytest -s -m long tests/reliability/test_soak.py

test-seeds: $(STAMP) ## planted truth over five seeds
	$(BIN)/python -m pytest -m long tests/integration --ignore tests/integration/test_any_order.py

test-orders: $(STAMP) ## the same deliveries in 20 orders, three times each: equal raw, equal marts
	$(BIN)/python -m pytest -s -m long tests/integration/test_any_order.py

test-fuzz: $(STAMP) ## mutated files through landing, TANDEM_FUZZ_SECONDS long (600)
	$(BIN)/python -m pytest -s -m long tests/fuzz

test-spark: $(VENV)/.spark ## whole nights on a Spark cluster, a worker killed midway, against DuckDB
	$(BIN)/python -m pytest -m long tests/spark

$(VENV)/.spark: $(STAMP) requirements-spark.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-spark.lock
	@touch $@

spark-up: $(VENV)/.spark ## a Spark cluster on this machine: one master, two workers (docs/scale.md)
	$(BIN)/python deploy/spark_cluster.py up

spark-down: $(VENV)/.spark ## end it
	$(BIN)/python deploy/spark_cluster.py down

test-postgres: $(VENV)/.postgres ## the marts in a Postgres server of its own; installs Debian's postgresql where there is none
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || \
		{ apt-get update -q && apt-get install -qy --no-install-recommends postgresql; }
	$(BIN)/python -m pytest -m long tests/postgres

superset: .venv-superset/.installed ## Superset over the published marts, with the project's dashboard: http://127.0.0.1:8088
	.venv-superset/bin/python deploy/superset/start.py --home $(RUN_HOME)

superset-env: .venv-superset/.installed ## Superset's own virtual environment

.venv-superset/.installed: requirements-superset.lock
	@command -v $(PYTHON) >/dev/null 2>&1 && $(PYTHON) -m venv .venv-superset || python3 -m venv .venv-superset
	.venv-superset/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-superset.lock
	@touch $@

test-superset: $(STAMP) .venv-superset/.installed ## Superset itself: its charts answer what tandem query answers
	$(BIN)/python -m pytest -m long tests/superset

install-postgres: $(VENV)/.postgres ## the driver for serving to Postgres, and Dagster's storage there

$(VENV)/.postgres: $(STAMP) requirements-postgres.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-postgres.lock
	@touch $@

bench: $(STAMP) ## whole night against bare DuckDB and bare dbt, at 20 000 and 1 000 000 leads
	$(BIN)/python -m benchmarks.night --leads 20000 --leads 1000000

bench-small: $(STAMP) ## last line: night / dbt build = X
	$(BIN)/python -m benchmarks.night --small

bench-others: $(STAMP) .venv-others/.installed ## landing against dlt, the night against a pandas script, 20 000 and 1 000 000 leads
	$(BIN)/python -m benchmarks.loads

.venv-others/.installed: requirements-others.lock
	@command -v $(PYTHON) >/dev/null 2>&1 && $(PYTHON) -m venv .venv-others || python3 -m venv .venv-others
	.venv-others/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-others.lock
	@touch $@

lint: $(STAMP) ## ruff, check and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

dev: $(STAMP) ## Dagster's web page on this machine: http://127.0.0.1:3000
	@mkdir -p $(RUN_HOME)/dagster
	TANDEM_HOME=$(abspath $(RUN_HOME)) DAGSTER_HOME=$(abspath $(RUN_HOME))/dagster $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1

lock: ## make the lock files anew (needs uv)
	uv pip compile -q --generate-hashes --no-header --no-strip-extras --python-version 3.11 --extra dev pyproject.toml -o requirements.lock
	uv pip compile -q --generate-hashes --no-header --no-strip-extras --python-version 3.11 --extra dev --extra spark pyproject.toml -o requirements-spark.lock
	uv pip compile -q --generate-hashes --no-header --no-strip-extras --python-version 3.11 --extra dev --extra postgres -c requirements.lock pyproject.toml -o requirements-postgres.lock
	uv pip compile -q --generate-hashes --no-header --no-strip-extras --python-version 3.11 deploy/superset/requirements.in -o requirements-superset.lock
	echo "duckdb>=2,<3" | uv pip compile -q --generate-hashes --no-header --no-annotate --python-version 3.11 - -o requirements-duckdb2.lock
	uv pip compile -q --generate-hashes --no-header --no-strip-extras --python-version 3.11 benchmarks/others/requirements.in -o requirements-others.lock

clean: ## forget the demo company
	rm -rf var/demo var/demo-exports
