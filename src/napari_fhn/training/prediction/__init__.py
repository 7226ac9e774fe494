"""What a network says of a survey: cut into tiles, put together, written, and what made it written down."""
