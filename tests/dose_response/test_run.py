from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tools.phantom.body import body_phantom

from distiliqa.dose_response.run import dose_response
from distiliqa.errors import DistiliqaError
from distiliqa.scoring.model import Model
from distiliqa.scoring.run import score_inputs
from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.kernels import named_kernel

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory, write_body: Write) -> str:
    return str(write_body(tmp_path_factory.mktemp("body"), 5))


def test_quality_falls_with_the_dose(series: str, model: Model):
    seen = []
    found = dose_response(
        series, model, doses=(0.5, 0.1), slices=3, progress=lambda *at: seen.append(at)
    )
    assert found.doses == [1, 0.5, 0.1]
    assert [slice_.position_mm for slice_ in found.points[0].slices] == [0, 10, 20]
    means = [point.mean for point in found.points]
    assert means[0] > means[1] > means[2]
    middle = np.s_[38:58, 38:58]
    deviations = [hu[middle].std() for hu in found.shown]
    assert deviations[2] / deviations[0] == pytest.approx(10**0.5, rel=0.2)
    assert found.least == 3
    assert seen[-1] == (9, 9)
    assert [hu.shape for hu in found.shown] == [(96, 96)] * 3
    assert len(found.sha256) == 3


def test_full_dose_is_the_slice_as_it_is(series: str, model: Model):
    found = dose_response(series, model, doses=(0.5,), slices=2)
    plain = score_inputs([series], model).slices
    ends = [plain[0].score, plain[-1].score]
    assert [slice_.score for slice_ in found.points[0].slices] == ends


def test_a_lower_dose_scores_as_the_files_of_simulate_do(series: str, model: Model, tmp_path: Path):
    pytest.importorskip("torch")
    from distiliqa.simulate.dicom_files import Settings, simulate_file

    found = dose_response(series, model, doses=(0.5,), slices=2, seed=3)
    settings, folder = Settings(dose=0.5, seed=3), Path(series)
    for point, name in zip(found.points[1].slices, ("0.dcm", "4.dcm"), strict=True):
        path = simulate_file(folder / name, folder=folder, out=tmp_path, settings=settings)
        (plain,) = score_inputs([str(path)], model).slices
        assert point.score == pytest.approx(plain.score, abs=0.01)  # a few pixels differ by 1 HU
        assert point.noise_hu == pytest.approx(plain.noise_hu, abs=0.05)


def test_one_slice_is_the_middle_one(series: str, model: Model):
    found = dose_response(series, model, doses=(0.5,), slices=1)
    assert [slice_.position_mm for slice_ in found.points[0].slices] == [10]


def test_the_seed_decides(series: str, model: Model):
    scores = [
        dose_response(series, model, doses=(0.25,), slices=1, seed=seed).points[1].mean
        for seed in (0, 0, 1)
    ]
    assert scores[0] == scores[1] != scores[2]


def test_a_slice_that_fails_is_reported_and_the_others_go_on(
    tmp_path: Path, write_body: Write, model: Model
):
    folder = write_body(tmp_path / "a", 3)
    broken = folder / "1.dcm"
    broken.write_bytes(broken.read_bytes()[:-1000])
    found = dose_response(str(folder), model, doses=(0.5,))
    assert [problem.path for problem in found.failed] == [str(broken)]
    assert len(found.points[1].slices) == 2
    assert found.complete


