from __future__ import annotations

from pathlib import Path

import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.data.process_column import kinds_of, require_kinds, shows_body_as_it_is
from distiliqa.lab.data.ratings import RatedImage


def image(**facts: str) -> RatedImage:
    return RatedImage("a", Path("a"), 1.0, facts=facts)


def test_kinds_of_a_chain() -> None:
    chain = image(process="median:5;denoising_network:0.5:edge.safetensors")
    assert kinds_of(chain) == {"median", "denoising_network"}
    assert kinds_of(image()) == set()


@pytest.mark.parametrize(
    ("facts", "whole"),
    [
        ({}, True),
        ({"motion": "0.0", "ring": "0", "process": ""}, True),
        ({"process": "ct_noise:20;gaussian_blur:2.5"}, True),
        ({"process": "ct_noise:20;contrast_loss:0.5"}, False),
        ({"process": "some_other:1"}, False),
        ({"truncation": "250.0"}, False),
        ({"motion": "0.5"}, False),
    ],
)
def test_noise_and_blur_leave_a_body_as_it_is(facts: dict[str, str], whole: bool) -> None:
    assert shows_body_as_it_is(image(**facts)) is whole


def test_a_kind_that_no_image_had_is_refused() -> None:
    images = [image(process="median:5"), image()]
    require_kinds(images, ["median"])
    with pytest.raises(RecipeError, match=r"no image was processed by 'medain' \(there is: median"):
        require_kinds(images, ["medain"])
