"""The surveys of a piece of work, and what is derived from them, as training takes them."""
