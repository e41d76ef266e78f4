from __future__ import annotations

from pathlib import Path

import pytest
from tests.scoring.test_result import scoring_run, slice_score

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


def test_a_run_is_told_as_one_over_the_study(download: Download, tmp_path: Path):
    file, bad = tmp_path / "1.3" / "1.4.dcm", tmp_path / "1.3" / "1.5.dcm"
    run = scoring_run(
        slice_score(1, "1.3", path=str(file)),
        failed=(Problem(str(bad), f"not as {file}"),),
        left_out=(Problem(str(bad.parent), "no CT"),),
        sha256={str(file): "aa"},
        inputs=(str(tmp_path / "1.3"),),
    )
    told = download.run(run)
    assert told.inputs == (URL,)
    assert told.sha256_of(told.slices[0].path) == "aa"
    assert str(tmp_path) not in repr(told)
    assert told.failed[0].reason == f"not as {URL}/series/1.3/instances/1.4"
