"""``distiliqa simulate``: DICOM in, DICOM of a worse acquisition out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distiliqa.cli.options import Jobs
from distiliqa.cli.problems import NOTHING_USABLE
from distiliqa.simulate.processing.kinds import KINDS
from distiliqa.terminal import say


def simulate(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="DICOM slice, or a folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder.")],
    dose: Annotated[float, typer.Option(help="Relative dose of a view, above 0 to 1.")] = 1.0,
    views: Annotated[
        int | None, typer.Option(min=8, help="Views in one turn; default: those of the scanner.")
    ] = None,
    keep_dose: Annotated[
        bool,
        typer.Option("--keep-dose", help="Distribute the dose of all views over the fewer views."),
    ] = False,
    kernel: Annotated[
        str | None,
        typer.Option(help="soft, standard, sharp or a DICOM name; default: that of the slice."),
    ] = None,
    scanner: Annotated[
        str | None, typer.Option(help="Geometry, such as lightspeed; default: that of the file.")
    ] = None,
    motion: Annotated[
        float, typer.Option(min=0, help="Amplitude of motion during one turn, mm.")
    ] = 0.0,
    ring: Annotated[
        float, typer.Option(min=0, help="Gain error of detector channels, such as 0.05.")
    ] = 0.0,
    metal: Annotated[float, typer.Option(min=0, help="Diameter of a titanium rod, mm.")] = 0.0,
    hardening: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Fraction of beam hardening by bone that is not corrected."
        ),
    ] = 0.0,
    truncation: Annotated[
        float | None,
        typer.Option(
            min=50, help="Diameter that the detector covers, mm; default: the whole slice."
        ),
    ] = None,
    smoothing: Annotated[
        float,
        typer.Option(min=0, help="Strength of a denoiser, in standard deviations of the noise."),
    ] = 0.0,
    process: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND:STRENGTH",
            help="Processing of the finished image; repeat it for several. Kinds: "
            + ", ".join(name for name, kind in KINDS.items() if kind.needs is None)
            + "; denoising_network:STRENGTH:FILE takes its weights from a file.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of random numbers.")] = 0,
    jobs: Jobs = None,
) -> None:
    """Simulate a worse acquisition: dose, views, kernel, motion, rings, metal and more."""
    from functools import partial

    from distiliqa.ct import index_ct
    from distiliqa.ct.containers.archive import is_archive
    from distiliqa.errors import CTReadError
    from distiliqa.jobs import run_jobs
    from distiliqa.simulate.dicom_files import (
        Settings,
        check_targets,
        not_made,
        other_images,
        simulate_file,
        target_of,
    )
    from distiliqa.simulate.noise import MIN_DOSE
    from distiliqa.simulate.processing.processing import parse_processing

    if not MIN_DOSE <= dose <= 1:
        raise typer.BadParameter(f"--dose {dose:g}: give {MIN_DOSE:g} to 1")
    settings = Settings(
        dose=dose,
        views=views,
        keep_dose=keep_dose,
        kernel=kernel,
        scanner=scanner,
        motion=motion,
        ring=ring,
        metal=metal,
        hardening=hardening,
        truncation=truncation,
        smoothing=smoothing,
        process=tuple(map(parse_processing, process or ())),
        seed=seed,
    )
    if source.is_file() and is_archive(source):
        raise CTReadError("an archive", path=source, remedy="unpack it, and give the folder")
    index = index_ct(source)
    folder = source if source.is_dir() else source.parent
    found = {Path(slice_.path) for slice_ in index.slices}
    files = sorted(not_made(found, folder, out))
    targets = {path: target_of(path, folder, out) for path in files}
    check_targets(targets.items())
    threads = None if len(files) == 1 else 1
    work = partial(simulate_file, folder=folder, out=out, settings=settings, threads=threads)
    results = dict(run_jobs(work, files, jobs=jobs, description="simulating"))
    errors = [error for error in results.values() if isinstance(error, CTReadError)]
    say(f"{len(files) - len(errors)} slices in {out}: {settings}")
    if others := other_images(out, targets.values()):
        say(f"{out}: {others} .dcm files there are not of this run", err=True)
    problems = (f"{path}: {reason}" for path, reason in (*index.failed, *index.left_out))
    for line in (*problems, *map(str, errors)):
        say(line, err=True)
    if errors or index.failed:
        raise typer.Exit(1 if len(errors) < len(files) else NOTHING_USABLE)
