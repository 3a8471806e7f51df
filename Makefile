# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Everything is made in .venv and .build. Nothing outside the checkout is touched.

PYTHON ?= python3
VENV ?= .venv
BUILD ?= .build
SERVERS ?= moto strict
SANITY ?= pylint others
UNITS ?= tests/unit/
SYSTEM ?= tests/system
# What `make live` has to put back
LIVE_RECORD ?= $(abspath $(BUILD))/live.json

BIN = $(VENV)/bin
PLACE = ansible_collections/euc/aws
TREE = $(BUILD)/$(PLACE)
COLLECTIONS = $(abspath $(BUILD))
export PIP_CACHE_DIR = $(CURDIR)/.build/pip
# What is run here finds the tools of the environment, and leaves its caches in .build. antsibull-docs copies only
# files that git lists, amazon.aws in $(VENV) too, unless git looks for no checkout above that.
IN_TREE = cd $(TREE) && export PATH="$(abspath $(BIN)):$$PATH" HOME="$(CURDIR)/.build/home" GIT_CEILING_DIRECTORIES="$(CURDIR)" \
	ANSIBLE_COLLECTIONS_PATH=$(COLLECTIONS) PYTHONPATH=$(COLLECTIONS) MYPYPATH=$(COLLECTIONS) &&
ANSIBLE_TEST = PYTHONPATH=$(COLLECTIONS) $(BIN)/python tests/tools/run_ansible_test.py $(TREE)

.PHONY: help demo test lint lint-playbooks lint-types lint-docs unit units sanity integration live system matrix mutants bench docs build tree clean

help:
	@echo "make demo         take an image the whole way, against an emulator of AWS"
	@echo "make test         all that has to hold: lint, docs, sanity, units, integration, system"
	@echo "make lint         the form of all files, the types, the documentation, and the tarball by galaxy-importer"
	@echo "make unit         only the unit tests, by plain pytest: the quick loop (ARGS='-k purge -x')"
	@echo "make matrix       what depends on the versions, with each supported ansible-core"
	@echo "make live         the integration scenarios against your own AWS account: see CONTRIBUTING.md first"
	@echo "make mutants      break the code in every place, and list the breaks that no unit test notices"
	@echo "make bench        how fast it is, against a bare boto3 script and the AWS CLI: some hours (ARGS='--only calls')"
	@echo "make docs         the documentation as HTML"
	@echo "make build        the tarball for ansible-galaxy, checked"
	@echo "make clean        remove what the others made"

demo: tree
	PYTHONPATH=$(COLLECTIONS) ANSIBLE_COLLECTIONS_PATH=$(COLLECTIONS) $(BIN)/python demo/demo.py

test: lint docs sanity units integration system

unit: tree
	@$(IN_TREE) python -m pytest tests/unit $(ARGS)

# Each part, and each server, has a tree of its own, so they can run side by side. What each says is printed in one piece.
sanity: $(VENV)/.dev
	@$(MAKE) --no-print-directory -j2 --output-sync=target $(SANITY:%=sanity-%)

sanity-%:
	@$(BIN)/python tests/tools/lay_out.py $(BUILD)/sanity-$*/$(PLACE)
	PYTHONPATH=$(COLLECTIONS)/sanity-$* $(BIN)/python tests/tools/run_ansible_test.py $(BUILD)/sanity-$*/$(PLACE) sanity --part $*

units: tree
	$(ANSIBLE_TEST) $@ --only $(UNITS)

integration: $(VENV)/.dev
	@$(MAKE) --no-print-directory -j2 --output-sync=target $(SERVERS:%=integration-%)

integration-%:
	@$(BIN)/python tests/tools/lay_out.py $(BUILD)/$*/$(PLACE)
	PYTHONPATH=$(COLLECTIONS)/$* $(BIN)/python tests/tools/run_ansible_test.py $(BUILD)/$*/$(PLACE) integration --server $*

# exec, so that make's SIGTERM reaches the program and no shell in its place.
live: tree
	@PYTHONPATH=$(COLLECTIONS) ANSIBLE_COLLECTIONS_PATH=$(COLLECTIONS) \
		exec $(BIN)/python $(TREE)/tests/tools/live.py $(LIVE_RECORD)

system: tree
	@$(IN_TREE) python -m pytest $(SYSTEM) -n 2 --dist loadgroup $(ARGS)

# The syntax check of a playbook that refuses to run on no hosts takes an inventory that has one.
build lint: export ANSIBLE_INVENTORY := localhost,

# Side by side, in a tree that is laid out once.
lint: tree $(VENV)/.lint
	@$(IN_TREE) ruff check . && ruff format --check .
	@$(MAKE) --no-print-directory -o tree -j2 --output-sync=target build lint-playbooks lint-types lint-docs

lint-playbooks:
	@$(IN_TREE) ansible-lint --offline --strict --profile production

lint-types:
	@$(IN_TREE) mypy

lint-docs:
	@$(IN_TREE) antsibull-changelog lint
	@$(IN_TREE) antsibull-docs lint-collection-docs --plugin-docs --disallow-unknown-collection-refs \
		--validate-collection-refs dependent .

build: tree $(VENV)/.lint
	rm -f $(BUILD)/euc-aws-*.tar.gz
	@$(IN_TREE) ansible-galaxy collection build --output-path $(COLLECTIONS)
	$(BIN)/python tests/tools/check_tarball.py $(TREE) $(BUILD)/euc-aws-*.tar.gz
	@$(IN_TREE) cd $(COLLECTIONS) && python -m galaxy_importer.main euc-aws-*.tar.gz

docs: tree $(VENV)/.lint
	rm -rf $(BUILD)/docs
	mkdir -p -m 755 $(BUILD)/docs/rst
	@$(IN_TREE) antsibull-docs --config-file docs/antsibull-docs.cfg collection --use-current --squash-hierarchy \
		--fail-on-error --dest-dir $(COLLECTIONS)/docs/rst euc.aws
	@$(IN_TREE) sphinx-build -q -W --keep-going -c docs $(COLLECTIONS)/docs/rst $(COLLECTIONS)/docs/html
	@echo "Open $(BUILD)/docs/html/index.html"

mutants: tree
	@$(IN_TREE) python tests/tools/mutants.py $(ARGS)

bench: tree $(BUILD)/venv-bench/.installed
	@$(IN_TREE) $(COLLECTIONS)/venv-bench/bin/python tests/bench/bench.py $(COLLECTIONS)/bench $(ARGS)

$(BUILD)/venv-bench/.installed: requirements.txt requirements-dev.txt requirements-bench.txt
	$(PYTHON) -m venv --clear $(BUILD)/venv-bench
	$(BUILD)/venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	touch $@

matrix: tree
	MAKE="$(MAKE)" tests/tools/matrix.sh

tree: $(VENV)/.dev
	@$(BIN)/python tests/tools/lay_out.py $(TREE)

$(VENV)/.dev: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("$(PYTHON) is Python %d.%d, but 3.11 or later \
	is needed. Name one: make PYTHON=python3.13 ..." % sys.version_info[:2])'
	$(PYTHON) -m venv --clear $(VENV)
	@# To compile the thousands of modules that the packages bring takes minutes, and few are ever imported.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	touch $@

$(VENV)/.lint: requirements-lint.txt $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-lint.txt
	touch $@

clean:
	@test ! -e $(LIVE_RECORD) || { echo "$(LIVE_RECORD) tells what 'make live' has to put back: run that first" >&2; false; }
	rm -rf .build .venv
