"""What other distributions add is found when it is needed, checked, and never in the way."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from napari_fhn import plugins
from napari_fhn.plugins import Plugin, PluginWarning, Registry

GROUP = "napari_fhn.tests"


def anything(name: str, value: object) -> object:
    return value


def test_things_are_found_by_distribution_and_name(distribution):
    distribution("b-things", {"b_things": "one = 1\ntwo = 2"}, f"[{GROUP}]\ntwo = b_things:two\none = b_things:one\n")
    distribution("a-things", {"a_things": "three = 3"}, f"[{GROUP}]\nthree = a_things:three\n")
    found = plugins.discover(GROUP, anything)
    assert [(one.name, one.distribution, one.value) for one in found] == [
        ("three", "a-things 1.2", 3),
        ("one", "b-things 1.2", 1),
        ("two", "b-things 1.2", 2),
    ]
    assert str(found[0]) == "the plugin 'three' of a-things 1.2"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("import surely_not_installed", "No module named 'surely_not_installed'"),
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("def broken(:", "SyntaxError"),
        ("other = 1", "has no attribute 'thing'"),
    ],
)
def test_a_broken_one_is_named_and_the_others_stay(distribution, code, why):
    distribution("broken-things", {"broken_things": code}, f"[{GROUP}]\nbroken = broken_things:thing\n")
    distribution("good-things", {"good_things": "thing = 1"}, f"[{GROUP}]\ngood = good_things:thing\n")
    with pytest.warns(PluginWarning, match="'broken' of broken-things 1.2 is left out") as heard:
        found = plugins.discover(GROUP, anything)
    assert why in str(heard[0].message)
    assert [one.name for one in found] == ["good"]


def test_one_that_is_not_what_the_group_asks_for_is_named(distribution):
    def check(name: str, value: object) -> object:
        raise TypeError("it is no number")

    distribution("odd-things", {"odd_things": "thing = 1"}, f"[{GROUP}]\nodd = odd_things:thing\n")
    with pytest.warns(PluginWarning, match=r"'odd' of odd-things 1.2 is left out: TypeError: it is no number\."):
        assert plugins.discover(GROUP, check) == ()


def test_of_two_of_one_name_the_first_counts(distribution):
    distribution("a-things", {"a_things": "thing = 1"}, f"[{GROUP}]\nsame = a_things:thing\n")
    distribution("b-things", {"b_things": "thing = 2"}, f"[{GROUP}]\nsame = b_things:thing\n")
    with pytest.warns(PluginWarning, match="of a-things 1.2 has that name already"):
        (found,) = plugins.discover(GROUP, anything)
    assert found.value == 1


def test_a_plugin_that_fails_when_it_is_asked_says_no():
    plugin = Plugin("p", "things 1.2", None)
    assert plugin.asked(lambda: "yes")
    assert not plugin.asked(lambda: None)
    with pytest.warns(PluginWarning, match="'p' of things 1.2 fails"):
        assert not plugin.asked(lambda: 1 / 0)

    def missing() -> bool:
        raise FileNotFoundError

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not plugin.asked(missing)


def test_ours_are_found_without_looking_for_others():
    asked = []

    def others() -> tuple[Plugin[int], ...]:
        asked.append(1)
        return (Plugin("c", "things 1.2", 3), Plugin("a", "things 1.2", 4))

    things = Registry({"a": 1, "b": 2}, others)
    assert things["a"] == 1
    assert "b" in things
    assert not asked
    with pytest.warns(PluginWarning, match="'a' is a name of napari-fhn's own"):
        assert things["c"] == 3
    assert list(things) == ["a", "b", "c"]
    assert len(things) == 3
    assert things["a"] == 1
    assert asked == [1]
    with pytest.raises(KeyError):
        things["d"]
    assert set(things.plugins) == {"c"}
    assert repr(things) == "Registry(a, b, c)"


def test_a_registry_is_changed_like_a_dictionary(monkeypatch):
    things = Registry({"a": 1}, tuple)
    with monkeypatch.context() as patch:
        patch.setitem(things, "a", 5)
        patch.setitem(things, "z", 6)
        assert dict(things) == {"a": 5, "z": 6}
    assert dict(things) == {"a": 1}


def test_looking_again_finds_what_was_installed_since(distribution):
    things = Registry({"a": 1}, lambda: plugins.discover(GROUP, anything))
    assert list(things) == ["a"]
    distribution("late-things", {"late_things": "thing = 2"}, f"[{GROUP}]\nlate = late_things:thing\n")
    assert dict(things) == {"a": 1, "late": 2}


def test_looking_for_plugins_imports_the_standard_library_alone():
    code = (
        "import sys; from napari_fhn import plugins; plugins.discover('napari_fhn.tests', lambda name, value: value);"
        "sys.exit(str({'numpy', 'xarray', 'torch', 'pydantic'} & set(sys.modules) or '') or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
