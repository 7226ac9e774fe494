"""A piece of work: what was opened and how, what is known, its runs, and what made its predictions.

Surveys, knowledge and settings become one `Job` here, for the dock, the command line and Python alike.
"""
