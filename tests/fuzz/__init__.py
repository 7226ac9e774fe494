"""Damaged files for every reader: a sentence or a result, soon, in little memory, and nothing else.

``python -m tests.fuzz`` runs it from the command line, ``NAPARI_FHN_FUZZ=100000`` makes the test run as many. Each
input is known by its reader, seed and number, and can be made again.
"""
