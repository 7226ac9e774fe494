"""Step 3 of the dock: which network, trained how, and what that will need of the computer."""
