"""The structure of the data, and what follows from it without training a network.

Dips of reflectors, what is known carried along them, models of single pixels, patches, attributes: arrays in, out.
It knows nothing of torch, files of surveys or windows. Nothing is imported here: some of it needs no more than numpy.
"""
