"""Sessions of the desk: what is open and how it is looked at, kept beside the labels and reopened as it was."""
