from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.uid import SecondaryCaptureImageStorage
from tests.support.made import mapped
from tools.phantom.blurred_body import body

pa = pytest.importorskip("pyarrow")

from pyarrow.fs import LocalFileSystem, SubTreeFileSystem  # noqa: E402

from distiliqa.archive import storage  # noqa: E402
from distiliqa.archive.worker import Scorer, Setting  # noqa: E402
from distiliqa.ct.formats import index_one  # noqa: E402
from distiliqa.ct.source import Source  # noqa: E402
from distiliqa.errors import ModelFolderError  # noqa: E402
from distiliqa.models.folder import ONNX, digest_of, write_config  # noqa: E402
from distiliqa.report.measured_columns import MEASURED_COLUMNS  # noqa: E402
from distiliqa.scoring.model import Model  # noqa: E402
from distiliqa.scoring.run import score_inputs  # noqa: E402

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def scorer(tiny: Model) -> Scorer:
    return Scorer(setting_of(tiny))


def setting_of(model: Model) -> Setting:
    return Setting(str(model.folder), model.config.files[ONNX], digest_of(model.config))


def score(scorer: Scorer, *paths: Path | str) -> list[dict]:
    files = [{"path": str(path), "size": 1, "modified_ns": 2} for path in paths]
    return scorer(pa.Table.from_pylist(files)).to_pylist()


def test_a_slice_is_a_row_with_all_that_is_known(
    tmp_path: Path, scorer: Scorer, tiny: Model, write_series: Write
):
    folder = write_series(tmp_path, 1)
    (row,) = score(scorer, folder / "0.dcm")
    (there,) = score_inputs([folder], tiny).slices
    assert (row["score"], tuple(row["outputs"])) == (there.score, there.outputs)
    assert (row["series"], row["position_mm"]) == (there.series, there.position_mm)
    assert (row["kvp"], row["kernel"], row["warnings"]) == (120.0, "B30f", list(there.warnings))
    assert (row["state"], row["slice"], row["size"], row["modified_ns"]) == ("scored", 0, 1, 2)
    assert row["sha256"] == hashlib.sha256((folder / "0.dcm").read_bytes()).hexdigest()
    assert (row["model"], row["model_sha256"]) == ("tiny 1.0", tiny.config.files[ONNX])


@pytest.mark.parametrize("measures", ["none", "basic"])
def test_what_is_measured_is_that_of_score(
    tmp_path: Path, tiny: Model, write_ct: Callable[..., Path], measures: str
):
    write_ct(tmp_path / "0.dcm", body(0.35, pixel_mm=0.7, size=320, noise_hu=12))
    scorer = Scorer(replace(setting_of(tiny), measures=measures))
    (row,) = score(scorer, tmp_path / "0.dcm")
    (there,) = score_inputs([tmp_path], tiny, measures=measures).slices
    for column in MEASURED_COLUMNS:
        assert row[column.name] == column.value(there)
    assert (row["mtf50_per_mm"] is None) == (measures == "none")


def test_what_is_wrong_with_a_file_concerns_it_alone(
    tmp_path: Path, scorer: Scorer, write_series: Write
):
    folder = write_series(tmp_path)
    (folder / "1.dcm").write_bytes((folder / "1.dcm").read_bytes()[:-9])
    write_series(tmp_path / "mr", 1, Modality="MR")
    (folder / "notes.txt").write_text("no image")
    (folder / "many.zip").write_bytes(b"PK")
    (folder / "hu.npz").write_bytes(b"PK")
    others = ("notes.txt", "many.zip", "hu.npz")
    names = ("0.dcm", "1.dcm", "missing.dcm", "mr/0.dcm", *others, "2.dcm")
    found = score(scorer, *(folder / name for name in names))
    assert [row["state"] for row in found] == [
        "scored",
        "failed",
        "failed",
        "left out",
        "left out",
        "left out",
        "left out",
        "scored",
    ]
    assert "the pixels cannot be decoded" in found[1]["reason"]
    assert "not CT" in found[3]["reason"]
    assert found[6]["reason"] == "a .npz; use distiliqa score"
    assert all(str(tmp_path) not in (row["reason"] or "") for row in found)


