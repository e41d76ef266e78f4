"""The command: what it writes, and how it ends."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from tests.support.command_line import run_apart
from tests.support.slices import noisy_body


def run(*arguments: object) -> tuple[int, str, str]:
    return run_apart("simulate", *arguments, "--jobs", 1)


@pytest.fixture
def folder(tmp_path: Path, write_ct: Callable[..., Path]) -> Path:
    for n in range(2):
        write_ct(tmp_path / "in" / f"{n}.dcm", noisy_body(64, seed=n), PixelSpacing=[4, 4])
    return tmp_path / "in"


def test_writes_derived_dicom(folder: Path, tmp_path: Path) -> None:
    code, stdout, _ = run(folder, "--out", tmp_path / "out", "--dose", 0.1, "--views", 100)
    assert (code, "2 slices" in stdout) == (0, True)
    before, after = (pydicom.dcmread(place / "1.dcm") for place in (folder, tmp_path / "out"))
    assert after.DerivationDescription == "simulated dose 0.1, views 100, seed 0"
    assert after.SOPInstanceUID != before.SOPInstanceUID
    assert after.SourceImageSequence[0].ReferencedSOPInstanceUID == before.SOPInstanceUID
    middle = np.s_[22:42, 22:42]
    assert after.pixel_array[middle].std() > 1.5 * before.pixel_array[middle].std()


@pytest.mark.parametrize(
    ("options", "stated"),
    [
        (("--views", 100, "--keep-dose"), "views 100, keep_dose True"),
        (("--hardening", 0.5), "hardening 0.5"),
        (("--truncation", 120), "truncation 120.0"),
        (("--smoothing", 2), "smoothing 2.0"),
    ],
)
def test_the_file_states_what_was_asked_for_and_no_more(
    folder: Path, tmp_path: Path, options: tuple[object, ...], stated: str
) -> None:
    assert run(folder / "0.dcm", "--out", tmp_path / "out", *options)[0] == 0
    before, after = (pydicom.dcmread(place / "0.dcm") for place in (folder, tmp_path / "out"))
    assert after.DerivationDescription == f"simulated {stated}, seed 0"
    assert (after.pixel_array != before.pixel_array).any()


def test_the_finished_image_is_processed_in_order(folder: Path, tmp_path: Path) -> None:
    code, _, _ = run(
        *(folder, "--out", tmp_path / "out"),
        *("--process", "median:5", "--process", "white_noise:20", "--process", "hu_offset:100"),
    )
    assert code == 0
    made = [pydicom.dcmread(tmp_path / "out" / f"{n}.dcm") for n in range(2)]
    assert made[0].DerivationDescription == (
        "simulated process median:5, process white_noise:20, process hu_offset:100, seed 0"
    )
    middle = np.s_[22:42, 22:42]
    values = [image.pixel_array[middle] * image.RescaleSlope for image in made]
    hu = values[0] + made[0].RescaleIntercept
    assert hu.mean() == pytest.approx(140, abs=4)
    assert hu.std() == pytest.approx(20, rel=0.15)
    assert np.corrcoef(values[0].ravel(), values[1].ravel())[0, 1] < 0.3  # each has its own draw


@pytest.mark.parametrize(("process", "lossy"), [("jpeg:50", "01"), ("median:3", None)])
def test_lossy_compression_is_stated(
    folder: Path, tmp_path: Path, process: str, lossy: str | None
) -> None:
    assert run(folder / "0.dcm", "--out", tmp_path / "out", "--process", process)[0] == 0
    made = pydicom.dcmread(tmp_path / "out" / "0.dcm")
    assert made.get("LossyImageCompression") == lossy


def test_the_seed_decides(folder: Path, tmp_path: Path) -> None:
    pixels = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        what = ("--dose", 0.3, "--motion", 2, "--metal", 9, "--kernel", "sharp", "--seed", seed)
        assert run(folder / "0.dcm", "--out", tmp_path / name, *what)[0] == 0
        pixels.append(pydicom.dcmread(tmp_path / name / "0.dcm").pixel_array)
    np.testing.assert_array_equal(pixels[0], pixels[1])
    assert (pixels[0] != pixels[2]).any()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--kernel", "nonsense"), "no kernel 'nonsense'"),
        (("--scanner", "nonsense"), "choose from definition-as-plus"),
        (("--process", "fog:1"), "no processing 'fog'"),
        (("--process", "median"), "give KIND:STRENGTH"),
        (("--dose", "0"), "give 0.001 to 1"),
        (("--dose", "1e-300"), "give 0.001 to 1"),
        (("--views", "2"), "--views"),
    ],
)
def test_wrong_options_are_one_line(folder: Path, option: tuple[str, str], message: str) -> None:
    code, _, stderr = run(folder, "--out", folder / "out", *option)
    assert code == 2
    assert message in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize("whole", [False, True])
def test_an_input_is_not_overwritten(folder: Path, whole: bool) -> None:
    before = (folder / "1.dcm").read_bytes()
    code, _, stderr = run(folder if whole else folder / "1.dcm", "--out", folder)
    assert code == 2
    assert "is an input and would be overwritten; give another --out" in stderr
    assert (folder / "1.dcm").read_bytes() == before


def test_what_a_run_made_is_no_input_of_the_next(folder: Path) -> None:
    for _ in range(2):
        code, stdout, _ = run(folder, "--out", folder / "out", "--dose", 0.1)
        assert (code, "2 slices" in stdout) == (0, True)
    assert len(list(folder.rglob("*.dcm"))) == 4


def test_files_named_by_uid_keep_their_names(folder: Path, tmp_path: Path) -> None:
    for n in range(2):
        (folder / f"{n}.dcm").rename(folder / f"1.2.840.{n}")
    assert run(folder, "--out", tmp_path / "out")[0] == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "1.2.840.0.dcm",
        "1.2.840.1.dcm",
    }


def test_two_files_are_not_written_to_one_place(folder: Path, tmp_path: Path) -> None:
    (folder / "1.dcm").rename(folder / "0")
    code, _, stderr = run(folder, "--out", tmp_path / "out")
    assert code == 2
    assert "0.dcm: would be written to the place of 0; rename one of them" in stderr
    assert not (tmp_path / "out").exists()


def test_a_bad_file_does_not_stop_the_rest(folder: Path, tmp_path: Path) -> None:
    (folder / "broken.dcm").write_text("broken")
    code, stdout, stderr = run(folder, "--out", tmp_path / "out", "--ring", 0.05)
    assert (code, "2 slices" in stdout) == (1, True)
    assert "broken.dcm" in stderr


def test_what_an_earlier_run_left_beside_is_reported(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(folder, "--out", out, "--dose", 0.5)[::2] == (0, "")
    assert run(folder, "--out", out, "--dose", 0.25)[::2] == (0, "")
    code, _, stderr = run(folder / "0.dcm", "--out", out, "--dose", 0.5)
    assert (code, stderr) == (
        0,
        f"{out}: 1 .dcm files there are not of this run",
    )


def test_gzipped_slices_are_taken_and_archives_refused(folder: Path, tmp_path: Path) -> None:
    packed = folder / "1.dcm.gz"
    packed.write_bytes(gzip.compress((folder / "1.dcm").read_bytes()))
    (folder / "1.dcm").unlink()
    code, _, stderr = run(folder, "--out", tmp_path / "out", "--dose", 0.5)
    assert (code, stderr) == (0, "")
    assert len(list((tmp_path / "out").iterdir())) == 2
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(folder / "0.dcm", "0.dcm")
    code, _, stderr = run(tmp_path / "a.zip", "--out", tmp_path / "out")
    assert (code, "an archive; unpack it, and give the folder" in stderr) == (2, True)
