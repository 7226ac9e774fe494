"""XML is read without entities, whatever its encoding, and by whoever reads some."""

from __future__ import annotations

import codecs
from xml.etree import ElementTree

import pytest

from napari_fhn import surveys
from napari_fhn.surveys import SurveyError, markup

MANY = "<!DOCTYPE a [<!ENTITY b 'bbbbbbbbbb'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>"


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("text", [MANY, "<!DOCTYPE a><a/>", "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a'><a/>"])
def test_what_declares_a_type_is_refused_before_any_entity_is_looked_at(text, code):
    with pytest.raises(markup.DeclaresEntities):
        markup.parsed(text.encode(code))


def test_bytes_in_any_order_are_read():
    text = "<a><b c='d'>é</b><!-- <!DOCTYPE a> --></a>"
    forms = [(text, "utf-8"), (f"<?xml version='1.0' encoding='latin-1'?>{text}", "latin-1")]
    found = [markup.parsed(one.encode(code)) for one, code in forms]
    for mark, code in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        found.append(markup.parsed(mark + text.encode(code)))
    assert [(one.tag, one.find("b").text, one.find("b").get("c")) for one in found] == [("a", "é", "d")] * 4
    with pytest.raises(ElementTree.ParseError):
        markup.parsed(b"<a>")


@pytest.mark.parametrize("code", ["utf-8", "utf-16"])
def test_a_virtual_raster_that_could_have_entities_is_none(tmp_path, code):
    path = tmp_path / "a.vrt"
    text = "<VRTDataset rasterXSize='2' rasterYSize='2'>&c;</VRTDataset>"
    path.write_text(MANY.replace("<a>&c;</a>", text), encoding=code)
    with pytest.raises(SurveyError, match=r"does not begin as a \.vrt file does"):
        surveys.open(path)
