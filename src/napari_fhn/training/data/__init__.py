"""What a network is shown: surveys as channels over space, labels, and the blocks that are drawn around them."""
