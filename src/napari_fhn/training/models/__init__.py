"""Trained networks on disk: saved, described, taken over, put aside, and given to other programs."""
