"""An archive in S3, as a small server of these tests speaks it; AWS itself is not asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

import pyarrow.parquet as pq
from tests.support.object_store import serving

from distiliqa.archive import storage
from distiliqa.archive.run import score_archive
from distiliqa.errors import DistiliqaError
from distiliqa.scoring.model import Model

Write = Callable[..., Path]


@pytest.fixture
def bucket(tmp_path: Path, write_series: Write, monkeypatch: pytest.MonkeyPatch):
    """A folder that is the bucket ``s3://ct``, with a series in ``site a/1``."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # else asked for region and keys
    write_series(tmp_path / "store" / "ct" / "site a" / "1")
    with serving(tmp_path / "store") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        storage._store.cache_clear()
        yield tmp_path / "store" / "ct"
    storage._store.cache_clear()


@pytest.mark.usefixtures("without_ray")
def test_a_folder_in_a_bucket_is_scored_and_resumed(tmp_path: Path, tiny: Model, bucket: Path):
    (bucket / "site a" / ".hidden").write_text("")
    counts = score_archive(["s3://ct/site a"], tiny, tmp_path / "out")
    assert (counts.files, counts.scored) == (3, 3)
    (part,) = (tmp_path / "out" / "slices").iterdir()
    found = pq.read_table(part)
    assert sorted(found["path"].to_pylist()) == [f"s3://ct/site a/1/{n}.dcm" for n in range(3)]
    (bucket / "site a" / "1" / "0.dcm").write_bytes(b"no DICOM, and of another size")
    counts = score_archive(["s3://ct/site a/"], tiny, tmp_path / "out")
    assert (counts.known, counts.failed) == (2, 1)


@pytest.mark.usefixtures("without_ray")
def test_a_manifest_in_a_bucket_is_relative_to_it(tmp_path: Path, tiny: Model, bucket: Path):
    (bucket / "manifest.csv").write_text("path,site\nsite a/1/2.dcm,a\nsite a/1/9.dcm,a\n")
    counts = score_archive(["s3://ct/manifest.csv"], tiny, tmp_path / "out")
    assert (counts.scored, counts.failed) == (1, 1)


@pytest.mark.usefixtures("bucket")
def test_a_key_that_is_not_there_is_an_error(tmp_path: Path, tiny: Model):
    with pytest.raises(DistiliqaError, match="s3://ct/none: no such file or folder"):
        score_archive(["s3://ct/none"], tiny, tmp_path / "out")
