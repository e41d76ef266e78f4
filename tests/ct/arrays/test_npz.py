"""NumPy archives: each array is a slice or a stack; damage costs the array alone."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError


def test_slices_and_stacks_are_named_by_their_array(tmp_path: Path, body: np.ndarray) -> None:
    path = tmp_path / "a.npz"
    stack = np.asfortranarray(np.stack([body, body + 1]))
    np.savez_compressed(path, one=body.astype(np.int16), stack=stack)
    slices = index_ct(path).slices
    assert [(info.path, info.frame) for info in slices] == [
        (f"{path}/one", 0),
        (f"{path}/stack", 0),
        (f"{path}/stack", 1),
    ]
    np.testing.assert_allclose(slices[0].read().hu, body, atol=1)
    np.testing.assert_array_equal(slices[2].read().hu, stack[1])
    assert slices[0].file == path


def test_what_is_no_slice_is_left_out(tmp_path: Path, body: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", hu=body, mask=body > 0, size=np.array([1.0, 2.0]))
    index = index_ct(tmp_path / "a.npz")
    assert [Path(info.path).name for info in index.slices] == ["hu"]
    reasons = {Path(problem.path).name: problem.reason for problem in index.left_out}
    assert reasons.keys() == {"mask", "size"}


def test_a_header_that_states_more_than_there_is_takes_no_memory(tmp_path: Path) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": (20000, 4096, 4096)}
    content = io.BytesIO()
    np.lib.format.write_array_header_2_0(content, header)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("big.npy", content.getvalue() + bytes(100))
    with pytest.raises(CTReadError, match="of another length than its header states"):
        index_ct(tmp_path / "a.npz")


def test_objects_are_never_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", evil=np.array([{"a": 1}], dtype=object))
    with pytest.raises(CTReadError, match="holds no CT slice"):
        index_ct(tmp_path / "a.npz")


def test_a_folder_does_not_look_inside(tmp_path: Path, body: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", body)
    np.savez(tmp_path / "labels.npz", quality=body)
    (tmp_path / "notes.txt").write_text("notes")
    index = index_ct(tmp_path)
    assert [Path(info.path).name for info in index.slices] == ["a.npy"]
    assert [problem.reason for problem in index.left_out] == [
        "1 .npz, read only where it is given by itself",
        "1 file that is no image",
    ]


def test_a_folder_of_nothing_else_is_refused_with_what_to_do(
    tmp_path: Path, body: np.ndarray
) -> None:
    for name in ("a", "b"):
        np.savez(tmp_path / f"{name}.npz", hu=body)
    with pytest.raises(CTReadError, match=r"2 \.npz, read only where it is given by itself"):
        index_ct(tmp_path)
