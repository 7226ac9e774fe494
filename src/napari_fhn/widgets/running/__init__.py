"""Step 4 of the dock: training and predicting as one sees and steers it."""
