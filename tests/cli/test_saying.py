"""What is told beside results: errors in JSON, what happens as it does, a log, a bar, the end by Ctrl-C."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from napari_fhn.cli import commands, info, main, saying


def test_errors_are_json_where_that_was_asked_for(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "absent.sgy", "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    found = json.loads(told.err)
    assert (found["kind"], found["code"]) == ("Error", 2)
    assert found["message"].startswith("absent.sgy: there is no such file")
    # What is wrong with the options themselves, too, and only in the call that asked for it.
    assert main(["info", "--json", "--bogus"]) == 2
    assert "unrecognized arguments: --bogus" in json.loads(capsys.readouterr().err)["message"]
    assert main(["train", "absent.sgy"]) == 2
    assert capsys.readouterr().err.startswith("napari-fhn: absent.sgy: ")


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_log_says_what_was_typed_and_what_led_to_an_error(tmp_path, capsys, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    words, more = ["train", "absent.sgy"], ["--log-file", "log.txt", "-v"]
    assert main([*more, *words] if place == "before" else [*words, *more]) == 2
    text = (tmp_path / "log.txt").read_text()
    assert "INFO napari_fhn: napari-fhn " in text
    assert "absent.sgy" in text
    assert "Traceback" in text
    assert "SurveyError" in text
    assert "ended after" in text
    assert "Traceback" in capsys.readouterr().err, "-v says so at once"
    # It is added to, and nothing of it stays behind in this process.
    assert main(["train", "absent.sgy", "--log-file", "log.txt"]) == 2
    assert (tmp_path / "log.txt").read_text().startswith(text)
    assert "Traceback" not in capsys.readouterr().err
    assert [type(handler) for handler in saying.log.handlers] == [logging.NullHandler]


def test_a_log_that_cannot_be_written_is_a_sentence(tmp_path, capsys):
    assert main(["info", "sample:seismic", "--log-file", str(tmp_path / "nowhere" / "log.txt")]) == 2
    assert capsys.readouterr().err.strip().endswith("nowhere/log.txt: No such file or directory")


def test_a_log_is_added_to_no_file_that_is_none(tmp_path, capsys, monkeypatch):
    """A survey with lines of text behind it has another size, and is read by nobody."""
    monkeypatch.chdir(tmp_path)
    for name, content in {"survey ü.sgy": b"\xc3" * 4000, "wells.csv": b"well,x,y\nA,1,2\n", "short": b"2"}.items():
        Path(name).write_bytes(content)
        for words in (["info", "sample:seismic", "--log-file", name], ["--log-file", name, "info", "sample:seismic"]):
            assert main(words) == 2
            assert f"{name}: it is no log" in capsys.readouterr().err
        assert Path(name).read_bytes() == content
    Path("empty.txt").touch()
    assert main(["recipes", "--log-file", "empty.txt"]) == 0
    assert saying.may_be_log("empty.txt")
    assert Path("empty.txt").stat().st_size


def test_who_stops_is_told_what_is_left(capsys, monkeypatch):
    def stopped(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(info, "run", stopped)
    monkeypatch.setattr(commands, "_parser_with", commands._parser_with.__wrapped__)  # else one that names the other
    assert main(["info", "sample:seismic"]) == 130
    assert "nothing is left half written" in capsys.readouterr().err


def test_a_terminal_sees_how_far_it_is_and_a_pipe_does_not(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    saying.told("Copying")(0.5)
    with saying.busy("Scoring"):
        pass
    assert "Copying:  50 %" in capsys.readouterr().err
    with saying.speaking("napari-fhn", as_json=True, verbose=False, log_file=None):
        saying.told("Copying")(0.5)
        saying.say(["", "a note"])
    assert json.loads(capsys.readouterr().err) == {"kind": "Note", "message": "a note"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(shell, capsys):
    pytest.importorskip("shtab")
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert {
        word for word in ("train", "--session", "--log-file", "probabilities", "sections") if word not in script
    } == set()


def test_the_package_runs_as_the_command(monkeypatch, capsys):
    import runpy

    monkeypatch.setattr(sys, "argv", ["napari_fhn", "--version"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("napari_fhn", run_name="__main__")
    assert capsys.readouterr().out.strip() == commands.__version__
