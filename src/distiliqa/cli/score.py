"""``distiliqa score``: score CT slices of files or of a DICOMweb server."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from distiliqa.cli.levels import NOT_IN_RANGE, CheckOption, LevelsFile, ProtocolsFile, read_tables
from distiliqa.cli.options import (
    SERVER,
    SPEED,
    CaFile,
    CredentialsFile,
    PrecisionOption,
    RuntimeOption,
    downloaded,
    open_study,
)
from distiliqa.cli.problems import end_stopped, printed, report_check, report_end
from distiliqa.cli.score_usage import check_outputs, check_usage
from distiliqa.outputs import HeatmapKind, Outputs
from distiliqa.terminal import progress_bar, say

if TYPE_CHECKING:
    from distiliqa.ct import Problem
    from distiliqa.scoring.result import ScoringRun

# Groups of options in the help.
INPUT, OUTPUT, MODEL = "Input", "Output", "Model"


def score(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="INPUT", help="CT files, folders, DICOMDIRs, zips, tars or globs."),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME|FOLDER", help="A shipped model or a model folder.", rich_help_panel=MODEL
        ),
    ] = "compact",
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Compare the slices with those of this series.",
            rich_help_panel=INPUT,
        ),
    ] = None,
    rdsr: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A radiation dose report that does not lie in INPUT. Repeatable.",
            rich_help_panel=INPUT,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Write report.html, scores.csv and .json, series.csv, run.json here.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    sr: Annotated[
        bool,
        typer.Option(
            "--sr",
            help="Write DICOM structured reports to DIR/sr (extra pacs).",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    heatmaps: Annotated[
        list[HeatmapKind] | None,
        typer.Option(
            help="Write maps of where quality is lost to DIR/heatmaps. Repeatable.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    identify: Annotated[
        bool,
        typer.Option(
            "--identify",
            help="Name series and files in the reports; series.csv then has UID, study date, "
            "protocol, description, station and accession number too.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    count_outside: Annotated[
        bool,
        typer.Option(
            "--count-outside",
            help="Let slices out of domain count in means.",
            rich_help_panel=MODEL,
        ),
    ] = False,
    measures: Annotated[
        Literal["none", "basic", "all"],
        typer.Option(
            help="none: only the score and the noise level. basic: also sharpness, texture, size, "
            "dose and faults of each slice. all: and pooled over each series.",
            rich_help_panel=OUTPUT,
        ),
    ] = "basic",
    pdf: Annotated[
        bool,
        typer.Option(
            "--pdf", help="Write report.pdf too (extra pdf); needs --out.", rich_help_panel=OUTPUT
        ),
    ] = False,
    logo: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A picture at the top of report.pdf.", rich_help_panel=OUTPUT
        ),
    ] = None,
    notes: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Text below the title of report.pdf, in Western letters.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the scores as JSON, not as a table.", rich_help_panel=OUTPUT
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print errors only.", rich_help_panel=OUTPUT)
    ] = False,
    protocols: ProtocolsFile = None,
    levels: LevelsFile = None,
    check: CheckOption = False,
    runtime: RuntimeOption = None,
    precision: PrecisionOption = "fp32",
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="CPU threads; default: all cores.", rich_help_panel=SPEED),
    ] = None,
    batch: Annotated[
        int | None, typer.Option(min=1, help="Slices in one batch.", rich_help_panel=SPEED)
    ] = None,
    dicomweb: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Score --study of this server, in place of INPUT.",
            rich_help_panel=SERVER,
        ),
    ] = None,
    study: Annotated[
        str | None, typer.Option(metavar="UID", help="Study to score.", rich_help_panel=SERVER)
    ] = None,
    series: Annotated[
        list[str] | None,
        typer.Option(
            metavar="UID", help="Only this series of the study. Repeatable.", rich_help_panel=SERVER
        ),
    ] = None,
    store: Annotated[
        bool,
        typer.Option(
            "--store", help="Send structured reports back to the server.", rich_help_panel=SERVER
        ),
    ] = False,
    credentials: CredentialsFile = None,
    ca_file: CaFile = None,
    more_inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input", metavar="INPUT", help="Same as INPUT. Repeatable.", rich_help_panel=INPUT
        ),
    ] = None,
) -> None:
    """Score CT slices: DICOM, NIfTI, Analyze 7.5, MHA, NRRD, TIFF or NumPy.

    With --dicomweb it scores the CT series of a study on a server. From 1000 slices on it uses the
    fastest settings for this machine, see `distiliqa tune`, unless --threads or --batch is given.

    Exit status. 0: all slices scored. 1: some slices or outputs failed. 2: nothing scored, or
    invalid options. 3: with --check, all slices scored and a series not in range. 130: interrupted.
    """
    inputs = [*(inputs or ()), *(more_inputs or ())]
    from distiliqa.ct import read_dose_report
    from distiliqa.scoring.model import load_model
    from distiliqa.scoring.run import require_scores, score_inputs
    from distiliqa.scoring.tuning import tuned

    remote = open_study(dicomweb, study, series, credentials, ca_file)
    check_usage(inputs, remote, out, store=store)
    rules, ranges = read_tables(protocols, levels, check=check)
    dose_reports = [read_dose_report(path) for path in rdsr or ()]
    loaded = load_model(model, runtime=runtime, precision=precision, threads=threads, batch=batch)
    outputs = Outputs(out, identify, pdf, logo, notes, sr or store, tuple(heatmaps or ()))
    check_outputs(outputs)
    outputs.check(loaded.config)
    with downloaded(remote, quiet=quiet) as download:
        with progress_bar("reading headers", "scoring", quiet=quiet) as show:
            run = score_inputs(
                inputs if download is None else download.find(),
                loaded,
                reference=reference,
                progress=show,
                keep_heatmaps=out is not None,  # for the report
                count_outside=count_outside,
                tune=partial(
                    tuned,
                    any_runtime=runtime is None,
                    report=None if quiet else partial(say, err=True),
                ),
                dose_reports=dose_reports,
                measures=measures,
            )
        require_scores(run)
        run = replace(run, protocols=rules, levels=ranges)
        try:
            reports, missing = outputs.write(run, quiet=quiet)
        finally:  # Ctrl-C does not keep the scores from the screen
            unprinted = printed(partial(_show, run, json=json, quiet=quiet))
    unstored: list[Problem] = []
    if store and remote is not None and run.stopped is None:
        unstored = remote.store(reports)
    report_end(run, [*missing, *unprinted], unstored, identify=identify, quiet=quiet)
    if run.stopped is not None:
        say(f"stopped after {len(run.slices)} of {run.found} slices", err=True)
        end_stopped(run.stopped)
    in_range = report_check(run) if check else True
    if run.failed or missing or unprinted or unstored:
        raise typer.Exit(1)
    if not in_range:
        raise typer.Exit(NOT_IN_RANGE)


def _show(run: ScoringRun, *, json: bool, quiet: bool) -> None:
    if json:
        from distiliqa.report.json import print_json

        print_json(run)
    elif not quiet:
        from distiliqa.report.screen_table import print_scores

        print_scores(run)
