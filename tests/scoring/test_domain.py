from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.made import made_slice, with_facts

from distiliqa.metrics import BodyShape, BodyTissue
from distiliqa.models.config import Domain, ModelConfig, TissueLimits
from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring.domain import (
    BODY_WITHOUT_BONE,
    BONY_BODY,
    HIGH_CONTRAST,
    MAX_RATIO,
    NARROW_BODY,
    NO_AIR,
    OUT_OF_DOMAIN,
    ROUND_BODY,
    SMALL_BODY,
    SPLIT_BODY,
    UNIFORM_BODY,
    check_domain,
    unlike_training,
)
from distiliqa.scoring.model import Model, load_model

KNOWN = Domain(0.05, 100, 40, 180.0, deepest_cleft=0.8, least_contrast_hu=50, most_contrast_hu=1200)
TRUNK, FOREARM = BodyShape(280.0, 0.4, 150.0, True), BodyShape(90.0, 0.1, 800.0, True)
LEGS, PHANTOM = BodyShape(230.0, 1.0, 150.0, True), BodyShape(200.0, 0.0, 10.0, True)
NOT_HU = BodyShape(None, 0.1, 2400.0, True)


@pytest.mark.parametrize(
    ("shape", "distance", "expected", "warnings"),
    [
        (TRUNK, 0.4, 0.4, ()),
        (TRUNK, 1.5, 1.5, (OUT_OF_DOMAIN,)),
        (FOREARM, 0.4, 2.0, (SMALL_BODY,)),
        (FOREARM, 3.0, 3.0, (OUT_OF_DOMAIN, SMALL_BODY)),
        (LEGS, 0.4, 1.25, (SPLIT_BODY,)),
        (PHANTOM, 0.4, 5.0, (UNIFORM_BODY,)),
        (NOT_HU, 0.4, 2.0, (HIGH_CONTRAST,)),
        (BodyShape(None, 0.1, None, True), 0.4, 0.4, ()),
        (BodyShape(0.0, 0.0, 0.0, True), 0.4, 0.4, ()),
    ],
)
def test_a_slice_is_as_far_as_what_is_strangest_in_it(
    shape: BodyShape, distance: float, expected: float, warnings: tuple[str, ...]
):
    found, sentences = check_domain(KNOWN, distance, shape)
    assert found == pytest.approx(expected)
    assert set(sentences) == set(warnings)


def test_a_model_without_limits_of_shape_warns_of_none():
    assert check_domain(Domain(0.05, 100, 40), 0.4, FOREARM) == (0.4, ())
    assert check_domain(Domain(0.05, 100, 40), 0.4, LEGS) == (0.4, ())
    assert check_domain(Domain(0.05, 100, 40), 0.4, PHANTOM) == (0.4, ())
    assert check_domain(Domain(0.05, 100, 40), 0.4, NOT_HU) == (0.4, ())


