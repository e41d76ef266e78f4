from __future__ import annotations

from pathlib import Path

import pydicom.filereader
import pytest
from tests.support.command_line import invoke
from tests.support.slices import write_series

from distiliqa.ct.dicom import read

ALL = ["--pdf", "--sr", "--heatmaps", "png", "--heatmaps", "nifti", "--heatmaps", "dicom"]


def test_all_outputs_read_each_header_and_decode_each_slice_twice_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    headers, slices = [], []
    read_header, decode = pydicom.filereader.read_partial, read.decode_frame
    monkeypatch.setattr(
        pydicom.filereader,
        "read_partial",
        lambda *given, **more: headers.append(1) or read_header(*given, **more),
    )
    monkeypatch.setattr(
        read, "decode_frame", lambda *given, **more: slices.append(1) or decode(*given, **more)
    )
    series, out = write_series(tmp_path / "in", 4), tmp_path / "out"
    result = invoke("score", series, "--out", out, *ALL)
    assert result.exit_code == 0, result.output
    assert (len(headers), len(slices)) == (8, 8)
    written = {path.name for path in out.iterdir()}
    assert {"report.html", "report.pdf", "scores.csv", "sr", "heatmaps"} <= written
    assert {path.suffix for path in (out / "heatmaps").iterdir()} == {"", ".gz", ".dcm"}
