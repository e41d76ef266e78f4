from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.made import made_slice

from distiliqa.ct import Window
from distiliqa.errors import ModelFolderError
from distiliqa.models.folder import CONFIG
from distiliqa.scoring.model import Model, load_model


def noise(sd: float, shape: tuple[int, ...] = (512, 512)) -> np.ndarray:
    return np.random.default_rng(0).normal(40, sd, shape).astype(np.float32)


def test_the_score_is_the_mean_and_the_spread_the_deviation_of_the_outputs(model: Model):
    found = model.score(noise(20))
    # The network takes (12, ..., 16) times the noise in units of the window from 4.
    deviation = 20 / 350
    assert found.outputs == pytest.approx([4 - w * deviation for w in (12, 13, 14, 15, 16)], 0.01)
    assert found.score == pytest.approx(np.mean(found.outputs))
    assert found.spread == pytest.approx(np.std(found.outputs, ddof=1))
    assert found.warnings == ()
    assert (found.model, found.window) == ("tiny 1.0", Window(350, 40))


def test_the_noise_of_the_slice_comes_with_its_score(model: Model):
    assert model.score(noise(20)).noise_hu == pytest.approx(20, rel=0.08)
    assert model.score(noise(20) - 1000).noise_hu is None


def test_more_noise_scores_lower(model: Model):
    scores = [model.score(noise(sd)).score for sd in (5, 20, 40)]
    assert scores == sorted(scores, reverse=True)


def test_slices_together_score_as_one_by_one(model: Model):
    hu = np.stack([noise(sd) for sd in range(5, 35, 5)])  # more than a batch
    together = [slice_.score for slice_ in model.score(hu)]
    assert together == pytest.approx([model.score(one).score for one in hu], abs=1e-5)
    assert [slice_.frame for slice_ in model.score(hu[:2])] == [0, 1]


def test_a_slice_that_was_read_scores_with_its_spacing(model: Model):
    ct = made_slice(noise(20), path="a.dcm", spacing_mm=(0.3, 0.3))
    found = model.score(ct)
    assert (found.path, found.noise_hu) == ("a.dcm", model.score(ct.hu, spacing_mm=0.3).noise_hu)
    assert found.noise_hu != model.score(ct.hu).noise_hu  # 6 mm are more pixels here


def test_a_list_may_hold_slices_arrays_and_stacks_of_any_size(model: Model):
    large, small = noise(20), noise(10, (300, 600))
    found = model.score([large, made_slice(small, path="b.dcm"), np.stack([large, large])])
    alone = [model.score(hu).score for hu in (large, small, large, large)]
    assert [score.score for score in found] == pytest.approx(alone, abs=1e-5)
    assert [score.path for score in found] == ["", "b.dcm", "", ""]
    assert model.score([large])[0].score == pytest.approx(alone[0], abs=1e-5)
    assert model.score(small.tolist()).score == pytest.approx(alone[1], abs=1e-5)


@pytest.mark.parametrize("spacing", [0, -0.7, (0.7, float("nan")), (1, 2, 3), "wide"])
def test_a_spacing_that_is_none_is_refused(model: Model, spacing: object):
    with pytest.raises(ValueError, match=r"spacing_mm .*; give mm above 0: one number, or"):
        model.score(noise(20), spacing_mm=spacing)


@pytest.mark.parametrize(
    ("spacing", "warning"), [((0.7, 1.4), "are not square"), (1e-9, "which no CT has")]
)
def test_a_spacing_that_no_ct_has_is_a_warning(model: Model, spacing: object, warning: str):
    for images in (noise(20), [noise(20)]):
        (found,) = np.atleast_1d(model.score(images, spacing_mm=spacing))
        assert any(warning in one_warning for one_warning in found.warnings)


def test_masked_pixels_are_refused(model: Model):
    hidden = np.ma.masked_less(noise(20), 0)
    for images in (hidden, hidden[np.newaxis], [hidden]):
        with pytest.raises(ValueError, match=r"masked; fill them with HU"):
            model.score(images)
    assert model.score(np.ma.array(noise(20))).score == model.score(noise(20)).score


def test_an_empty_list_is_refused(model: Model):
    with pytest.raises(ValueError, match="at least one slice"):
        model.score([])


def test_its_representation_is_one_short_line(model: Model):
    assert repr(model) == (
        "<Model tiny 1.0: scores from 0 to 4, onnxruntime in fp32, all cores, batches of 4>"
    )
    assert len(repr(load_model())) < 120


