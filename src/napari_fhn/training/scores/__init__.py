"""How well a prediction does: on labels of training and on those left out, and what that says of the survey."""
