from __future__ import annotations

import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from distiliqa.ct import index_ct
from distiliqa.ct.dicom import deflated
from distiliqa.errors import CTReadError


@pytest.mark.filterwarnings("ignore:The value")
def test_a_deflated_bomb_is_refused(tmp_path, write_ct, body, monkeypatch):
    monkeypatch.setattr(deflated, "MAX_BYTES", 1 << 20)
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.ImageComments = "0" * (1 << 20)
    bare = pydicom.Dataset(dict(dataset.items()))
    bare.file_meta = dataset.file_meta
    bare.save_as(path, enforce_file_format=True)
    assert path.stat().st_size < 1 << 17
    with pytest.raises(CTReadError, match="inflates to more than 1 MiB"):
        index_ct(path)
    monkeypatch.undo()
    assert len(index_ct(path).slices) == 1
