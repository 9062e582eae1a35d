# make conformance   the shipped suites on the embedded cluster; the report is in k8snet-report/
# make test          the project's own checks: format, lint, types, tests
# make calibrate     show that every conformance check can fail
# make docs          the pages that are made from the code
# make catches       which faults each policy case catches, from the rules of the embedded cluster
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet

.PHONY: conformance test calibrate lint docs catches clean

conformance: $(VENV)/user
	$(BIN)/pytest --k8snet -n 4

test: lint
	$(BIN)/pytest -n 4

calibrate: $(VENV)/user
	$(MAKE) --jobs=3 --keep-going --output-sync=target calibrate-1 calibrate-2 calibrate-3

calibrate-%: $(VENV)/user
	$(BIN)/pytest --k8snet --k8snet-calibrate --k8snet-calibrate-part=$*/3

lint: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(VENV)/dev
	$(BIN)/python -m pytest_k8snet.documentation docs
	$(BIN)/python -m tests.comparison docs

catches: $(VENV)/dev
	$(BIN)/python -m tools.policy_catches

$(VENV)/bin/python:
	PYTHON=$(PYTHON) scripts/system-packages
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip

$(VENV)/user: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable '.[xdist,html,scapy]'
	touch $@

$(VENV)/dev: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable . --group dev
	touch $@ $(VENV)/user

clean:
	rm -rf $(VENV) k8snet-report .pytest_cache .mypy_cache .ruff_cache dist
