"""What a network may hold so that no sum leaves 32 bits: the worst row counts, whatever the others hold, and the head's too."""

import numpy as np
import pytest

from kilovox.errors import KilovoxError
from kilovox.integer.network import LARGEST_DIFFERENCE, Head, build_network, confidence, logits
from models import random_tensors

UNITS, INPUTS = 5, 13
ROW = INPUTS + UNITS


def with_row(unit, gate, weight, bias):
    """One row of layer 0 with `weight` everywhere and `bias`; all others small."""
    tensors = random_tensors("int8", UNITS, 2)
    tensors["lstm0.weights"][:] = 1
    tensors["lstm0.bias"][:] = 0
    tensors["lstm0.weights"][unit, :, gate] = weight
    tensors["lstm0.bias"][unit, gate] = bias
    return tensors


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("unit", "gate"), [(0, 0), (2, 3), (4, 1)])
def test_one_bad_row_is_enough(unit, gate, sign):
    """An input is -128 at the least: 18 columns of 127 reach 128 * 127 * 18, and with the bias exactly 2^30."""
    room = 2**30 - 128 * 127 * ROW
    build_network(with_row(unit, gate, 127, sign * room), "int8", 2, INPUTS)
    with pytest.raises(KilovoxError, match=f"lstm0: a dot product may reach {2**30 + 1}; expected at most 2\\^30"):
        build_network(with_row(unit, gate, 127, sign * (room + 1)), "int8", 2, INPUTS)


def test_a_row_of_the_second_layer_and_of_the_head():
    tensors = random_tensors("int8", UNITS, 2)
    tensors["lstm1.bias"][3, 2] = -(2**30)
    with pytest.raises(KilovoxError, match="lstm1: a dot product may reach"):
        build_network(tensors, "int8", 2, INPUTS)
    tensors = random_tensors("int8", UNITS, 2)
    tensors["head.weights"][0, :, 7] = 0
    tensors["head.bias"][7] = 2**30 - 1
    build_network(tensors, "int8", 2, INPUTS)
    tensors["head.bias"][7] = 2**30  # two such logits are too far apart for their difference
    with pytest.raises(KilovoxError, match=f"head: a dot product may reach {2**30}; expected less than"):
        build_network(tensors, "int8", 2, INPUTS)
    tensors["head.bias"][7] = 2**30 - 128
    tensors["head.weights"][0, 4, 7] = 1
    with pytest.raises(KilovoxError, match=f"head: a dot product may reach {2**30}"):
        build_network(tensors, "int8", 2, INPUTS)


def test_shifts_of_a_layer_and_of_the_head_end_at_24():
    for name in ("lstm0.shift", "lstm1.shift", "head.shift"):
        tensors = random_tensors("int8", UNITS, 2)
        tensors[name].reshape(-1)[-1] = 24
        build_network(tensors, "int8", 2, INPUTS)
        tensors[name].reshape(-1)[-1] = 25
        with pytest.raises(KilovoxError, match=f"{name.split('.')[0]}: shift 25; expected at most 24"):
            build_network(tensors, "int8", 2, INPUTS)


def test_the_weights_of_powers_of_two_count_as_they_are():
    """Code 7 is 2^7: a row of 18 reaches 128 * 128 * 18."""
    tensors = random_tensors("pow2", UNITS, 2)
    tensors["lstm0.weights"][:] = 0x77
    tensors["lstm0.bias"][:] = 2**30 - 128 * 128 * ROW
    build_network(tensors, "pow2", 2, INPUTS)
    tensors["lstm0.bias"][1, 1] += 1
    with pytest.raises(KilovoxError, match="lstm0: a dot product may reach"):
        build_network(tensors, "pow2", 2, INPUTS)


def test_confidence_of_equal_and_of_far_logits():
    head = Head(np.zeros((4, 1), np.int32), np.zeros(4, np.int32), 3)
    assert confidence(head, np.full((1, 4), 5, np.int32)).tolist() == [255 // 4]
    # 16 octaves of e and more below the largest give nothing.
    far = np.array([[LARGEST_DIFFERENCE << 3, 0, 0, 0]], np.int32)
    assert confidence(head, far).tolist() == [255]
    assert confidence(head, far.repeat(2, 0)).tolist() == [255, 255]
    # ln 2 below: half the share. Q8 after the shift of 3.
    near = np.array([[177 << 3, 0]], np.int32)
    two = Head(head.weights[:2], head.bias[:2], 3)
    assert abs(int(confidence(two, near)[0]) - 170) <= 1


def test_confidence_differs_from_clip_to_clip():
    head = Head(np.zeros((3, 1), np.int32), np.zeros(3, np.int32), 0)
    values = np.array([[0, 0, 0], [600, 0, 0], [0, 200, 100]], np.int32)
    together = confidence(head, values).tolist()
    assert together == [int(confidence(head, values[row : row + 1])[0]) for row in range(3)]
    assert len(set(together)) == 3


def test_the_head_adds_each_label_its_own_bias():
    head = Head(np.array([[1, 0], [0, 1], [-1, -1]], np.int32), np.array([100, -100, 0], np.int32), 0)
    assert logits(head, np.array([[5, -6], [-128, 127]], np.int8)).tolist() == [[105, -106, 1], [-28, 27, 1]]