def test_whole_numbers_score_as_floats(model: Model):
    hu = np.round(noise(20))
    assert model.score(hu.astype(np.int16)).score == model.score(hu).score


def test_another_size_is_padded_with_a_warning(model: Model):
    assert model.score(noise(20, (300, 600))).warnings == (
        "300 x 600 cropped and padded to 512 x 512, not resampled",
    )


def test_the_window_is_that_of_the_model(model: Model):
    wide = replace(model, config=replace(model.config, window=Window(700, 40)))
    assert 4 - wide.score(noise(20)).score == pytest.approx(
        (4 - model.score(noise(20)).score) / 2, 1e-4
    )


def test_one_output_has_no_spread(model: Model):
    class OneOutput:
        def run(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            return [np.ones((len(inputs["image"]), 1), np.float32)]

    single = replace(model, session=OneOutput())
    assert single.score(noise(20)).spread is None


def test_a_model_that_gives_nan_is_refused(model: Model):
    class Broken:
        def run(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            return [np.full((len(inputs["image"]), 5), np.nan, np.float32)]

    with pytest.raises(ModelFolderError, match="not a number"):
        replace(model, session=Broken()).score(noise(20))


@pytest.mark.parametrize("shape", [(), (512,), (0, 512, 512), (1, 1, 512, 512), (2, 16, 16)])
def test_another_shape_is_named(model: Model, shape: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"shape|pixels"):
        model.score(np.zeros(shape))


def test_blank_and_windowed_arrays_are_scored_with_one_warning(model: Model):
    blank = model.score(np.full((512, 512), -1000))
    assert blank.warnings == ("no image content: -1000 to -1000 HU; scored worst",)
    assert blank.score == model.config.scale.worst == 0
    (windowed,) = model.score(np.random.default_rng(0).random((512, 512))).warnings
    assert windowed.startswith("values look unlike HU")


@pytest.mark.parametrize("offset", [-1024, -100, 100, 1000])
def test_shifted_values_have_no_noise_level_and_do_not_count(model: Model, offset: float):
    y, x = np.mgrid[:512, :512] - 256.0
    body = np.where(np.hypot(x / 180, y / 130) < 1, 40.0, -1000.0)
    body += np.random.default_rng(0).normal(0, 8, body.shape)
    sound, shifted = model.score(body), model.score(body + offset)
    assert sound.noise_hu is not None
    assert not any("HU too" in one for one in sound.warnings)
    assert shifted.noise_hu is None
    assert shifted.out_of_domain
    side = "high" if offset > 0 else "low"
    assert f"HU too {side}: air lies at" in shifted.warnings[0]


def test_slices_are_scored_as_they_come(model: Model):
    drawn = []

    def slices():
        for n in range(6):
            drawn.append(n)
            yield made_slice(
                noise(n + 1), path=f"{n}.dcm", position_mm=float(n), warnings=("kept",)
            )

    scores = model.score_slices(slices(), batch_size=2)
    first = next(scores)
    assert drawn == [0, 1]
    assert first.warnings[0] == "kept"
    assert (first.path, first.position_mm) == ("0.dcm", 0.0)
    assert [slice_.path for slice_ in scores] == [f"{n}.dcm" for n in range(1, 6)]


def test_a_folder_of_another_format_is_refused(tiny_model: Path, tmp_path: Path):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    content = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(content | {"format": 99}))
    with pytest.raises(ModelFolderError, match="format 99"):
        load_model(folder)


def test_a_folder_without_a_model_is_refused(tmp_path: Path):
    with pytest.raises(ModelFolderError, match=r"holds no config\.json"):
        load_model(tmp_path)


def test_the_bad_slice_of_several_is_named(model: Model):
    slices = np.zeros((3, 64, 64))
    slices[2, 0, 0] = np.nan
    with pytest.raises(ValueError, match="slice 2: 1 pixels are NaN"):
        model.score(slices)


def test_slices_along_the_last_axis_are_refused(model: Model):
    with pytest.raises(ValueError, match=r"looks like \(rows, columns, n\)"):
        model.score(np.zeros((64, 64, 40)))


def test_a_network_that_cannot_be_run_is_one_line(model: Model, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("distiliqa.scoring.model.INPUT", "another")
    with pytest.raises(ModelFolderError, match="onnxruntime cannot run it"):
        model.score(np.zeros((64, 64)))
