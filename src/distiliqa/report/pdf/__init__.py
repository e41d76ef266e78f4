"""``report.pdf``: the scores on paper (extra ``pdf``)."""

from __future__ import annotations

from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.extras import install_command, is_installed
from distiliqa.files import check_regular
from distiliqa.models.seen_faults import seen_by
from distiliqa.report.names import Names
from distiliqa.report.pictures import Pictures, draw_pictures
from distiliqa.report.series_entry import list_series, worst_first
from distiliqa.scoring.result import ScoringRun

PDF = "report.pdf"
LOST_LETTERS = (
    "the fonts of a PDF have Western letters only, and others are shown as ?; report.html has "
    "names and headers in full"
)


def require_pdf(logo: Path | None = None) -> None:
    """Raise `DistiliqaError` where no PDF can be made: before scoring, not after.

    Parameters
    ----------
    logo : Path or None
        A picture file that has to be readable.
    """
    if not is_installed("reportlab"):
        raise DistiliqaError(
            "a PDF needs reportlab, which is not installed", remedy=install_command("pdf")
        )
    if logo is not None:
        from PIL import Image

        try:
            check_regular(logo)
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
    pictures: Pictures | None = None,
) -> set[str]:
    """Write a run as a PDF of A4 pages, whole or not at all.

    Parameters
    ----------
    logo : Path or None
        A picture that stands at the top of the first page.
    notes : str or None
        Text that stands below the title; line breaks are kept.
    identify : bool
        Name series and files, which may name a patient, see `distiliqa.report.names.Names`.
    pictures : Pictures or None
        Pictures of another report of the run; None to draw them.

    Returns
    -------
    set[str]
        The letters that are shown as a question mark, see `distiliqa.report.pdf.letters`. Below the
        title the PDF says that there are some.

    Raises
    ------
    DistiliqaError
        The package reportlab is missing, the logo is no picture, or the file cannot be written.
    """
    require_pdf(logo)
    from distiliqa.report.pdf.document import build, text
    from distiliqa.report.pdf.first_page import front, origin
    from distiliqa.report.pdf.letters import lost_letters
    from distiliqa.report.pdf.series_section import sections
    from distiliqa.report.pdf.size_page import size_story

    names = Names.of(run, identify=identify)
    entries = worst_first(list_series(run, names), run.model.scale)
    if pictures is None:
        pictures = draw_pictures(entries, run.model)
    with lost_letters() as lost:
        title, *story = [
            *front(run, entries, names, logo, notes),
            *size_story(entries, run.model.scale),
            *sections(run, entries, names, pictures),
            *origin(run, entries, names),
        ]
    note = [text(LOST_LETTERS[0].upper() + LOST_LETTERS[1:])] if lost else []
    build(path, [title, *note, *story], seen_by(run.model.ladders))
    return lost
