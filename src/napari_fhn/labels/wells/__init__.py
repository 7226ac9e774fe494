"""Wells: where they begin, which way they go, and what is known along them."""
