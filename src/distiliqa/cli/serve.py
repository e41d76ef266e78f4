"""``distiliqa serve``: a page of this machine to score, look, window and compare."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from distiliqa.cli.levels import LevelsFile, ProtocolsFile, read_tables
from distiliqa.cli.options import ModelOption, NoBrowser, PageHost, PagePort
from distiliqa.terminal import say


def serve(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH",
            help="CT, results of score, a database of monitor, or a folder of listen.",
        ),
    ] = None,
    port: PagePort = None,
    host: PageHost = None,
    no_browser: NoBrowser = False,
    shortcut: Annotated[
        bool,
        typer.Option(
            "--install-shortcut", help="Add distiliqa to the applications of this user, and exit."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder for jobs, results and uploads."),
    ] = None,
    model: ModelOption = "compact",
    identify: Annotated[
        bool, typer.Option("--identify", help="Name series, files and folders on the page.")
    ] = False,
    measures: Annotated[
        Literal["none", "basic", "all"], typer.Option(help="What is measured, see score.")
    ] = "basic",
    protocols: ProtocolsFile = None,
    levels: LevelsFile = None,
) -> None:
    """Open a page on this machine: drop CT, see its scores, window it, compare it.

    PATH is scored in the background; results, monitor and listen folders are shown. Nothing leaves
    this machine. The page is for this machine alone unless --host is given. On a machine with
    several users give --host 127.0.0.1, so that only who has the token sees the page.

    Jobs, results and uploads stay in --out, by default a folder of the user. Ctrl-C ends the page;
    the next start continues the jobs.
    """
    from distiliqa.serve import check_extra

    check_extra()
    if shortcut:
        from distiliqa.serve.shortcut import install_shortcut

        say(f"wrote {install_shortcut()}")
        return
    tables = read_tables(protocols, levels, check=False)
    from distiliqa.files import private_if_new
    from distiliqa.serve.app import opened_app
    from distiliqa.serve.job_process import ScoringSettings
    from distiliqa.serve.local_server import own_folder, serve_folder
    from distiliqa.serve.served_paths import classify
    from distiliqa.serve.workspace import Workspace

    settings = ScoringSettings(model, identify, measures, *tables)
    served = classify(paths or ())
    folder = own_folder() if out is None else out
    private_if_new(folder)
    workspace = partial(Workspace, folder.resolve(), served, settings)
    serve_folder(
        folder,
        lambda hosts, token: opened_app(workspace(), hosts, token, say),
        host=host,
        port=port,
        open_browser=not no_browser,
        say=say,
    )
