"""More like this: what a survey looks like around each place, and where else it looks like that.

`describing` says in a few numbers what data look like around the cells of a `lattice` (`textures` for seismic data,
`pixels` for maps and cubes); `likeness` compares all of them with examples; `places` are the best of what comes out.
"""
