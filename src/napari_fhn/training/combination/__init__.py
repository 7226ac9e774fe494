"""A prediction made of its factors: the network, and what follows from labels and data without one.

What a person chooses and what was found is plain data. The factors themselves come from :mod:`napari_fhn.structure`,
asked for when there is something to combine: a machine with torch and numpy alone predicts with the network alone.
"""
