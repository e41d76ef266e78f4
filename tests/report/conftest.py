"""A small scoring run to report."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.made import CALIBRATED, SECRETS, with_facts

from distiliqa.ct import DoseEvent, DoseReport, SeriesDose
from distiliqa.ct.dose_events import DoseCheck
from distiliqa.ct.header_facts import Identification
from distiliqa.ct.series_dose import Doses, UnmatchedEvent
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.levels import Levels, Range
from distiliqa.scoring.model import load_model
from distiliqa.scoring.protocol_rules import ProtocolRule, ProtocolRules
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


@pytest.fixture
def dosed(run: ScoringRun) -> ScoringRun:
    """The run with the dose of its first series, and an event without a series."""
    event = DoseEvent(
        2,
        "1.1",
        "1.1.7",
        ctdivol_mgy=10.5,
        ctdi_phantom="113691",
        ctdi_phantom_cm=32,
        dlp_mgy_cm=420.0,
        acquisition_type="Spiral Acquisition",
        protocol="5.2 CHEST of Doe",
        dose_check=DoseCheck(dlp_alert_mgy_cm=300.0, dlp_accumulated_mgy_cm=420.0),
    )
    doses = Doses(
        {
            run.series[0].series: SeriesDose(event),
            run.series[1].series: SeriesDose(reasons=("slices state no study UID",)),
        },
        (UnmatchedEvent("in/rdsr.dcm", event, "no slices of it were given"),),
    )
    return replace(run, doses=doses, dose_reports=(DoseReport("in/rdsr.dcm", (event,)),))


@pytest.fixture
def leveled(run: ScoringRun) -> ScoringRun:
    """The run with rules and levels: the first series in range, the second below and not known."""
    alone, *thorax = run.slices
    scan = Identification(series_description="Chest of Doe", protocol_name="Thorax")
    rules = ProtocolRules(
        "rules.csv",
        (
            ProtocolRule("chest", {"series_description": re.compile("chest", re.IGNORECASE)}),
            ProtocolRule("abdomen", {"body_part": re.compile("abd", re.IGNORECASE)}),
        ),
    )
    levels = Levels(
        "levels.csv",
        {
            "abdomen": {"noise_hu": Range(None, 1000.0)},
            "chest": {"score_mean": Range(3.99, None), "mtf50_per_mm": Range(0.25, 0.4)},
        },
    )
    slices = (alone, *(with_facts(slice_, identification=scan) for slice_ in thorax))
    return replace(run, slices=slices, protocols=rules, levels=levels)


@pytest.fixture
def named(run: ScoringRun) -> ScoringRun:
    """The run with all facts that name a scan."""
    slices = tuple(with_facts(slice_, identification=SECRETS) for slice_ in run.slices)
    return replace(run, slices=slices)
