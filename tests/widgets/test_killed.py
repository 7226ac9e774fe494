"""A window that is killed while somebody paints loses no stroke; `benchmarks/kills.py` kills many."""

from __future__ import annotations

from tests.test_kills import kills, pytestmark  # noqa: F401


def test_no_stroke_is_lost_where_a_window_is_killed(tmp_path):
    (found,) = kills(tmp_path / "kills.json", "--kills", "1", "--only", "painting")
    assert found["said"] > 0
    assert found["lost"] == []
