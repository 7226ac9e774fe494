"""Step 5 of the dock: what to make of a prediction: compare it, tidy it, score it, take it along."""
