"""The folder of a piece of work: its manifest, its one writer, and what is mended when it is opened."""
