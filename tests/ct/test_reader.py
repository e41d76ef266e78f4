from __future__ import annotations

import warnings

import numpy as np
import pytest

from distiliqa.ct import CTWarning, read_ct
from distiliqa.errors import CTReadError


def test_slices_come_in_reading_order_and_the_rest_is_named(tmp_path, write_ct, body):
    for name, z in [("a", 2), ("b", 0), ("c", 1)]:
        write_ct(tmp_path / name, body + z, ImagePositionPatient=[0, 0, z])
    write_ct(tmp_path / "scout", body, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    cut = write_ct(tmp_path / "cut", body, ImagePositionPatient=[0, 0, 9])
    cut.write_bytes(cut.read_bytes()[:-3000])
    with pytest.warns(CTWarning) as caught:
        images = list(read_ct(tmp_path))
    assert [image.position_mm for image in images] == [0, 1, 2]
    np.testing.assert_array_equal(images[1].hu, body + 1)
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == 2
    assert texts[0].startswith(str(tmp_path / "scout"))
    assert texts[1].startswith(str(cut))


def test_a_good_folder_reads_in_silence(tmp_path, write_ct, body):
    write_ct(tmp_path / "a", body)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CTWarning)
        assert len(list(read_ct(str(tmp_path)))) == 1


def test_a_single_broken_file_raises(tmp_path, write_ct, body):
    path = write_ct(tmp_path / "a.dcm", body)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.warns(CTWarning), pytest.raises(CTReadError, match=r"a\.dcm: the pixels"):
        list(read_ct(path))
