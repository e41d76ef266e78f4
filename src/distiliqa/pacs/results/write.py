"""DICOM results on disk: whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from pydicom import Dataset

from distiliqa.errors import DistiliqaError
from distiliqa.files import atomic_path


def write_result(path: Path, make: Callable[[], Dataset]) -> None:
    """Write the object that ``make()`` gives, atomically.

    Raises
    ------
    DistiliqaError : what ``make`` raises, whatever its kind; a full disk, or a folder that cannot
        be written.
    """
    # Through memory, because pydicom hides from the error of a full disk that the disk is full.
    content = BytesIO()
    try:
        make().save_as(content, enforce_file_format=True)
    except DistiliqaError:
        raise
    except Exception as error:  # highdicom raises many kinds on headers it did not expect
        raise DistiliqaError(
            f"no DICOM result can be made of its headers ({type(error).__name__}: {error})",
            remedy="export the series again",
        ) from error
    with atomic_path(path) as partial:
        partial.write_bytes(content.getvalue())
