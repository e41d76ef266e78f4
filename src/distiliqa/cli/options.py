"""Options that several commands share, and the DICOMweb server that they name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Annotated

import typer

from distiliqa.scoring.execution import Precision, RuntimeName
from distiliqa.terminal import progress_bar, say

if TYPE_CHECKING:
    from distiliqa.pacs.dicomweb.client import Server
    from distiliqa.pacs.dicomweb.study import Download, Study

SPEED, SERVER = "Speed", "DICOMweb server"  # groups of options in the help

ModelOption = Annotated[
    str, typer.Option(metavar="NAME|FOLDER", help="A shipped model or a model folder.")
]
RuntimeOption = Annotated[
    RuntimeName | None,
    typer.Option(
        help="Library that runs the model; cuda and openvino are extras.", rich_help_panel=SPEED
    ),
]
PrecisionOption = Annotated[
    Precision,
    typer.Option(
        help="bf16 needs OpenVINO and a CPU with bf16, int8 a network made by tune. Both are "
        "refused where scores are not close to those of fp32.",
        rich_help_panel=SPEED,
    ),
]
PagePort = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port of the page; default: 8414 or after.")
]
PageHost = Annotated[
    str | None,
    typer.Option(
        help="Address to listen at; default: this machine alone. With it, browsers need the token "
        "that is printed."
    ),
]
NoBrowser = Annotated[
    bool, typer.Option("--no-browser", help="Print the address, and open no browser.")
]
CredentialsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Private file with user and password, a token or a client certificate.",
        rich_help_panel=SERVER,
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Trust the certificate authorities in this PEM file.",
        rich_help_panel=SERVER,
    ),
]
RecipeSettings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a key of the recipe: teacher.epochs=3. Repeatable."),
]
ReaderNames = Annotated[
    list[str] | None,
    typer.Option(
        "--readers", metavar="COLUMN", help="Column of a reader; default: all. Repeatable."
    ),
]
ScaleOption = Annotated[
    str | None,
    typer.Option(
        "--scale",
        metavar="LOW,HIGH",
        help="Scale of the readers; others are refused. With --standardize that of the first one.",
    ),
]
Standardize = Annotated[
    bool,
    typer.Option("--standardize", help="Give all readers the mean and deviation of the first one."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue an interrupted training.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Number of processes; default: all cores.")]


def numbers(text: str, option: str) -> tuple[float, ...]:
    """Comma-separated numbers of an option. Raises `typer.BadParameter` on anything else."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{option} {text}: give numbers such as 0.5,0.25") from None


def scale_of(text: str | None) -> tuple[float, float] | None:
    """The scale of ``--scale``. Raises `typer.BadParameter` unless it is LOW,HIGH."""
    if text is None:
        return None
    found = numbers(text, "--scale")
    if len(found) != 2 or not -math.inf < found[0] < found[1] < math.inf:
        raise typer.BadParameter(f"--scale {text}: give the lowest and highest rating, such as 1,5")
    return found[0], found[1]


def open_server(
    url: str,
    credentials: Path | None,
    ca_file: Path | None,
    *,
    attempts: int = 4,
    max_s: float | None = None,
) -> Server:
    """The server at ``url``, with a warning where others can read the traffic.

    Parameters
    ----------
    attempts, max_s : as in `Retries` and `Server`.
    """
    from distiliqa.pacs import check_extra

    check_extra()
    from distiliqa.pacs.dicomweb.bounds import MAX_ANSWER_S
    from distiliqa.pacs.dicomweb.client import Server
    from distiliqa.pacs.dicomweb.credentials import find_credentials
    from distiliqa.pacs.retry import Retries

    found = find_credentials(credentials)
    max_s = MAX_ANSWER_S if max_s is None else max_s
    server = Server(url, found, ca_file=ca_file, max_s=max_s, retries=Retries(attempts))
    if server.is_readable_on_the_way:
        say(f"warning: {server.url} is not encrypted: use https", err=True)
    return server


def open_study(
    url: str | None,
    study: str | None,
    series: list[str] | None,
    credentials: Path | None,
    ca_file: Path | None,
) -> Study | None:
    """The study that the options name; None where they name none."""
    if url is None and study is None and not series:
        return None
    if url is None or study is None:
        raise typer.BadParameter("--dicomweb URL and --study UID belong together")
    server = open_server(url, credentials, ca_file)
    from distiliqa.pacs.dicomweb.study import Study

    return Study(server, study, tuple(series or ()))


@contextmanager
def downloaded(study: Study | None, *, quiet: bool) -> Iterator[Download | None]:
    """Download a study to a temporary folder; None where there is none."""
    if study is None:
        yield None
        return
    from distiliqa.scratch import scratch_folder

    with scratch_folder(Path(gettempdir())) as folder:
        with progress_bar("searching", "downloading", quiet=quiet) as show:
            download = study.download(folder, show)
        yield download
