"""Items are made while others are used: in order, two at a time, and with nobody left behind."""

import threading

import pytest
import torch

from napari_fhn.training.machine.ahead import ahead


def of_this_name() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]


def test_the_next_item_is_made_while_the_last_one_is_used():
    made, begun = [], [threading.Event() for _ in range(4)]

    def items():
        for number, event in enumerate(begun):
            event.set()
            made.append(number)
            yield number

    found = []
    for number in ahead(items()):
        found.append(number)
        if number + 1 < len(begun):
            assert begun[number + 1].wait(10)  # nobody asked for it yet
        assert len(made) <= number + 2
    assert found == [0, 1, 2, 3]
    assert not of_this_name()


def test_what_goes_wrong_is_raised_where_the_item_would_have_come():
    def items():
        yield 1
        raise ValueError("the second")

    taken = ahead(items())
    assert next(taken) == 1
    with pytest.raises(ValueError, match="the second"):
        next(taken)
    assert not of_this_name()


def test_whoever_takes_no_more_leaves_no_thread():
    taken = ahead(iter(range(10**9)))
    assert next(taken) == 0
    taken.close()
    assert not of_this_name()


def test_it_computes_with_as_many_threads_as_are_given_to_whoever_takes_the_items():
    before = torch.get_num_threads()

    def items():
        while True:
            yield torch.get_num_threads()

    taken = ahead(items())
    try:
        assert next(taken) == before
        torch.set_num_threads(before + 1)
        next(taken)  # made before it was heard
        next(taken)
        assert next(taken) == before + 1
    finally:
        torch.set_num_threads(before)
        taken.close()
