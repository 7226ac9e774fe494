"""Further views of what is on the canvas: the other sections, the map, a fence, planes and bodies in 3D."""
