"""``report.pdf``: the scores on paper (extra ``pdf``)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.scoring.result import ScoringRun


def require_pdf(logo: Path | None = None) -> None:
    """Raise `DistiliqaError` where no PDF can be made: before scoring, not after.

    Parameters
    ----------
    logo : a picture file that has to be readable.
    """
    if find_spec("reportlab") is None:
        raise DistiliqaError(
            "a PDF needs reportlab, which is not installed",
            remedy='pip install "distiliqa[pdf]"',
        )
    if logo is not None:
        from PIL import Image

        try:
            with Image.open(logo) as picture:
                picture.load()
        except (OSError, SyntaxError, ValueError) as error:
            raise DistiliqaError(
                "cannot be read as a picture", path=logo, remedy="give a PNG or JPEG as --logo"
            ) from error


def write_pdf(
    path: Path,
    run: ScoringRun,
    *,
    logo: Path | None = None,
    notes: str | None = None,
    identify: bool = False,
) -> None:
    """Write a run as a PDF of A4 pages, whole or not at all.

    Parameters
    ----------
    logo : a picture that stands at the top of the first page.
    notes : text that stands below the title; line breaks are kept.
    identify : name series and files, which may name a patient; else a series is the first eight
        digits of the SHA-256 of its UID, and a slice its number.

    Raises
    ------
    DistiliqaError : reportlab is missing, the logo is no picture, or the file cannot be written.
    """
    require_pdf(logo)
    from distiliqa.report.pdf.document import build
    from distiliqa.report.pdf.overview import front, provenance
    from distiliqa.report.pdf.series import series_sections

    story = [
        *front(run, logo, notes, identify=identify),
        *series_sections(run, identify=identify),
        *provenance(run, identify=identify),
    ]
    build(path, story)
