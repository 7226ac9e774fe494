"""Horizons tracked from a few picks: the same event followed from trace to trace, the surest steps first.

`growing` is the tracker, `events` finds peaks, troughs and zero crossings, `pages` reads the survey where it is needed.
"""
