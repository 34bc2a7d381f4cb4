"""What a decision comes to: nothing was heard, something that is none of the labels, or a label."""

NOTHING, UNKNOWN, LABEL = 0, 1, 2
NAMES = ("nothing", "unknown", "label")
"""By outcome."""
