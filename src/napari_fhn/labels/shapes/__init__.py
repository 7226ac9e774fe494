"""Points, lines and areas with a class, out of files of every kind, as labels."""
