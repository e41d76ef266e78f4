"""A small scoring run to report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.made import CALIBRATED

from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.model import load_model
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.run import score_inputs
from distiliqa.scoring.slice_score import Comparison


@pytest.fixture(scope="session")
def run(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, write_series: Callable[..., Path]
) -> ScoringRun:
    """Two series of 3 and 1 slices, one file that cannot be read and one that is no CT."""
    folder = tmp_path_factory.mktemp("scans")
    write_series(folder / "thorax", 3, PatientID="DOE^JANE", CTDIvol=1 / 3)
    write_series(folder / "abdomen", 1, SeriesInstanceUID="1.2.4", PatientID="DOE^JANE", KVP=None)
    write_series(folder / "magnet", 1, SeriesInstanceUID="1.2.5", Modality="MR")
    (folder / "broken.dcm").write_text("no DICOM")
    return score_inputs([folder], load_model(tiny_model))


@pytest.fixture
def compared(run: ScoringRun) -> ScoringRun:
    """The run with a reference that two slices of the second series match."""
    found = {
        1: Comparison("full/a.dcm", ssim=0.5, psnr=20.0, vif=1 / 3, gmsd=0.25),
        2: Comparison("full/b.dcm", ssim=1.0, psnr=None, vif=None, gmsd=0.0),
    }
    slices = tuple(
        replace(slice_, comparison=found.get(n, Comparison()))
        for n, slice_ in enumerate(run.slices)
    )
    hashes = run.sha256 | {"full/a.dcm": "aa"}
    return replace(run, slices=slices, reference="full", sha256=hashes)


@pytest.fixture
def denoised(run: ScoringRun) -> ScoringRun:
    """The run by a model that finds two slices of the second series denoised."""
    flagged = {"processed": 0.875, "counts_as_processed": True, "warnings": (LOST_DETAIL,)}
    slices = [replace(slice_, processed=0.125) for slice_ in run.slices]
    slices[2:] = [replace(slice_, score=slice_.score - 0.3, **flagged) for slice_ in slices[2:]]
    return replace(run, model=replace(run.model, **CALIBRATED), slices=tuple(slices))
