from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from distiliqa.ct import Problem
from distiliqa.pacs.dicomweb.download import Download

URL = "https://pacs/rs/studies/1.2"


@pytest.fixture
def download(tmp_path: Path) -> Download:
    return Download(URL, tmp_path, ())


def test_a_path_is_told_as_its_url(download: Download, tmp_path: Path):
    file = tmp_path / "1.3" / "1.4.5.dcm"
    assert download.text(str(file)) == f"{URL}/series/1.3/instances/1.4.5"
    assert download.text(f"a copy of {file}, of 1.dcm") == (
        f"a copy of {URL}/series/1.3/instances/1.4.5, of 1.dcm"
    )
    assert download.text(f"{file.parent}: no CT") == f"{URL}/series/1.3: no CT"
    assert download.text("elsewhere/1.3/1.4.dcm") == "elsewhere/1.3/1.4.dcm"


def test_its_slices_are_named_as_those_of_the_study_and_read_where_they_are(
    tmp_path: Path, write_series: Callable[..., Path]
):
    folder = write_series(tmp_path / "1.3", 2)
    (folder / "1.dcm").rename(folder / "1.4.dcm")
    (folder / "0.dcm").rename(folder / "1.7.dcm")
    bad = folder / "1.5.dcm"
    bad.write_bytes(b"no DICOM")
    missing = Problem(str(folder / "1.6.dcm"), f"not as {bad}")
    found = Download(URL, tmp_path, (str(folder),), (missing,)).find()
    first = found.index.slices[0]
    assert found.inputs == (URL,)
    assert first.path == first.file_name == f"{URL}/series/1.3/instances/1.4"
    assert first.read().path == first.path
    assert found.index.failed[0].path == f"{URL}/series/1.3/instances/1.5"
    assert found.index.failed[1].reason == f"not as {URL}/series/1.3/instances/1.5"
    assert found.expected == {first.series: 4}
    assert str(tmp_path) not in repr((found.index.failed, found.index.left_out, first))
