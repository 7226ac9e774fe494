"""What is said to a process that takes nothing waits, and stays small."""

from __future__ import annotations

import io
import json
import os
import threading
import time

from napari_fhn.engine.outbox import Outbox


class Slow(io.BytesIO):
    """Takes nothing until it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.said: list[dict] = []
        self.ended = threading.Event()

    def write(self, line) -> int:
        self.may.wait(60)
        self.said.append(json.loads(line))
        return len(line)

    def close(self) -> None:
        self.ended.set()
        super().close()


def settled(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def test_of_a_kind_the_last_one_counts_and_work_keeps_its_order():
    stream = Slow()
    outbox = Outbox(stream)
    outbox.put({"do": "stop"})
    assert settled(lambda: not len(outbox))  # it is being written, and is not taken
    for number in range(5_000):
        outbox.put({"do": "focus", "focus": {"axis": 0, "index": number}})
        outbox.put({"do": "give way"})
    outbox.put({"do": "pause"})
    outbox.put({"do": "stop"})
    outbox.put({"do": "train", "job": {}})
    for number in range(100):
        outbox.put({"do": "revert", "step": number})
        outbox.put({"do": "pause" if number % 2 else "resume"})
    assert len(outbox) == 6
    stream.may.set()
    assert settled(lambda: len(stream.said) == 7)
    assert [one["do"] for one in stream.said] == ["stop", "focus", "give way", "stop", "train", "revert", "pause"]
    assert stream.said[1]["focus"]["index"] == 4_999
    assert stream.said[5]["step"] == 99
    outbox.close()
    assert stream.ended.wait(60)


def test_a_full_pipe_holds_up_nobody():
    out, into = os.pipe()
    outbox = Outbox(os.fdopen(into, "wb", 0))
    outbox.put({"do": "train", "job": "x" * (1 << 20)})  # more than any pipe holds
    began = time.monotonic()
    for number in range(1_000):
        outbox.put({"do": "focus", "focus": {"axis": 0, "index": number}})
    outbox.close()
    assert time.monotonic() - began < 1
    os.close(out)  # whoever was to read it is gone, and the thread ends
    assert settled(lambda: not any(t.name == "fhn-engine-outbox" for t in threading.enumerate()))
