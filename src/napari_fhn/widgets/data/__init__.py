"""Surveys in the viewer: opened, placed, ticked as data, and read under the cursor in their own numbers."""
