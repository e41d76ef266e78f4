from __future__ import annotations

import gc
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError, NotCTError


@pytest.mark.parametrize("dtype", [np.int16, np.float16, np.float64])
def test_a_slice(tmp_path, body, read_one, dtype):
    np.save(tmp_path / "a.npy", body.astype(dtype))
    np.testing.assert_allclose(read_one(tmp_path / "a.npy").hu, body, atol=0.5)


def test_a_stack(tmp_path, body):
    stack = np.stack([body, body + 1])
    np.save(tmp_path / "a.npy", stack)
    refs = index_ct(tmp_path / "a.npy").slices
    np.testing.assert_array_equal([ref.read().hu for ref in refs], stack)


class Cycle:
    """What the garbage collector takes away, and lets other threads run meanwhile."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        sum(range(50))


@pytest.fixture
def restless():
    """Threads that take turns and collect garbage as often as they can."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(10)
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("restless")
def test_many_threads_read_at_once(tmp_path, body):
    np.save(tmp_path / "a.npy", body)

    def read(_: int) -> bool:
        for _ in range(3):
            Cycle()
        return np.array_equal(index_ct(tmp_path / "a.npy").slices[0].read().hu, body)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(300)))


@pytest.mark.parametrize("shape", [(64,), (2, 2, 64, 64), (0, 64, 64), ()])
def test_other_shapes_are_errors(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(CTReadError, match=r"is no CT slice; give HU as \(rows, columns\)"):
        index_ct(tmp_path / "a.npy")


def test_pickled_objects_are_not_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(CTReadError, match="not readable as a NumPy array"):
        index_ct(tmp_path / "a.npy")


def test_bytes_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((64, 64), np.uint8))
    with pytest.raises(NotCTError, match="uint8 hold no HU"):
        index_ct(tmp_path / "a.npy")


def test_a_cut_file_is_an_error(tmp_path, body):
    path = tmp_path / "a.npy"
    np.save(path, body)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CTReadError, match="not readable as a NumPy array"):
        index_ct(path)
    path.write_bytes(b"")
    with pytest.raises(CTReadError, match="not readable as a NumPy array"):
        index_ct(path)


def test_infinite_values_are_an_error(tmp_path, body):
    np.save(tmp_path / "a.npy", np.where(body > 600, np.inf, body))
    with pytest.raises(CTReadError, match=r"a\.npy: holds nan or infinite"):
        index_ct(tmp_path / "a.npy").slices[0].read()


def test_a_stack_with_the_slices_last_is_an_error(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((64, 64, 40)))
    with pytest.raises(CTReadError, match=r"looks like \(rows, columns, slices\); give HU as"):
        index_ct(tmp_path / "a.npy")


def test_a_header_that_is_longer_than_any_is_not_read(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x02\x00" + (1 << 30).to_bytes(4, "little"))
    os.truncate(path, 1 << 31)  # takes no room on disk
    with pytest.raises(CTReadError, match="not readable as a NumPy array") as error:
        index_ct(path)
    assert "a header of 1073741824 bytes" in str(error.value.__cause__)


def test_what_follows_an_array_is_not_lost_in_silence(tmp_path, body):
    with open(tmp_path / "a.npy", "wb") as file:
        np.save(file, body)
        np.save(file, body + 1)
    with pytest.raises(CTReadError, match="longer than its header states"):
        index_ct(tmp_path / "a.npy")


def test_more_slices_than_any_series_has_are_refused(tmp_path):
    np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.int16, (20_001, 32, 32))
    with pytest.raises(CTReadError, match="20001 slices are more than any series has; give files"):
        index_ct(tmp_path / "a.npy")


def test_values_that_no_sum_can_hold_are_an_error(tmp_path, body, read_one):
    np.save(tmp_path / "a.npy", np.where(body > 600, 3e38, body))
    with pytest.raises(CTReadError, match=r"holds values of 3e\+38, which are no HU; replace them"):
        index_ct(tmp_path / "a.npy").slices[0].read()
    # Some tools write the lowest number there is outside of the field of view.
    np.save(tmp_path / "b.npy", np.where(body < -900, -3e38, body))
    assert read_one(tmp_path / "b.npy").hu.min() == -1000
