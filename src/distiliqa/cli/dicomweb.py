"""The options of commands that talk to a DICOMweb server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from distiliqa.terminal import say

if TYPE_CHECKING:
    from distiliqa.pacs.dicomweb.client import Server
    from distiliqa.pacs.dicomweb.study import Study

CredentialsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Private file with user and password, a token or a client certificate.",
        rich_help_panel="DICOMweb server",
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Trust the certificate authorities in this PEM file.",
        rich_help_panel="DICOMweb server",
    ),
]


def open_server(
    url: str,
    credentials: Path | None,
    ca_file: Path | None,
    *,
    attempts: int = 4,
    max_s: float | None = None,
) -> Server:
    """The server at ``url``; a warning is told where its traffic can be read.

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
    longest_s = MAX_ANSWER_S if max_s is None else max_s
    server = Server(url, found, ca_file=ca_file, max_s=longest_s, retries=Retries(attempts))
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
