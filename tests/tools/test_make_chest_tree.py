"""The tree has the layout of TCIA, low doses are noisier, and what is there is not made again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tools.make_chest_tree import make_tree

import distiliqa
from distiliqa.lab.data.cache import read_rated
from distiliqa.lab.data.tcia import find_pairs
from distiliqa.metrics.noise_level import global_noise_level


def test_pairs_of_two_patients(tmp_path: Path) -> None:
    phantom = Path(distiliqa.__file__).parent / "examples" / "body_phantom" / "dose_100"
    files = []
    for patient, number in (("A", 1), ("B", 2)):
        files.append(tmp_path / "in" / patient / f"{number}.dcm")
        files[-1].parent.mkdir(parents=True)
        shutil.copyfile(phantom / f"slice_{number}.dcm", files[-1])
    made = make_tree(files, tmp_path / "tree", jobs=1)
    pairing = find_pairs(tmp_path / "tree")
    assert [pair.case for pair in pairing.pairs] == ["C001", "C002"]
    assert [pair.low for pair in pairing.pairs] == made
    for pair, file in zip(pairing.pairs, files, strict=True):
        assert pair.low_dose == 0.1
        assert pair.full.read_bytes() == file.read_bytes()
        full, low = (read_rated(path) for path in (pair.full, pair.low))
        noise = [global_noise_level(ct.hu, ct.info.spacing_mm) or 0 for ct in (full, low)]
        assert noise[1] / noise[0] == pytest.approx(10**0.5, rel=0.2)
    dates = [path.stat().st_mtime_ns for path in sorted((tmp_path / "tree").rglob("*.dcm"))]
    assert make_tree(files, tmp_path / "tree", jobs=1) == made
    again = [path.stat().st_mtime_ns for path in sorted((tmp_path / "tree").rglob("*.dcm"))]
    assert again == dates
