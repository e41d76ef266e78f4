from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from tests.support.command_line import invoke

from distiliqa.scoring import model
from distiliqa.scoring.model import load_model


@pytest.fixture
def score(tiny_model):
    def run(*args):
        return invoke("score", *args, "--model", tiny_model)

    return run


def test_a_structured_report_of_each_series(tmp_path, score, write_series):
    from distiliqa.pacs.results.earlier_reports import read_scores

    write_series(tmp_path / "in" / "a", 3)
    write_series(tmp_path / "in" / "b", 2, SeriesInstanceUID="1.2.4")
    done = score(tmp_path / "in", "--out", tmp_path / "out", "--sr")
    assert done.exit_code == 0, done.output
    counts = [len(read_scores(path)) for path in (tmp_path / "out" / "sr").iterdir()]
    assert sorted(counts) == [2, 3]


def test_a_damaged_file_of_another_series_makes_no_report_partial(tmp_path, score, write_series):
    write_series(tmp_path / "in" / "a", 3)
    damaged = write_series(tmp_path / "in" / "b", 2, SeriesInstanceUID="1.2.4") / "0.dcm"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    done = score(tmp_path / "in", "--out", tmp_path / "out", "--sr")
    assert done.exit_code == 1
    reports = [pydicom.dcmread(path) for path in (tmp_path / "out" / "sr").iterdir()]
    # The evidence names the images that were scored.
    flags = {_evidence(report): report.CompletionFlag for report in reports}
    assert flags == {3: "COMPLETE", 1: "PARTIAL"}


def _evidence(report):
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    return len(series.ReferencedSOPSequence)


def test_a_series_that_can_have_none_is_reported_and_the_others_go_on(
    tmp_path, score, write_series
):
    write_series(tmp_path / "in" / "a", 3)
    np.save(tmp_path / "in" / "b.npy", np.zeros((2, 64, 64), np.float32))
    done = score(tmp_path / "in", "--out", tmp_path / "out", "--sr")
    assert done.exit_code == 1
    line = f"not written: {tmp_path / 'in' / 'b.npy'}: not a DICOM image"
    assert [shown.startswith(line) for shown in done.stderr.splitlines()] == [True]
    assert len(list((tmp_path / "out" / "sr").iterdir())) == 1


@pytest.mark.parametrize("option", [["--sr"], ["--heatmaps", "png"]])
def test_files_need_a_folder(tmp_path, score, write_series, option):
    done = score(write_series(tmp_path), *option)
    assert done.exit_code == 2
    assert "--out" in done.stderr


@pytest.fixture
def mapping(monkeypatch, tiny_model):
    """Let the model have a local quality map."""
    plain = load_model(tiny_model)

    class Mapping(model.Model):
        def score_prepared(self, slices, *args, **options):
            heatmap = np.full((16, 16), 3, np.float32)
            for scored in plain.score_prepared(slices):
                yield replace(scored, heatmap=heatmap)

    config = replace(plain.config, heatmap=(16, 16))
    loaded = Mapping(plain.folder, config, plain.session)
    monkeypatch.setattr(model, "load_model", lambda *args, **options: loaded)


@pytest.mark.usefixtures("mapping")
def test_heatmaps_of_all_kinds(tmp_path, score, write_series):
    kinds = [word for kind in ("png", "nifti", "dicom") for word in ("--heatmaps", kind)]
    done = score(write_series(tmp_path / "in"), "--out", tmp_path / "out", *kinds)
    assert done.exit_code == 0, done.output
    folder, dicom, nifti = sorted((tmp_path / "out" / "heatmaps").iterdir())
    assert folder.name == dicom.stem == nifti.name.removesuffix(".nii.gz")
    assert len(list(folder.glob("*.png"))) == 3
    assert pydicom.dcmread(dicom).NumberOfFrames == 3
    assert nibabel.load(nifti).shape == (64, 64, 3)


@pytest.mark.usefixtures("mapping")
def test_a_series_that_can_have_no_volume_still_has_pictures(tmp_path, score):
    np.save(tmp_path / "a.npy", np.zeros((2, 64, 64), np.float32))
    kinds = ["--heatmaps", "png", "--heatmaps", "nifti"]
    done = score(tmp_path / "a.npy", "--out", tmp_path / "out", *kinds)
    assert done.exit_code == 1
    assert f"not written: {tmp_path / 'a.npy'}: does not say where" in done.stderr
    assert len(list((tmp_path / "out" / "heatmaps").glob("*/*.png"))) == 2


@pytest.mark.usefixtures("mapping")
def test_lengths_of_no_patient_cost_their_series_alone(tmp_path, score, write_series, write_ct):
    pytest.importorskip("reportlab", reason="needs the extra pdf")
    write_series(tmp_path / "in" / "sound")
    write_series(tmp_path / "in" / "flat", SeriesInstanceUID="1.2.4", PixelSpacing=[0, 0])
    for n in range(2):
        far = {"ImagePositionPatient": ["1e30", "1e30", "1e30"], "SeriesInstanceUID": "1.2.5"}
        write_ct(tmp_path / "in" / "far" / f"{n}.dcm", np.zeros((64, 64)), **far)
    options = ["--pdf", "--sr", "--heatmaps", "png", "--heatmaps", "nifti", "--heatmaps", "dicom"]
    done = score(tmp_path / "in", "--out", tmp_path / "out", *options)
    assert done.exit_code == 1
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF")
    made = {path.name: path for path in (tmp_path / "out" / "heatmaps").iterdir()}
    assert len(list((tmp_path / "out" / "sr").iterdir())) == 3
    assert sum(path.is_dir() for path in made.values()) == 3
    assert "RuntimeWarning" not in done.stderr
    assert sum(name.endswith(".nii.gz") for name in made) == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("not written: ")]
    for folder in ("flat", "far"):
        assert any(str(tmp_path / "in" / folder) in line for line in lines)


def test_a_model_without_a_map_is_reported_before_scoring(tmp_path, score, write_series):
    done = score(write_series(tmp_path / "in"), "--out", tmp_path / "out", "--heatmaps", "png")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: the model tiny has no local quality map; leave out")
    assert not (tmp_path / "out").exists()


def test_a_missing_extra_is_reported_before_scoring(tmp_path, score, write_series, monkeypatch):
    monkeypatch.setattr("distiliqa.extras.find_spec", lambda name: None)
    done = score(write_series(tmp_path / "in"), "--out", tmp_path / "out", "--sr")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: DICOM results need the extra pacs")
    assert not Path(tmp_path / "out").exists()
