"""Runs: what a training will be, its job, what it begins with, and all that it leaves."""
