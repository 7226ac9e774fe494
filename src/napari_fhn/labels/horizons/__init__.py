"""Horizons: picks and surfaces out of files, on the traces of a survey, and as labels."""
