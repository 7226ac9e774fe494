"""What a piece of work gives to other programs."""
