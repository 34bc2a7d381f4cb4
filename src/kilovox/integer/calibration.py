"""What a confidence is worth: from how sure a network is to how often it is right when it is so sure, in integers.

A model holds the share of right detections, of 255, at KNOTS values of its own confidence, every 16; between them it is linear.
"""

from collections.abc import Sequence

KNOT_BITS = 4
KNOTS = (256 >> KNOT_BITS) + 1
IDENTITY = tuple(range(0, 257, 1 << KNOT_BITS))
"""Of a model that nobody's words calibrated: what it says is what it was."""


def calibrated(sure: int, knots: Sequence[int]) -> int:
    """`sure`, of 255, as a share of right ones, of 255, rounded half up; never less where `sure` is more.

    knots: KNOTS of them, none less than the one before, 0 to 255, or IDENTITY.
    """
    place, beyond = sure >> KNOT_BITS, sure & ((1 << KNOT_BITS) - 1)
    total = knots[place] * ((1 << KNOT_BITS) - beyond) + knots[place + 1] * beyond
    return (total + (1 << (KNOT_BITS - 1))) >> KNOT_BITS
