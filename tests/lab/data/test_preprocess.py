"""From pairs to a rated data set."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
import tifffile
from tests.support.disks import no_space

from distiliqa.ct.dicom.derive import read_stored
from distiliqa.errors import DistiliqaError
from distiliqa.files import sha256
from distiliqa.lab.data.cache import read_rated
from distiliqa.lab.data.dose_mixing import DoseFormula
from distiliqa.lab.data.pairs import DosePair, Pairing, read_pairs
from distiliqa.lab.data.preprocess import Mixing, Summary, preprocess
from distiliqa.lab.data.ratings import read_ratings
from distiliqa.lab.data.tcia import find_pairs

WriteCT = Callable[..., Path]
SLICES = 3


@pytest.fixture
def pairing(tmp_path: Path, write_ct: WriteCT) -> Pairing:
    rng = np.random.default_rng(0)
    pairs = []
    for n in range(SLICES):
        full = rng.normal(40, 10, (64, 64))
        low = full + rng.normal(0, 30, full.shape)
        paths = (tmp_path / "in" / dose / f"{n}.dcm" for dose in ("full", "low"))
        images = [write_ct(path, hu) for path, hu in zip(paths, (full, low), strict=True)]
        pairs.append(DosePair(*images, case=f"P{n}", low_dose=0.1, place=Path("P")))
    return Pairing(tuple(pairs), ())


def run(pairing: Pairing, folder: Path, **options: Any) -> Summary:
    return preprocess(pairing, folder, jobs=1, **options)


def lists(folder: Path) -> dict[str, dict[str, float]]:
    return {
        name: json.loads((folder / f"{name}.json").read_text())
        for name in ("dataset", "train", "test")
    }


def mixed(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.dcm")}


def test_equals_the_published_program(tmp_path: Path, golden: Path) -> None:
    mini = golden / "ldct_mini"
    mixing = Mixing(formula=DoseFormula.PUBLISHED)
    cases = {"train_cases": ("C002",), "test_cases": ("C012",)}
    summary = run(find_pairs(mini / "input"), tmp_path, mixing=mixing, **cases)
    assert (summary.images, summary.train, summary.test, summary.problems) == (24, 12, 12, ())
    reference = json.loads((mini / "reference" / "dataset.json").read_text())
    dataset = lists(tmp_path)["dataset"]
    assert list(dataset.values()) == pytest.approx(list(reference.values()), abs=1e-6)
    names = [name.partition("ldct_mini/input/")[2] or name for name in dataset]
    assert names == list(reference)
    for path in (mini / "reference").rglob("*.dcm"):
        ours = tmp_path / path.relative_to(mini / "reference")
        np.testing.assert_array_equal(read_stored(ours)[1], read_stored(path)[1])


def test_lists_name_images_relative_to_their_folder(tmp_path: Path, pairing: Pairing) -> None:
    out = tmp_path / "out"
    run(pairing, out, test_cases=("P2",))
    found = lists(out)
    assert list(found["dataset"])[:4] == [
        "../in/full/0.dcm",
        "../in/low/0.dcm",
        "P/0.5Dose/0.dcm",
        "P/0.75Dose/0.dcm",
    ]
    assert all((out / name).is_file() for name in found["dataset"])
    assert found["train"] | found["test"] == found["dataset"]
    assert list(found["test"]) == list(found["dataset"])[8:]
    full, low, half, more = list(found["dataset"].values())[:4]
    assert full == 1 > more > half > low > 0


def test_manifest_says_where_images_come_from(tmp_path: Path, pairing: Pairing) -> None:
    run(pairing, tmp_path / "out")
    with (tmp_path / "out" / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["dose"] for row in rows[4:8]] == ["1.0", "0.1", "0.5", "0.75"]
    assert {row["case"] for row in rows[4:8]} == {"P1"}
    assert {row["slice"] for row in rows[4:8]} == {"P/1"}
    assert {row["source"] for row in rows[4:8]} == {rows[4]["path"]}
    scores = {row["path"]: float(row["score"]) for row in rows}
    assert scores == lists(tmp_path / "out")["dataset"]


def test_mixed_doses_are_one_series_a_dose(tmp_path: Path, pairing: Pairing) -> None:
    run(pairing, tmp_path / "out")
    images = [pydicom.dcmread(path) for path in sorted((tmp_path / "out" / "P").rglob("*.dcm"))]
    assert len({image.SOPInstanceUID for image in images}) == 2 * SLICES
    assert len({image.SeriesInstanceUID for image in images[:SLICES]}) == 1
    assert len({image.SeriesInstanceUID for image in images}) == 2


def test_what_is_done_is_not_done_again(tmp_path: Path, pairing: Pairing) -> None:
    first = run(pairing, tmp_path / "out")
    before, found = mixed(tmp_path / "out"), lists(tmp_path / "out")
    again = run(pairing, tmp_path / "out")
    assert (first.reused, again.reused) == (0, SLICES)
    assert mixed(tmp_path / "out") == before
    assert lists(tmp_path / "out") == found


def test_other_settings_or_files_are_done_again(
    tmp_path: Path, pairing: Pairing, write_ct: WriteCT
) -> None:
    out = tmp_path / "out"
    physical = run(pairing, out) and lists(out)["dataset"]
    published = Mixing(formula=DoseFormula.PUBLISHED)
    assert run(pairing, out, mixing=published).reused == 0
    assert lists(out)["dataset"]["P/0.5Dose/0.dcm"] < physical["P/0.5Dose/0.dcm"]
    (out / "P" / "0.5Dose" / "1.dcm").unlink()
    write_ct(pairing.pairs[2].low, np.zeros((64, 64)))
    assert run(pairing, out, mixing=published).reused == SLICES - 2


def test_an_unreadable_file_is_listed_and_the_rest_goes_on(
    tmp_path: Path, pairing: Pairing, write_ct: WriteCT
) -> None:
    pairing.pairs[0].low.write_bytes(b"broken")
    write_ct(pairing.pairs[1].low, np.zeros((32, 64)))
    summary = run(pairing, tmp_path / "out")
    assert summary.images == 4
    reasons = {problem.path: problem.reason for problem in summary.problems}
    assert reasons == {
        str(pairing.pairs[0].low): "not a DICOM file",
        str(pairing.pairs[1].low): "is 32 x 64, its full dose 64 x 64",
    }
    report = json.loads((tmp_path / "out" / "preprocess.json").read_text())
    assert [problem["path"] for problem in report["problems"]] == list(reasons)
    # What could not be rated has left no hash; each of the two files of a pair has one.
    rated = [path for pair in pairing.pairs[2:] for path in (pair.full, pair.low)]
    assert report["sha256"] == {str(path): sha256(path) for path in rated}


def interrupt_after(monkeypatch: pytest.MonkeyPatch, count: int, error: BaseException) -> None:
    """Let ``count`` images be written, then fail in the middle of the next one."""
    real = Path.write_bytes
    written = []

    def write_bytes(path: Path, content: bytes) -> int:
        written.append(path)
        if len(written) > count:
            real(path, content[:100])
            raise error
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (no_space(), DistiliqaError),
    ],
)
def test_an_interrupted_run_resumes(
    tmp_path: Path,
    pairing: Pairing,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    expected: type[BaseException],
) -> None:
    out = tmp_path / "out"
    run(pairing, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3, error)
        with pytest.raises(expected):
            run(pairing, out)
    assert not (out / "dataset.json").exists()
    assert not list(out.rglob("*.part"))
    assert all(read_stored(path) for path in out.rglob("*.dcm"))
    assert run(pairing, out).reused == 1
    assert lists(out) == lists(tmp_path / "whole")


def test_an_interrupted_run_leaves_no_labels_of_other_images(
    tmp_path: Path, pairing: Pairing, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(pairing, tmp_path / "out")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 1, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            run(pairing, tmp_path / "out", mixing=Mixing(formula=DoseFormula.PUBLISHED))
    assert not (tmp_path / "out" / "dataset.json").exists()


def test_processes_give_what_one_gives(tmp_path: Path, pairing: Pairing) -> None:
    run(pairing, tmp_path / "one")
    preprocess(pairing, tmp_path / "two", jobs=2)
    assert lists(tmp_path / "one") == lists(tmp_path / "two")


def test_contradictions_are_refused_before_work(tmp_path: Path, pairing: Pairing) -> None:
    with pytest.raises(DistiliqaError, match="P1 is in the training and the test cases"):
        run(pairing, tmp_path / "out", train_cases=("P0", "P1"), test_cases=("P1",))
    with pytest.raises(DistiliqaError, match=r"no pair of the case P; choose from P0, P1, P2"):
        run(pairing, tmp_path / "out", test_cases=("P",))
    with pytest.raises(DistiliqaError, match=r"dose 0\.05 does not lie"):
        run(pairing, tmp_path / "out", mixing=Mixing(doses=(0.05,)))
    (tmp_path / "file").touch()
    with pytest.raises(DistiliqaError, match="cannot be written"):
        run(pairing, tmp_path / "file" / "out")
    assert not (tmp_path / "out").exists()


def pair_of(folder: Path, suffix: str, write: Callable[[Path, np.ndarray], object]) -> Path:
    """A list of one pair of volumes of three slices, or of slices, in some format."""
    rng = np.random.default_rng(0)
    full = rng.normal(40, 10, (3, 64, 64)).round()
    low = full + rng.normal(0, 30, full.shape).round()
    for name, hu in (("full", full), ("low", low)):
        write(folder / f"{name}{suffix}", hu.astype(np.int16))
    (folder / "pairs.csv").write_text(f"full,low,case,low_dose\nfull{suffix},low{suffix},A,0.25\n")
    return folder / "pairs.csv"


def nifti(path: Path, hu: np.ndarray) -> None:
    image = nibabel.Nifti1Image(hu.T, np.diag([-0.7, -0.7, 3.0, 1.0]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


def one_tiff(path: Path, hu: np.ndarray) -> None:
    tifffile.imwrite(path, hu[0])


FORMATS = {".nii.gz": (nifti, 3), ".npy": (np.save, 3), ".tiff": (one_tiff, 1)}


@pytest.mark.parametrize("suffix", FORMATS)
def test_pairs_are_of_any_format_that_is_scored(tmp_path: Path, suffix: str) -> None:
    write, slices = FORMATS[suffix]
    pairing = read_pairs(pair_of(tmp_path, suffix, write))
    assert len(pairing.pairs) == slices
    out = tmp_path / "out"
    summary = run(pairing, out)
    assert (summary.images, summary.problems) == (4 * slices, ())
    images = read_ratings(out, out / "train.json")
    assert len(images) == 4 * slices
    loaded = [read_rated(image.path) for image in images]
    assert {ct.hu.shape for ct in loaded} == {(64, 64)}
    full, low, half, _ = loaded[:4]
    expected = full.hu + np.sqrt(1 / 3) * (low.hu - full.hu)
    np.testing.assert_allclose(half.hu, expected, atol=0.51)
    first, *others = (image.score for image in images[:4])
    assert first == 1
    assert others == sorted(others)
    if suffix == ".nii.gz":
        np.testing.assert_allclose([ct.spacing_mm or () for ct in loaded], 0.7, rtol=1e-6)
        assert [ct.position_mm for ct in loaded[::4]] == [0, 3, 6]
    assert run(read_pairs(tmp_path / "pairs.csv"), out).reused == slices


def test_volumes_of_different_length_or_place_are_no_pair(tmp_path: Path) -> None:
    path = pair_of(tmp_path, ".nii.gz", nifti)
    nifti(tmp_path / "low.nii.gz", np.zeros((2, 64, 64), np.int16))
    ((low, reason),) = read_pairs(path).problems
    assert (Path(low).name, reason) == ("low.nii.gz", "holds 2 slices, its full dose 3")
    moved = nibabel.Nifti1Image(np.zeros((64, 64, 3), np.int16), np.diag([-0.7, -0.7, 5, 1]))
    nibabel.save(moved, tmp_path / "low.nii.gz")
    problems = run(read_pairs(path), tmp_path / "out").problems
    assert "lies at 5 mm, its full dose at 3 mm" in [problem.reason for problem in problems]


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"ImagePositionPatient": [0, 0, 9]}, "lies at 9 mm, its full dose at 0 mm"),
        ({"PixelSpacing": [0.9, 0.9]}, "has other pixel spacing or directions"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, -1, 0]}, "has other pixel spacing or directions"),
    ],
)
def test_dicom_slices_of_different_places_are_no_pair(
    tmp_path: Path, write_ct: WriteCT, tags: dict[str, list[float]], reason: str
) -> None:
    hu = np.random.default_rng(0).normal(40, 10, (64, 64))
    same = {"ImagePositionPatient": [0, 0, 0], "PixelSpacing": [0.7, 0.7]}
    full = write_ct(tmp_path / "full.dcm", hu, **same)
    low = write_ct(tmp_path / "low.dcm", hu, **(same | tags))
    pair = DosePair(full, low, case="A", low_dose=0.1, place=Path("P"))
    (problem,) = run(Pairing((pair,), ()), tmp_path / "out").problems
    assert reason in problem.reason
