"""Tables as people write them: how lines fall into cells, what columns mean, and the values that mean nothing."""
