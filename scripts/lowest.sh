#!/bin/sh
# Make an environment in build/lowest with the lowest versions of everything that pyproject.toml claims, and run tests in it:
# scripts/lowest.sh tests/labels tests/surveys
# UV_TORCH_BACKEND=cpu takes PyTorch from its makers, without CUDA; else it comes from PyPI, on Linux with gigabytes of it.
set -eu
PYTHON="${PYTHON:-python3.11}"
UV="${UV:-build/uv/bin/uv}"
if ! command -v "$UV" >/dev/null 2>&1; then
  "$PYTHON" -m venv build/uv
  build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
fi
LOWEST=build/lowest/bin/python
"$UV" venv --quiet --clear --python "$PYTHON" build/lowest
# Wheels alone: what has none for this Python cannot be claimed.
"$UV" pip install --quiet --python "$LOWEST" --resolution lowest-direct --only-binary :all: \
  --requirements pyproject.toml --extra report
"$UV" pip install --quiet --python "$LOWEST" pytest pytest-timeout pytest-xdist hypothesis psutil \
  PyWavelets PyYAML fsspec aiohttp dask
PYTHONPATH="$PWD/src" "$LOWEST" -m pytest -q -o addopts=--import-mode=importlib -W ignore "$@"
