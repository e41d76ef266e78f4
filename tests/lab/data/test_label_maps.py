from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from distiliqa.errors import RecipeError
from distiliqa.lab.data.label_maps import read_labels
from distiliqa.lab.data.ratings import RatedImage


def rated(facts: dict[str, str], score: float = 2.0) -> RatedImage:
    return RatedImage("a.dcm", Path("a.dcm"), score, facts=facts)


def write(path: Path, quality: float = 2.0, side: int = 16, **others: np.ndarray) -> None:
    parts = {
        "quality": np.full((side, side), quality, np.float32),
        "weight": np.full((side, side), 0.5, np.float32),
    }
    np.savez(path, **(parts | others))


def test_images_without_labels_have_none(tmp_path: Path) -> None:
    assert read_labels([rated({"patient": "1"})], tmp_path) is None


def test_maps_and_processing_are_read_and_gaps_stay_gaps(tmp_path: Path) -> None:
    weight = np.zeros((16, 16), np.float32)
    weight[2, 3] = 1
    quality = np.full((16, 16), np.nan, np.float32)
    quality[2, 3] = 2
    write(tmp_path / "a.npz", quality=quality, weight=weight)
    images = [rated({"label_map": "a.npz", "processed": "1"}), rated({"processed": "0"}), rated({})]
    with pytest.raises(RecipeError, match="not finite"):
        read_labels(images, tmp_path)
    write(tmp_path / "a.npz", quality=np.nan_to_num(quality, nan=9.0), weight=weight)
    labels = read_labels(images, tmp_path)
    assert labels.quality[0].sum() == 2
    assert labels.weight.flatten(1).sum(dim=1).tolist() == [1, 0, 0]
    assert labels.processed[:2].tolist() == [1, 0]
    assert torch.isnan(labels.processed[2])
    assert labels.have_maps
    assert labels.know_processing


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"side": 8}, "not 16 x 16 parts"),
        ({"quality": 2.2}, "its mean is 2.200, the score 2.000"),
        ({"weight": np.zeros((16, 16))}, "or none above"),
    ],
)
def test_a_map_that_is_not_that_of_its_image_is_refused(
    tmp_path: Path, settings: dict, words: str
) -> None:
    write(tmp_path / "a.npz", **settings)
    with pytest.raises(RecipeError, match=words):
        read_labels([rated({"label_map": "a.npz"})], tmp_path)


def test_damaged_and_missing_maps_and_other_words_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK no archive")
    for name in ("a.npz", "none.npz"):
        with pytest.raises(RecipeError, match=f"{name}: no quality map"):
            read_labels([rated({"label_map": name})], tmp_path)
    with pytest.raises(RecipeError, match="processed 'yes', which is not 1, 0 or empty"):
        read_labels([rated({"processed": "yes"})], tmp_path)
