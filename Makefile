# make demo, make test: everything else is made on the way. See `make help`.

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

# As many threads as this process may use; libraries left alone may count processors that belong to others.
export OMP_NUM_THREADS ?= $(shell nproc 2>/dev/null || echo 2)

# Compiled files are kept between the hundred processes of the tests, whatever the environment says; `make clean` removes
# them.
unexport PYTHONDONTWRITEBYTECODE

# Without a display a Linux window opens on a virtual one.
ifeq ($(shell uname -s)$(DISPLAY)$(WAYLAND_DISPLAY),Linux)
ON_A_DISPLAY := QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1400x900x24"
CLOSE := --close
endif

# Three processes of tests, a file to one of them, each on a virtual display of its own; where there is none, one. One
# more than the two processors of a small machine: a tenth of the time of a test is spent waiting for others.
# Looked for when it is used: `system` may bring it.
# A room, or several: make test ROOM=labels, ROOM="labels surveys/segy".
ROOM ?=
TESTS = $(addprefix tests/,$(ROOM)) $(PYTEST_ARGS)

BESIDE = $(if $(shell command -v Xvfb 2>/dev/null),-n 3 --dist loadfile --no-loadscope-reorder)

LINT = $(VENV)/bin/ruff check && $(VENV)/bin/ruff format --check && $(VENV)/bin/mypy && $(VENV)/bin/lint-imports --no-logo --no-cache

.PHONY: help demo test lint coverage guide docs notebooks samples clean system lowest release-check

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1|/' | awk -F'|' '{printf "make %-13s %s\n", $$1, $$2}'

demo: $(STAMP) system ## open napari on the bundled survey, train, report IoU against the truth
	@$(ON_A_DISPLAY) $(PY) -m napari_fhn.widgets.demo $(CLOSE)

# Processes, each on a virtual display of its own where the machine has none. Each computes with its half of the
# processors: threads that wait for processors another process has cost more than they bring.
HALF = export OMP_NUM_THREADS=$$(( OMP_NUM_THREADS > 1 ? OMP_NUM_THREADS / 2 : 1 ))

test: $(STAMP) system ## all tests, real windows among them, and lint beside them; ROOM=labels for those of a room
	@{ $(LINT); } > $(VENV)/lint.log 2>&1 & lint=$$!; \
	$(HALF); \
	$(PY) -m pytest $(BESIDE) $(TESTS); tests=$$?; \
	wait $$lint; lint=$$?; cat $(VENV)/lint.log; \
	if [ $$tests = 0 ] && [ $$lint != 0 ]; then echo "make test: the tests pass, but make lint does not (above)."; fi; \
	exit $$((tests ? tests : lint))

lint: $(STAMP) ## ruff, mypy and the arrows between the rooms
	@$(LINT)

# At least 75 % of what has windows and 90 % of the rest. What a process wrote that a test killed cannot be read.
coverage: $(STAMP) system ## how much of the code the tests go through, lines and branches; twice as long as the tests
	@rm -rf .coverage; mkdir .coverage; $(HALF); \
	$(PY) -m coverage run -m pytest -q $(BESIDE) $(TESTS); tests=$$?; \
	$(PY) -m coverage combine -q 2> /dev/null; rm -f .coverage/data.*; \
	$(PY) -m coverage report --format=markdown > .coverage/report.md; \
	$(PY) -m coverage report --format=total --omit='*/widgets/*' | sed 's/$$/ % outside widgets/'; \
	$(PY) -m coverage report --format=total --include='*/widgets/*' | sed 's/$$/ % inside widgets/'; \
	$(PY) -m coverage report --omit='*/widgets/*' --fail-under=90 > /dev/null; outside=$$?; \
	$(PY) -m coverage report --include='*/widgets/*' --fail-under=75 > /dev/null; inside=$$?; \
	exit $$((tests ? tests : outside ? outside : inside))

guide: $(STAMP) system ## take the pictures of the user guide again, from the running program
	@$(ON_A_DISPLAY) $(PY) docs/guide.py

docs: $(STAMP) ## build the documentation as a site, in build/site; every link and every name in it is checked
	@$(PY) -c "import latex2mathml, material, mkdocstrings" 2> /dev/null || \
	  $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build && echo "build/site/index.html"

notebooks: $(STAMP) ## execute the notebooks of the documentation again, and keep what comes out
	@$(PY) -c "import ipykernel, nbclient" 2> /dev/null || \
	  $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	@$(PY) docs/notebooks/execute.py

# An environment of its own, with the oldest of everything that pyproject.toml claims; windows are left out.
LOWEST_TESTS ?= tests/surveys tests/labels tests/structure tests/network tests/training tests/project tests/cli tests/api
lowest: ## the tests that need no window, with the lowest versions that are claimed
	@scripts/lowest.sh $(LOWEST_TESTS)

release-check: $(STAMP) ## change log, wheel and sdist, built and tried in a fresh environment; licences listed
	@$(PY) scripts/release_check.py

samples: $(STAMP) ## make the bundled samples again (they come out the same)
	PYTHONPATH=scripts $(PY) -m samples.make_seismic
	PYTHONPATH=scripts $(PY) -m samples.make_hyperspectral

clean: ## remove what make has made
	rm -rf $(VENV) build dist demo-output .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find src tests -name __pycache__ -prune -exec rm -rf {} +

system:
	@scripts/system_libraries.sh

$(STAMP): pyproject.toml constraints.txt scripts/environment.sh
	@scripts/environment.sh
	@touch $@
