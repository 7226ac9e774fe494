"""What may be written and taken away where a job says, and what stays where a disk is full."""
