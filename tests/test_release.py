"""What a release has to pass, and that workflows, recipe and forms say what the project says."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from release_check import bill, licences, words

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CITED = 'version: 1.2.0\ndate-released: "2026-02-01"\n'


def project(folder, log, cited=CITED):
    (folder / "CHANGELOG.md").write_text(log)
    (folder / "CITATION.cff").write_text(cited)
    return folder


def test_what_is_in_this_checkout_may_be_released_one_day():
    assert words(ROOT, "") == []


def test_a_tag_wants_its_date_its_entry_and_its_citation(tmp_path):
    log = "# Changelog\n\n## [1.2.0] - 2026-02-01\n\n### Added\n\n- A thing.\n\n## [1.1.0] - 2026-01-01\n\n- Older.\n"
    assert words(project(tmp_path, log), "1.2.0") == []
    (wrong,) = words(project(tmp_path, log), "1.3.0")
    assert wrong == "the tag is v1.3.0, and the newest entry of CHANGELOG.md is 1.2.0"
    (wrong,) = words(project(tmp_path, log.replace("2026-02-01", "unreleased")), "1.2.0")
    assert wrong == "CHANGELOG.md calls 1.2.0 'unreleased': write the date of the release"
    assert words(project(tmp_path, log.replace("- A thing.\n", "")), "1.2.0") == ["CHANGELOG.md says nothing of 1.2.0"]
    assert words(project(tmp_path, log, "version: 1.1.0\n"), "1.2.0") == [
        "CITATION.cff is of 1.1.0, CHANGELOG.md of 1.2.0", "CITATION.cff has no date-released"
    ]  # fmt: skip
    assert "CHANGELOG.md has no entry" in words(project(tmp_path, "# Nothing\n"), "")[0]


def test_licences_are_listed_for_people_and_for_programs(tmp_path):
    packages = [{"name": "Some_Thing", "version": "1.0", "licence": "MIT | Apache-2.0"}]
    assert "| Some_Thing | 1.0 | MIT / Apache-2.0 |" in licences(packages, tmp_path / "licences.md").read_text()
    (one,) = json.loads(bill(packages, tmp_path / "sbom.json").read_text())["components"]
    assert one["purl"] == "pkg:pypi/some-thing@1.0"


def test_the_recipe_of_conda_asks_for_what_the_project_asks_for():
    recipe = (ROOT / "packaging" / "conda" / "meta.yaml").read_text()
    asked = set(re.findall(r"(?m)^        - ([a-z0-9-]+ >=[0-9.]+)$", recipe))
    lines = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["viewer"]]
    wanted = {line.lower().replace(">=", " >=").replace("torch ", "pytorch ") for line in lines}
    assert wanted - asked == set()
    assert asked - wanted == {"hatchling >=1.27", "hatch-vcs >=0.4", "pyqt >=6"}


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_a_workflow_is_one(path):
    read = yaml.safe_load(path.read_text())
    assert {"name", "jobs", "permissions"} <= set(read)
    for job in read["jobs"].values():
        assert "timeout-minutes" in job or job.get("environment") == "pypi"
        assert all("uses" in step or "run" in step for step in job["steps"])


def test_every_python_that_is_claimed_is_tested():
    claimed = [one.split(" :: ")[-1] for one in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", one)]
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())["jobs"]
    assert jobs["linux"]["strategy"]["matrix"]["python"] == claimed
    assert PROJECT["requires-python"] == f">={claimed[0]}"
    for extra in ("desk", "desk-pyside"):
        assert extra in PROJECT["optional-dependencies"]


def test_the_forms_ask_for_what_the_doctor_says():
    for name in ("fault", "file"):
        form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml").read_text())
        (asked,) = [one for one in form["body"] if one.get("id") == "doctor"]
        assert "napari-fhn doctor" in asked["attributes"]["description"]
        assert asked["validations"]["required"]