def test_a_file_that_its_header_leaves_out_is_not_read_whole(
    tmp_path: Path, scorer: Scorer, write_ct: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    large = np.full((512, 512), 40.0)
    paths = {
        "mr": write_ct(tmp_path / "mr.dcm", large, Modality="MR"),
        "localizer": write_ct(tmp_path / "l.dcm", large, ImageType=["ORIGINAL", "", "LOCALIZER"]),
        "ct": write_ct(tmp_path / "ct.dcm", large),
    }
    wanted: list[int] = []
    open_regular = storage.open_regular

    class Counted(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            content = super().read(size)
            wanted.append(len(content))
            return content

    monkeypatch.setattr(storage, "open_regular", lambda path: Counted(open_regular(path).read()))
    bytes_read = {}
    for name, path in paths.items():
        wanted.clear()
        (row,) = score(scorer, path)
        bytes_read[name] = sum(wanted)
        (reason,) = [problem.reason for problem in index_one(Source.on_disk(path)).left_out] or [
            None
        ]
        assert (row["reason"], row["sha256"] is None) == (reason, reason is not None)
        assert row["state"] == ("left out" if reason else "scored")
    assert bytes_read["mr"] == bytes_read["localizer"] == storage.START_BYTES
    assert bytes_read["ct"] == paths["ct"].stat().st_size


def test_a_volume_is_a_row_a_slice(tmp_path: Path, scorer: Scorer):
    volume = np.random.default_rng(0).normal(40, 30, (3, 64, 64))
    np.save(tmp_path / "volume.npy", volume)
    found = score(scorer, tmp_path / "volume.npy")
    assert [row["slice"] for row in found] == [0, 1, 2]


def test_what_needs_a_disk_is_not_read_from_a_store(
    tmp_path: Path, scorer: Scorer, write_series: Write, monkeypatch: pytest.MonkeyPatch
):
    folder = write_series(tmp_path, 1)
    store = SubTreeFileSystem(str(folder.parent), LocalFileSystem())
    monkeypatch.setattr(storage, "_store", lambda name, scheme: (store, folder.name))
    np.save(folder / "v.npy", np.zeros((3, 64, 64)))
    nibabel.save(nibabel.Nifti1Pair(np.zeros((64, 64, 2), np.int16), np.eye(4)), folder / "v.hdr")
    names = ("0.dcm", "v.npy", "v.hdr", "v.img")
    dicom, *volumes = score(scorer, *(f"s3://ct/{name}" for name in names))
    assert dicom["state"] == "scored"
    for name, row in zip(names[1:], volumes, strict=True):
        reason = f"{Path(name).suffix} is not read from an object store; copy it to a disk"
        assert (row["state"], row["reason"]) == ("left out", reason)


def test_a_uri_of_a_disk_is_a_disk(tmp_path: Path, scorer: Scorer):
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(40, 30, (3, 64, 64)))
    assert [row["state"] for row in score(scorer, f"file://{tmp_path}/v.npy")] == ["scored"] * 3


def test_a_machine_with_another_model_is_refused(tmp_path: Path, tiny: Model):
    folder = shutil.copytree(tiny.folder, tmp_path / "model")
    setting = replace(setting_of(tiny), model=str(folder))
    Scorer(setting)
    write_config(folder, mapped(tiny.config))  # the same network on another scale
    with pytest.raises(ModelFolderError, match="another model than the run was started with"):
        Scorer(setting)


def test_a_header_that_is_longer_than_the_first_bytes_does_not_decide(
    tmp_path: Path, scorer: Scorer, write_ct: Callable[..., Path]
):
    """The first bytes may end between two elements: no pixels then, but no end of the file."""
    path = tmp_path / "long.dcm"
    made = write_ct(tmp_path / "a.dcm", np.full((512, 512), 40.0))
    dataset = pydicom.dcmread(made)
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    block = dataset.private_block(0x0009, "GEMS", create=True)
    block.add_new(0x41, "OB", b"")
    dataset.save_as(path)
    begin = path.read_bytes().index(b"\x09\x00\x41\x10OB") + 12  # of its value
    block[0x41].value = bytes(storage.START_BYTES - begin)
    dataset.save_as(path)
    following = path.read_bytes()[storage.START_BYTES :]
    assert following.startswith(b"\x10\x00")  # the next group
    (row,) = score(scorer, path)
    assert (row["state"], row["reason"]) == ("scored", None)