def test_ctrl_c_keeps_the_slices_that_are_done(
    series: str, model: Model, monkeypatch: pytest.MonkeyPatch
):
    def stop(done: int, found: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    found = dose_response(series, model, doses=(0.5,), progress=stop)
    assert len(found.points[0].slices) == 1
    assert not found.complete


def test_detectability_falls_as_the_noise_grows(tmp_path: Path, model: Model, write_ct: Write):
    """For the same sharpness and texture, d' is in proportion to 1 / noise."""
    pytest.importorskip("torch")
    from tools.phantom.scan import scan

    clean = body_phantom(0.0, seed=7)
    made = replace(Acquisition(), kernel=named_kernel("D45f"))
    hu = scan(clean, (0.74, 0.74), seed=0, acquisition=made)
    facts = {"PixelSpacing": [0.74, 0.74], "ConvolutionKernel": "D45f", "SliceThickness": 3}
    # Its noise is drawn by this UID, which else comes from the path: one draw in some is beyond.
    path = write_ct(tmp_path / "0.dcm", hu, SOPInstanceUID="1.2.840.7", **facts)
    found = dose_response(str(path), model, doses=(0.25,), slices=1, min_dprime=1.0)
    (full_noise, low_noise), (full, low) = found.noise_hu.values, found.dprime.values
    assert full / low == pytest.approx(low_noise / full_noise, rel=0.1)
    assert found.points[1].slices[0].measures.mtf.response is None  # numbers alone are kept
    assert found.bases[-1].values == (full, low)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"doses": (0.0, 0.5)}, "a relative dose of 0 cannot be simulated; give --doses from 0"),
        ({"doses": (1e-12,)}, "a relative dose of 1e-12 cannot be simulated"),
        ({"doses": (1.5,)}, "a relative dose of 1.5"),
        ({"doses": (1.0,)}, "no lower dose"),
        ({"max_noise_hu": 0.0}, "a noise level of 0 is not above 0; give --max-noise above 0"),
        ({"min_dprime": -1.0}, "a d' of -1 is not above 0; give --min-dprime above 0"),
        (
            {"at_least": 7},
            "a score of 7 is not on the scale of tiny 1.0; give --at-least from 0 to 4",
        ),
    ],
)
def test_settings_out_of_range_are_refused(
    series: str, model: Model, options: dict[str, object], words: str
):
    with pytest.raises(DistiliqaError, match=words):
        dose_response(series, model, **options)


@pytest.mark.parametrize("doses", [0.5, "0.5"])
def test_one_dose_is_no_list(series: str, model: Model, doses: object):
    with pytest.raises(ValueError, match=r"doses '?0\.5'?; give a list such as \[0\.5, 0\.25\]"):
        dose_response(series, model, doses=doses)


def test_no_slices_and_doses_in_words_are_no_options(series: str, model: Model):
    with pytest.raises(ValueError, match=r"doses \('half',\); give a list such as"):
        dose_response(series, model, doses=("half",))
    with pytest.raises(ValueError, match="0 slices; give 1 or more"):
        dose_response(series, model, slices=0)
    found = dose_response(series, model, doses=np.array([0.5], np.float32), slices=1)
    assert found.doses == [1, 0.5]


def test_what_is_no_dicom_series_is_refused(tmp_path: Path, write_body: Write, model: Model):
    np.save(tmp_path / "a.npy", np.zeros((64, 64)))
    with pytest.raises(DistiliqaError, match=r"a\.npy: is not DICOM"):
        dose_response(str(tmp_path / "a.npy"), model)
    write_body(tmp_path / "two" / "a", 1)
    write_body(tmp_path / "two" / "b", 1, SeriesInstanceUID="1.2.9")
    with pytest.raises(DistiliqaError, match="holds 2 series; give the folder of one"):
        dose_response(str(tmp_path / "two"), model)
    bare = write_body(tmp_path / "bare", 1, PixelSpacing=None)
    with pytest.raises(DistiliqaError, match=r"no slice could be simulated; .*lacks Pixel Spacing"):
        dose_response(str(bare), model)


def test_a_notebook_shows_the_response(
    tmp_path: Path, tiny_model: Path, write_body: Callable[..., Path]
) -> None:
    pytest.importorskip("pandas")
    found = dose_response(write_body(tmp_path / "a"), tiny_model, doses=(0.5,))
    frame = found.to_frame()
    assert frame["dose"].tolist() == [1.0] * 3 + [0.5] * 3
    assert frame["score"].tolist()[:3] == [slice_.score for slice_ in found.points[0].slices]
    assert "Relative dose" in found._repr_html_()
    assert repr(found).startswith(f"<DoseCurve: score {found.points[0].mean:.2f} at dose 1 to ")
    assert found.plot().title.startswith("score by relative dose, logarithmic: mean")


def test_a_slice_that_is_gone_when_it_is_read_costs_no_other(
    tmp_path: Path, write_body: Write, model: Model
):
    folder = write_body(tmp_path / "a", 3)

    def remove(done: int, _: int) -> None:
        (folder / "1.dcm").unlink(missing_ok=True)

    found = dose_response(str(folder), model, doses=(0.5,), progress=remove)
    assert [problem.path for problem in found.failed] == [str(folder / "1.dcm")]
    assert len(found.points[1].slices) == 2
