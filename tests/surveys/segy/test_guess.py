"""Finding survey numbers: what text says, what fields look like, what is remembered."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from napari_fhn import surveys
from napari_fhn.surveys import segy
from napari_fhn.surveys.segy import remembered as segy_remembered
from napari_fhn.surveys.segy.text import decode_text, hint_of_layout, hint_of_lines, looks_like_text, text_lines
from survey_files import segy as factory


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch) -> Path:
    """A store of its own: tests must not see, or touch, what a person has chosen."""
    place = tmp_path / "remembered" / "readings.json"
    monkeypatch.setenv(segy_remembered.VARIABLE, str(place))
    return place


def test_guesses_are_ranked_and_say_why(tmp_path):
    path = tmp_path / "a.sgy"
    factory.volume(path, places=(9, 21))
    found = segy.guesses(path)
    assert [guess.score for guess in found] == sorted((guess.score for guess in found), reverse=True)
    best = found[0]
    assert (best.inline_byte, best.crossline_byte, best.how, best.kind) == (9, 21, "habit", "volume")
    assert (best.x_byte, best.y_byte, best.filled) == (181, 185, 1.0)
    said = " ".join(best.evidence)
    for words in (
        "6 inlines (100 to 105) x 7 crosslines (300 to 306)",
        "100 % of neighbours",
        "agree: bins of 25 x 12.5",
    ):
        assert words in said
    ways = {guess.how for guess in found}
    assert {"coordinates", "order", "standard"} <= ways
    assert next(guess for guess in found if guess.how == "standard").score == 0
    # What was guessed, and why, is said on opening.
    assert any("found at bytes 9 and 21" in note for note in surveys.open(path).attrs["notes"])


def test_the_standard_place_needs_no_words(tmp_path):
    path = tmp_path / "a.sgy"
    factory.volume(path)
    assert surveys.open(path).attrs["notes"] == ()
    assert (segy.guesses(path)[0].inline_byte, segy.guesses(path)[0].score) == (189, 0.95)


def test_coordinates_decide_between_two_pairs_of_numbers(tmp_path):
    """Bytes 189 and 193 hold a full grid too, but not the one the traces lie on."""
    path = tmp_path / "a.sgy"
    n = np.arange(42)
    factory.volume(path, places=(9, 21), more=lambda i, j: {189: 1 + n // 14, 193: 1 + n % 14})
    assert surveys.open(path).attrs["header_bytes"] == (9, 21)


def test_a_map_can_be_drawn_before_opening(tmp_path):
    path = tmp_path / "a.sgy"
    survey = factory.Survey()
    factory.volume(path, survey, more=lambda i, j: {29: np.where(i == 1, 2, 1)})
    preview = segy.preview(path)
    i, j = preview.inline - 100, preview.crossline - 300
    np.testing.assert_array_equal(preview.traces, np.arange(42))
    np.testing.assert_allclose(np.stack([preview.x, preview.y]), np.stack(survey.xy(i, j)), atol=0.006)
    np.testing.assert_array_equal(preview.dead, i == 1)
    in_order = next(guess for guess in segy.guesses(path) if guess.how == "order")
    assert not segy.preview(path, in_order).inline.any()


LINES = [
    ("INLINE: 189, XLINE: 193,", "BYTE LOCATION OF KEY HEADERS", (189, 193)),
    ("Inline number               : bytes 5-8 \nXline number                : bytes 21-24", "", (5, 21)),
    ("In-line:     9 (4-byte int)\nX-line:      21 (4-byte int)", "Byte positions:", (9, 21)),
    ("I/X bytes: 9 / 21", "", (9, 21)),
    ("Inline number in bytes 189-192, crossline number in bytes 193-196.", "", (189, 193)),
    ("IL BYTES 17-20, XL BYTES 13-16", "", (17, 13)),
    ("BYTES 9-12 INLINE; BYTES 21-24 CROSSLINE", "", (9, 21)),
    ("First inline: 100  Last inline: 150\nFirst xline:  210   Last xline:  351", "", None),
    ("inlines: 111 .. 133, crosslines: 875 .. 892", "", None),
    ("Inline number : bytes 5-8\nInline number : bytes 9-12\nXline number : bytes 21-24", "", None),
    ("Inline: byte 9\nCrossline: byte 9", "", None),
    ("INLINE BYTE 500 XLINE BYTE 21", "", None),
]


@pytest.mark.parametrize(("text", "before", "pair"), LINES)
def test_bytes_are_read_out_of_sentences(text, before, pair):
    hint = hint_of_lines([before, *text.splitlines()])
    assert (None if hint is None else (hint.inline_byte, hint.crossline_byte)) == pair


def test_text_and_standard_that_disagree_are_both_said(tmp_path):
    path = tmp_path / "a.sgy"
    text = ["C 1", "C 2 INLINE BYTES 9-12, XLINE BYTES 21-24"]
    factory.volume(path, text=text, more=lambda i, j: {9: 1 + i, 21: 1 + j})
    survey = surveys.open(path)
    assert survey.attrs["header_bytes"] == (189, 193)
    assert any("inline_byte=9, crossline_byte=21" in note for note in survey.attrs["notes"])
    factory.volume(path, text=text, more=lambda i, j: {9: 100 + i, 21: 300 + j})
    assert surveys.open(path).attrs["notes"] == ()


def test_text_that_is_wrong_is_not_followed(tmp_path):
    path = tmp_path / "a.sgy"
    factory.volume(path, text=["C 1", "C 2 INLINE BYTES 73-76, XLINE BYTES 77-80"])
    assert surveys.open(path).attrs["header_bytes"] == (189, 193)


@pytest.mark.parametrize(
    "xml",
    [
        "<segy-layout><entry name='iline' byte='1' type='int4'/></segy-layout>",
        "<segy-layout><entry name='iline' byte='999' type='int4'/><entry name='xline' byte='5' type='int4'/>"
        "</segy-layout>",
        "<segy-layout><entry name='iline' byte='1' </segy-layout>",
        "<!DOCTYPE a [<!ENTITY b 'bbbb'>]><segy-layout>&b;</segy-layout>",
        "nothing </segy-layout>",
    ],
)
def test_a_layout_that_cannot_be_used_is_passed_over(xml):
    assert hint_of_layout(f"((SEG:Layout:text/xml)){xml}".encode()) == (None, "")


def test_text_is_told_from_bytes_in_either_code():
    card = "C 1 CLIENT NOBODY, AREA NOWHERE".ljust(3200)
    for code in ("ascii", "cp037"):
        assert looks_like_text(card.encode(code))
        assert decode_text(card.encode(code)) == card
    assert not looks_like_text(np.random.default_rng(0).bytes(3200))
    assert not looks_like_text(bytes(3200))
    broken = "\r\n".join(f"line {k}" for k in range(40)).ljust(3200)
    assert text_lines(broken.encode())[3] == "line 3"


def test_history_is_the_text_header(tmp_path):
    path = tmp_path / "a.sgy"
    factory.volume(path, text=["C 1 SHOT BY A CREW", "C 2", "C 3 STACKED"])
    assert surveys.open(path).attrs["history"] == "C 1 SHOT BY A CREW\nC 3 STACKED"


def test_depth_is_asked_for_and_feet_become_metres(tmp_path):
    path = tmp_path / "a.sgy"
    factory.volume(path, text="C 1 PSDM VOLUME", feet=True, interval_us=5000)
    survey = surveys.open(path, vertical="depth")
    assert any("speaks of depth ('C 1 PSDM VOLUME')" in note for note in survey.attrs["notes"])
    assert survey["depth"].attrs["units"] == "m"
    np.testing.assert_allclose(survey["depth"], 0.3048 * 5 * np.arange(20))


def test_wrong_sample_formats_are_suspected(tmp_path):
    path = tmp_path / "a.sgy"
    survey = factory.Survey(n=(6, 7, 200))
    waves = np.random.default_rng(0).normal(size=(42, 200)).astype(np.float32)
    il, xl = (k.ravel() for k in np.meshgrid(np.arange(6), np.arange(7), indexing="ij"))
    for code, other in ((1, 5), (5, 1)):
        headers = {189: 1 + il, 193: 1 + xl, 29: 1} | survey.coordinates(il, xl)
        factory.write(path, waves, headers, code=code, interval_us=2000)
        assert not any("may be" in note for note in surveys.open(path).attrs["notes"])
        content = bytearray(path.read_bytes())
        content[3224:3226] = other.to_bytes(2, "big")
        path.write_bytes(content)
        assert any(f"sample_format={code}" in note for note in surveys.open(path).attrs["notes"])
        np.testing.assert_allclose(surveys.open(path, sample_format=code).values.reshape(42, 200), waves, rtol=1e-5)
    with pytest.raises(surveys.SurveyError, match="sample_format=99 is not read"):
        surveys.open(path, sample_format=99)


def test_a_choice_is_remembered_for_the_survey_and_not_for_its_name(tmp_path, store):
    path = tmp_path / "a.sgy"
    hidden = partial(factory.volume, places=(57, 61), xy=None, order=lambda n: np.random.default_rng(1).permutation(n))
    hidden(path)
    assert surveys.open(path).ndim == 2
    assert not store.exists()
    chosen = surveys.open(path, inline_byte=57, crossline_byte=61, remember=True)
    assert chosen.shape == (6, 7, 20)
    again = surveys.open(path)
    assert again.shape == chosen.shape
    assert again.attrs["notes"][0] == "Read as remembered (inline_byte=57, crossline_byte=61)."
    renamed = path.rename(tmp_path / "b.sgy")
    assert surveys.open(renamed).shape == chosen.shape
    # What is asked for goes before what is remembered.
    assert surveys.open(renamed, line=True).ndim == 2
    factory.volume(path)
    assert surveys.open(path).attrs["notes"] == ()
    segy_remembered.forget(renamed)
    assert surveys.open(renamed).ndim == 2
    assert sorted(file.name for file in store.parent.iterdir()) == [store.name]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"surveys": 3}', '{"surveys": {"KEY": 3}}', '{"surveys": {"KEY": {"options": [1]}}}',
     '{"surveys": {"KEY": {"options": {"inline_byte": "9", "line": 1, "unknown": 3}}}}',
     '{"surveys": {"KEY": {"options": {"inline_byte": 9000}}}}', "[" * 100_000, "\x00\xff" * 100],
)  # fmt: skip
def test_a_damaged_store_never_hurts(tmp_path, store, content):
    path = tmp_path / "a.sgy"
    factory.volume(path)
    store.parent.mkdir()
    store.write_bytes(content.replace("KEY", segy_remembered.fingerprint(path)).encode("latin-1"))
    assert surveys.open(path).shape == (6, 7, 20)
    assert surveys.open(path, inline_byte=189, remember=True).shape == (6, 7, 20)
    assert surveys.open(path).attrs["notes"][0].startswith("Read as remembered")


def test_the_store_stays_small_and_says_when_it_cannot_be_written(tmp_path, store, monkeypatch):
    monkeypatch.setattr(segy_remembered, "_MOST", 3)
    for k in range(5):
        path = tmp_path / f"{k}.sgy"
        factory.volume(path, text=f"C 1 SURVEY {k}")
        segy_remembered.remember(path, {"line": True})
    kept = json.loads(store.read_text())["surveys"]
    assert [entry["name"] for entry in kept.values()] == ["2.sgy", "3.sgy", "4.sgy"]
    monkeypatch.setenv(segy_remembered.VARIABLE, str(path / "in a file"))
    with pytest.raises(surveys.SurveyError, match="cannot be remembered"):
        surveys.open(path, line=True, remember=True)


def test_coordinates_can_be_asked_for(tmp_path):
    path = tmp_path / "a.sgy"
    factory.volume(path, xy=(209, 213), more=lambda i, j: {181: 7 + i, 185: 7 + j * j})
    assert surveys.open(path).attrs["geometry"] is None
    asked = surveys.open(path, x_byte=209, y_byte=213)
    np.testing.assert_allclose(asked.attrs["geometry"].bin_size, (25, 12.5), rtol=1e-3)
    again = surveys.open(path, **asked.attrs["read_as"])
    assert again.attrs["geometry"] == asked.attrs["geometry"]
    # Numbers there are, but places are to come from coordinates.
    counted = surveys.open(path, inline_byte=0, crossline_byte=0, x_byte=209, y_byte=213, remember=True)
    assert counted["inline"].values.tolist() == [1, 2, 3, 4, 5, 6]
    assert surveys.open(path).coords.equals(counted.coords)
    with pytest.raises(surveys.SurveyError, match="coordinates make no grid"):
        surveys.open(path, inline_byte=0, crossline_byte=0)


def test_a_survey_with_gaps_travels_and_is_read_by_many(tmp_path):
    path = tmp_path / "a.sgy"
    truth = factory.volume(path, keep=lambda i, j: (i * j) % 4 != 1)
    survey = pickle.loads(pickle.dumps(surveys.open(path)))
    with ThreadPoolExecutor(8) as pool:
        for k, section in enumerate(pool.map(lambda k: np.asarray(survey[:, k % 7, ::2]), range(100))):
            np.testing.assert_array_equal(section, truth.values[:, k % 7, ::2])
    np.testing.assert_array_equal(survey[[4, 1], :, [3, 0]].values, truth.values[[4, 1]][..., [3, 0]])
