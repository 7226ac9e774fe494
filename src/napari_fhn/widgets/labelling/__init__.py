"""What the person knows: the label layer, its classes, and everything that is burnt into it."""
