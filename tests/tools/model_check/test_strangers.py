"""Real images that a model does not know, from packages that are installed."""

from __future__ import annotations

import io
import plistlib
import tarfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from distiliqa.metrics import body_shape
from distiliqa.models.folder import find_model, read_config
from distiliqa.scoring.domain import check_domain
from tools.model_check import strangers


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with one package: a head of three slices in an InVesalius project."""
    y, x = np.mgrid[:64, :64] - 32
    head = np.full((3, 64, 64), -1000, np.int16)
    head[:, np.hypot(x / 18, y / 24) < 1] = 1000
    head[:, np.hypot(x / 14, y / 20) < 1] = 35
    head[:, :4] = -900  # the upper rows
    described = {"matrix": {"dtype": "int16", "shape": [3, 64, 64]}, "spacing": [3.5, 3.0, 5.0]}
    path = tmp_path / "invesalius-examples" / "usr" / "Cranium.inv3"
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w") as archive:
        for name, content in (
            ("main.plist", plistlib.dumps(described)),
            ("matrix.dat", head.tobytes()),
        ):
            member = tarfile.TarInfo(f"any/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return tmp_path


def test_what_is_there_is_found_and_no_more(packages: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list(strangers.found(packages, packages / "none"))
    counts = Counter((stranger.source.kind, stranger.source.package) for stranger in found)
    assert counts[strangers.HEADS, "invesalius-examples"] == 3
    assert counts[strangers.HEADS, "pydicom"] == 2
    assert counts[strangers.MR, "nibabel"] > 10
    assert not any(package == "pylinac" for _, package in counts)
    first = found[0].ct
    assert first.spacing_mm == (3.0, 3.5)
    assert (first.hu[-4:] == -900).all()  # turned, so that the face is up


def test_real_heads_are_out_of_domain_by_their_pixels_alone(tmp_path: Path):
    domain = read_config(find_model("compact")).domain
    assert domain is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list(strangers.found(tmp_path, tmp_path))
    for kind, least in ((strangers.HEADS, 2), (strangers.MR, 10)):
        of_kind = [stranger for stranger in found if stranger.source.kind == kind]
        assert len(of_kind) >= least
        for stranger in of_kind:
            assert check_domain(domain, 0.0, body_shape(stranger.ct.hu))[0] > 1, stranger.source
