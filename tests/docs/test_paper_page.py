"""The page that lays the paper beside the program shows what the program counts."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "paper.md"


@pytest.fixture(scope="module")
def paper():
    """The script that makes it, which lies beside another one that it takes from."""
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        yield importlib.import_module("paper")
    finally:
        sys.path.remove(str(ROOT / "docs"))
        for name in ("paper", "figures"):
            sys.modules.pop(name, None)


TABLES = ("table-1", "full-steps", "table-2-and-3", "table-5", "table-6", "figure-3", "figure-12", "depth", "block")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_the_program_says_now(paper, name):
    text = PAGE.read_text(encoding="utf-8")
    assert paper.renewed(text, name, paper.TABLES[name](), "paper") == text, "run: python docs/paper.py"


def test_counted_memory_has_the_digits_that_are_printed(paper):
    for row in paper.table_1().splitlines()[2:]:
        _, states, own_states, kernels, own_kernels = [cell.strip() for cell in row.strip("|").split("|")]
        for printed, counted in ((states, own_states), (kernels, own_kernels)):
            digits = len(printed.partition(".")[2])
            rounded, cut = f"{float(counted):.{digits}f}", counted[: len(printed)]
            assert printed in (rounded, cut)  # 2.196 is printed as 2.19


def test_every_layer_is_as_printed(paper):
    rows = [*paper.table_2_and_3().splitlines(), *paper.table_6().splitlines()]
    assert sum("| yes |" in row for row in rows) == 16 + 10
    assert not any("| no |" in row for row in rows)


def test_figure_2_has_its_three_panels(paper):
    figure = paper.figure_2()
    assert [len(axes.lines) for axes in figure.axes] == [3, 3, 3]
    paper.plt.close(figure)
    for name in paper.FIGURES:
        assert (ROOT / "docs" / "images" / f"paper-{name}.png").stat().st_size < 150_000


def test_studies_are_of_the_network_alone_and_of_draws_that_all_values_share(paper):
    for what in ("rank", "depth", "block"):
        found = paper.study(what)
        assert all(len(values) > 2 for values in found.values())
        assert found
        for values in found.values():
            shared = [{run["draw"] for run in runs} for runs in values.values()]
            assert min(shared, key=len) == max(shared, key=len)
            assert all(run["method"].endswith("-alone") for runs in values.values() for run in runs)
    assert len(paper.study("rank")) > 1


def test_a_rank_is_enough_where_the_best_is_not_ahead_by_more_than_draws_differ(paper):
    def runs(*ious):
        return [{"draw": f"seed{n}", "score": {"mean_iou": iou}} for n, iou in enumerate(ious)]

    # Draws differ much from each other, and little from rank to rank.
    assert paper.turning({1: runs(0.3, 0.5, 0.7), 4: runs(0.4, 0.6, 0.8), 8: runs(0.42, 0.62, 0.815)}) == (8, 8)
    assert paper.turning({1: runs(0.3, 0.5, 0.7), 4: runs(0.4, 0.6, 0.8), 8: runs(0.43, 0.61, 0.78)}) == (8, 4)
    # One draw says nothing about its error.
    assert paper.turning({1: runs(0.595), 2: runs(0.58), 4: runs(0.6), 8: runs(0.59)}) == (4, 1)


def test_an_unknown_part_is_a_sentence(paper, capsys):
    assert paper.main(["table-9"]) == 2
    assert "There is no table-9" in capsys.readouterr().err


def numbers(cell: str) -> set[str]:
    """Read ``2.1 to 2.4`` or ``4, 5, 6``."""
    if " to " in cell:
        first, last = cell.split(" to ")
        chapter, _, begin = first.rpartition(".")
        end = last.rpartition(".")[2]
        return {f"{chapter}.{number}" for number in range(int(begin), int(end) + 1)}
    return set(cell.split(", "))


def test_every_equation_table_and_figure_of_the_paper_has_its_place():
    text = PAGE.read_text(encoding="utf-8")
    cells = re.findall(r"^\| ([\d., to]+?) \|", text, re.MULTILINE)
    found = set().union(*map(numbers, cells))
    equations = {f"2.{n}" for n in range(1, 14)} | {f"3.{n}" for n in range(14, 21)} | {"1.21"}
    assert equations <= found
    assert {str(n) for n in range(1, 14)} <= found
    headings = " ".join(re.findall(r"^## (Table.*)$", text, re.MULTILINE))
    assert {int(n) for n in re.findall(r"\b[1-6]\b", headings)} == set(range(1, 7))


def test_the_tests_that_the_page_names_are_there():
    named = set(re.findall(r"\btest_\w+\.py", PAGE.read_text(encoding="utf-8")))
    assert {name for name in named if not list((ROOT / "tests").rglob(name))} == set()
