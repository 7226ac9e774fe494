"""Everything a person touches: readers and samples for napari, and the dock that labels, trains and exports.

The only room that knows Qt and napari. It never imports torch: training happens in the engine's process.
"""
