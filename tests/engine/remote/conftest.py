"""The small layered survey of the tests of training."""

from training.conftest import layered

__all__ = ["layered"]
