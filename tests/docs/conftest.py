"""The window and the dock of the widgets' tests."""

from __future__ import annotations

from tests.widgets.conftest import dock, little_garbage, quick_processes, viewer  # noqa: F401
