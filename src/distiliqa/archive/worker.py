"""The work of a worker: read files, score their slices, give a row for every file."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from distiliqa.archive import storage
from distiliqa.archive.prefetch import File, prefetch_files
from distiliqa.archive.table import FAILED, LEFT_OUT, problem_row, schema, scored_row
from distiliqa.ct import CTIndex, Problem
from distiliqa.ct.dicom.identify import is_dicom
from distiliqa.ct.dicom.read import why_left_out
from distiliqa.ct.formats import index_one
from distiliqa.ct.source import Source
from distiliqa.ct.volumes.detached import files_of, sha256_of
from distiliqa.errors import ModelFolderError
from distiliqa.models.folder import ONNX, digest_of
from distiliqa.scoring.inputs import problem_of
from distiliqa.scoring.measuring import Measuring
from distiliqa.scoring.model import load_model
from distiliqa.scoring.prepare import Prepared, prepare
from distiliqa.version import __version__

# The bytes of a file, and the reason to leave it out by its header; None for none.
_Content = tuple[bytes, str | None]

# Their libraries need a file; DICOM and TIFF are read from bytes.
_ON_DISK = {".npy", ".nii", ".nii.gz", ".hdr", ".img", ".mha", ".mhd", ".nrrd", ".nhdr"}


@dataclass(frozen=True)
class Setting:
    """Settings of a worker.

    Attributes
    ----------
    model : str
        Name of a shipped model, or a folder that every machine has.
    sha256 : str
        SHA-256 of its ``model.onnx``, which each row has.
    digest : str
        `distiliqa.models.folder.digest_of` it, so that no machine scores with another, nor with
        that network on another scale.
    threads : int
        CPU threads of a worker.
    carried : tuple[str, ...]
        Columns of manifests that go into the results.
    measures : {"none", "basic"}
        What is measured beside the score, see `distiliqa.score`.
    """

    model: str
    sha256: str
    digest: str
    threads: int = 1
    carried: tuple[str, ...] = ()
    measures: Measuring = "none"


class Scorer:
    """Scores the files of a table; its model is loaded once.

    Raises
    ------
    ModelFolderError
        This machine has another model.
    """

    def __init__(self, setting: Setting) -> None:
        self.model = load_model(setting.model, threads=setting.threads)
        self.sha256 = self.model.config.files[ONNX]
        if digest_of(self.model.config) != setting.digest:
            raise ModelFolderError(
                "another model than the run was started with",
                path=self.model.folder,
                remedy="install the same version of distiliqa and the same model everywhere",
            )
        self.measures = setting.measures
        self.schema = schema(setting.carried)

    def __call__(self, files: pa.Table) -> pa.Table:
        """Score ``files`` (path, size, modified_ns, carried columns): one row for every slice."""
        coming = prefetch_files(files.to_pylist(), _read)
        rows = [row for file, content in coming for row in self._rows(file, content)]
        return pa.Table.from_pylist(rows, self.schema)

    def _rows(self, file: File, coming: Future[_Content]) -> list[dict[str, Any]]:
        common = {**file, "model_sha256": self.sha256, "distiliqa": __version__}
        try:
            content, left_out = coming.result()
            if left_out is not None:
                return [{**problem_row(Problem(file["path"], left_out), LEFT_OUT), **common}]
            common["sha256"] = _digest(file["path"], content)
            rows = self._scored(_source(file["path"], content))
        except Exception as error:  # a damaged file affects no other
            rows = [problem_row(problem_of(error, file["path"]), FAILED)]
        return [{**row, **common} for row in rows]

    def _scored(self, source: Source) -> list[dict[str, Any]]:
        index = None if (reason := _unsupported(source)) else index_one(source)
        if index is None:
            return [problem_row(Problem(source.name, reason or "no image"), LEFT_OUT)]
        rows = [problem_row(problem, FAILED) for problem in index.failed]
        rows += [problem_row(problem, LEFT_OUT) for problem in index.left_out]
        slices = self._prepared(index, rows)
        return [*(scored_row(score) for score in self.model.score_prepared(slices)), *rows]

    def _prepared(self, index: CTIndex, failed: list[dict[str, Any]]) -> Iterator[Prepared]:
        """Yield the slices that can be read; the others become rows of ``failed``."""
        for info in index.slices:
            try:
                yield prepare(info.read(), self.model.config, self.measures)
            except Exception as error:
                failed.append(problem_row(problem_of(error, info.path), FAILED, info.frame))


def _read(file: File) -> _Content:
    """Read a file; of one that its header leaves out no more than the first bytes."""
    left_out: str | None = None

    def goes_on(start: bytes) -> bool:
        nonlocal left_out
        source = _source(file["path"], start)
        is_worth_it = len(start) == storage.START_BYTES and is_dicom(source)
        left_out = why_left_out(source) if is_worth_it else None
        return left_out is None

    return storage.read(file["path"], goes_on), left_out


def _digest(path: str, content: bytes) -> str:
    """SHA-256 of a file that was read, with its pixels where it is a header."""
    place = storage.on_disk(path)
    is_header = place is not None and len(files_of(place)) > 1
    return sha256_of(place) if place and is_header else hashlib.sha256(content).hexdigest()


def _unsupported(source: Source) -> str | None:
    """Reason not to read a kind of file that `distiliqa score` reads."""
    if source.suffix == ".zip":
        return "a zip; unpack it, or use distiliqa score"
    if source.suffix == ".npz":
        return "a .npz; use distiliqa score"
    if source.file is None and source.suffix in _ON_DISK:
        return f"{source.suffix} is not read from an object store; copy it to a disk"
    return None


def _source(path: str, content: bytes) -> Source:
    """The bytes of a file, read once; some libraries need the file on a disk too."""
    return Source(path, partial(io.BytesIO, content), storage.on_disk(path))
