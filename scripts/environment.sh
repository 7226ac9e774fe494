#!/bin/sh
# Make the virtual environment .venv with the package, Qt and the test tools in it.
# PYTHON=/path/to/python chooses the interpreter; else the newest of those named below that is 3.11 or later.
# EXTRAS=desk-pyside,report,test chooses what comes along, such as the other Qt.
set -eu
EXTRAS="${EXTRAS:-desk,report,cluster,onnx,test}"

newest() {
  for name in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      echo "$name"
      return
    fi
  done
  echo "napari-fhn needs Python 3.11 or later, and there is none called ${PYTHON:-python3.13, python3.12, python3.11 or python3}." \
    "Install one, or say where it is: make PYTHON=/path/to/python3" >&2
  return 1
}

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
  python="$(newest)"
  if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    version="$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')"
    command="apt-get install -y --no-install-recommends $version-venv"
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
      apt-get update -qq && env DEBIAN_FRONTEND=noninteractive $command -qq >/dev/null
    else
      echo "$python cannot make virtual environments. Please type this, then run make again: sudo $command" >&2
      exit 1
    fi
  fi
  echo "Making .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv
fi
# The pip that comes with a Python can be years old. uv does the same in a fifth of the time, but does not read how pip is
# set up: torch comes by pip, which may be told of a build without CUDA nearby, and where uv fails pip does the rest, too.
pip() {
  .venv/bin/python -m pip "$@" --quiet --quiet --disable-pip-version-check
}
pip install --upgrade pip uv || true
echo "Installing napari-fhn and what it needs into .venv (some minutes the first time)"
# What is imported is compiled then, and kept: to compile everything here takes longer than to unpack it.
pip install --no-compile -c constraints.txt torch
.venv/bin/python -m uv pip install --quiet --python .venv/bin/python -c constraints.txt -e ".[$EXTRAS]" ||
  pip install --no-compile -c constraints.txt -e ".[$EXTRAS]"
