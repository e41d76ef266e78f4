from __future__ import annotations

from distiliqa.dose_response.shared_mean import SharedMean, shared_mean


def test_only_slices_that_have_a_value_at_all_doses_count():
    found = shared_mean([(1.0, 2.0), (3.0, 6.0), (None, 9.0), (100.0, None)])
    assert found == SharedMean((2.0, 4.0), 2, 2)
    assert found.at(1) == 4.0


def test_no_such_slice_has_no_mean():
    found = shared_mean([(1.0, None), (None, 2.0)])
    assert found == SharedMean((), 0, 2)
    assert found.at(0) is None
