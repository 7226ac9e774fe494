"""Training on another machine: what is said over a tunnel, the program that stays there, and the desk's end of it."""
