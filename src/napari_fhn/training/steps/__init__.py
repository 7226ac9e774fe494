"""A training step, and what must hold for it: loss, gradient, the checks that it passes, and its size."""
