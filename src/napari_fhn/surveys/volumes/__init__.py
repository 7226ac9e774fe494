"""Seismic volumes in bricks, by the libraries of those who made them: OpenVDS and ZGY.

Both libraries are extras. They are imported when such a file is opened, and read the bricks that are looked at.
"""
