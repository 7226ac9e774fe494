#!/bin/sh
# Make an environment in build/lowest with the lowest versions of everything that pyproject.toml claims, and run tests in it:
# scripts/lowest.sh tests/labels tests/surveys
set -eu
PYTHON="${PYTHON:-python3.11}"
UV="${UV:-build/uv/bin/uv}"
if ! command -v "$UV" >/dev/null 2>&1; then
  "$PYTHON" -m venv build/uv
  build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
fi
LOWEST=build/lowest/bin/python
"$UV" venv --quiet --clear --python "$PYTHON" build/lowest
# Wheels alone: what has none for this Python cannot be claimed. torch is that of constraints.txt.
"$UV" pip install --quiet --python "$LOWEST" --resolution lowest-direct --only-binary :all: --constraints constraints.txt \
  --requirements pyproject.toml --extra report
"$UV" pip install --quiet --python "$LOWEST" pytest pytest-timeout pytest-xdist hypothesis psutil PyWavelets
PYTHONPATH="$PWD/src" "$LOWEST" -m pytest -q -o addopts=--import-mode=importlib -W ignore "$@"
