"""Predictions: whole or in shards, of this network or an earlier one, kept, counted and tidied."""
