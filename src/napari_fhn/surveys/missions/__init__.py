"""What imaging spectrometers deliver: EnMAP and DESIS with their metadata, EMIT and AVIRIS-NG brought onto the map.

A scene in the geometry of its sensor has no rows and columns on a map. Where the mission's own table says which pixel
each cell of the map shows, that is what is opened; otherwise pixels are counted, and it is said.
"""