def test_a_limit_of_none_is_no_division_by_it():
    none = TissueLimits(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    domain = replace(KNOWN, deepest_cleft=0.0, most_contrast_hu=0.0, tissue=none)
    bare = BodyTissue(aspect=1.4, air=0.0, bone=0.0, ring=0.0, fat=0.0, soft=0.0, peak=0.0)
    plain = BodyShape(280.0, 0.0, None, True, tissue=bare)
    assert check_domain(domain, 0.4, plain) == (0.4, ())
    bony = replace(plain, tissue=replace(bare, bone=0.01))
    assert check_domain(domain, 0.4, bony) == (MAX_RATIO, (BONY_BODY,))


LIMITS = TissueLimits(1.0, 0.2, 0.005, 0.2, 0.7, 0.05, 0.8, 0.9, max_roundness=0.96)
PARTS = BodyTissue(
    aspect=1.4, air=0.5, bone=0.05, ring=0.3, fat=0.3, soft=0.4, peak=0.4, roundness=0.8
)


@pytest.mark.parametrize(
    ("parts", "expected", "warnings"),
    [
        ({}, 0.4, ()),
        ({"aspect": 0.8}, 1.25, (NARROW_BODY,)),
        ({"ring": 0.98}, 1.4, (BONY_BODY,)),
        ({"bone": 0.5}, 2.5, (BONY_BODY,)),
        ({"bone": 0.0}, MAX_RATIO, (BODY_WITHOUT_BONE,)),
        ({"air": 0.0}, MAX_RATIO, (NO_AIR,)),
        ({"fat": 0.025, "soft": 0.88}, 2.0, (UNIFORM_BODY,)),
        ({"peak": 0.99}, 1.1, (UNIFORM_BODY,)),
        ({"roundness": 1.0}, 1 / 0.96, (ROUND_BODY,)),
        ({"aspect": 0.8, "ring": 1.0}, 1 / 0.7, (NARROW_BODY, BONY_BODY)),
    ],
)
def test_what_a_body_is_made_of_counts_whatever_its_size(
    parts: dict[str, float], expected: float, warnings: tuple[str, ...]
):
    shape = BodyShape(None, 0.4, 150.0, True, replace(PARTS, **parts))
    found, sentences = check_domain(replace(KNOWN, tissue=LIMITS), 0.4, shape)
    assert found == pytest.approx(expected)
    assert set(sentences) == set(warnings)
    assert check_domain(KNOWN, 0.4, shape) == (0.4, ())


def unlike(shape: tuple[int, int], spacing: float | None = None, **config: object) -> list[str]:
    ct = made_slice(
        np.zeros(shape, np.float32), "", spacing_mm=None if spacing is None else (spacing, spacing)
    )
    domain = Domain(0.05, 100, 40, min_pixel_mm=0.4, max_pixel_mm=1.5)
    described = {"domain": domain} | config
    return list(
        unlike_training(ct, ModelConfig("m", "1", {}, 1, ScoreScale(0, 4, "quality"), **described))
    )


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [((512, 512), 0.7), ((512, 512), None), ((448, 512), 0.9), ((512, 512), 1.37), ((600, 600), 1)],
)
def test_usual_samplings_are_as_in_training(shape: tuple[int, int], spacing: float | None):
    assert unlike(shape, spacing) == []


@pytest.mark.parametrize(
    ("shape", "spacing", "warning"),
    [
        ((256, 256), 1.4, "a matrix of 256 x 256, and the model was trained on 512 x 512"),
        ((512, 256), None, "a matrix of 512 x 256"),
        ((1024, 1024), 0.35, "a matrix of 1024 x 1024"),
        ((512, 512), 0.3, "pixels of 0.3 mm are unlike those that the model was trained on"),
        ((512, 512), 2.0, "pixels of 2 mm"),
    ],
)
def test_another_sampling_is_one_warning(
    shape: tuple[int, int], spacing: float | None, warning: str
):
    (sentence,) = unlike(shape, spacing)
    assert sentence.startswith(warning)
    assert unlike(shape, spacing, domain=None) == []


def test_a_region_that_the_model_was_not_trained_on_is_a_warning():
    ct = made_slice(np.zeros((512, 512), np.float32), "", regions=("head",))
    config = ModelConfig("m", "1", {}, 1, ScoreScale(0, 4, ""), regions=("chest", "abdomen"))
    (warning,) = unlike_training(ct, config)
    assert warning.startswith(
        "the header says head, and the model was trained on chest and abdomen"
    )
    assert list(unlike_training(with_facts(ct, regions=("chest", "neck")), config)) == []
    assert list(unlike_training(with_facts(ct, regions=()), config)) == []
    assert list(unlike_training(ct, replace(config, regions=None))) == []


def test_a_slice_unlike_training_is_out_of_domain_at_any_distance(tiny_model: Path):
    model = load_model(tiny_model)
    chest = Model(model.folder, replace(model.config, regions=("chest",)), model.session)
    hu = np.random.default_rng(0).normal(40, 20, (512, 512)).astype(np.float32)
    slices = [made_slice(hu, "", regions=regions) for regions in (("head",), ("chest",))]
    head, known = chest.score_slices(slices)
    assert (head.out_of_domain, known.out_of_domain) == (True, False)
    assert head.score == known.score


def test_the_shipped_model_says_what_it_was_trained_on():
    config = load_model().config
    assert config.regions == ("chest", "abdomen")
    assert config.domain is not None
    assert (config.domain.min_pixel_mm, config.domain.max_pixel_mm) == (0.4, 1.5)
    assert config.domain.tissue is not None
    assert 0.85 < config.domain.tissue.min_aspect < 1.05  # between heads and trunks
