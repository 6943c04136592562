"""The letters of potentials that cannot be told apart."""

import numpy as np
import pytest

from compute.statistics.groups import letters

rng = np.random.default_rng(3)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], ["a", "a", "a"]),
        ([(0, 1), (0, 2), (1, 2)], ["a", "b", "c"]),
        ([(0, 2)], ["a", "ab", "b"]),  # the middle one is told apart from neither
        ([(0, 1), (0, 2)], ["a", "b", "b"]),
        ([(1, 2)], ["ab", "a", "b"]),
    ],
)
def test_two_potentials_share_a_letter_exactly_where_no_difference_is_measurable(pairs, expected):
    measurable = np.zeros((3, 3), bool)
    for one, other in pairs:
        measurable[one, other] = measurable[other, one] = True
    assert letters(measurable) == expected


def test_letters_of_many_potentials_say_what_the_matrix_says():
    for _ in range(20):
        matrix = np.triu(rng.random((8, 8)) < 0.5, 1)
        matrix |= matrix.T
        found = letters(matrix)
        for i in range(8):
            for j in range(8):
                assert i == j or bool(set(found[i]) & set(found[j])) != matrix[i, j]
