"""The provenance of scores, and the files that were not scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from distiliqa.ct import DoseReport, Problem
from distiliqa.errors import DistiliqaError, one_line
from distiliqa.models.folder import ONNX
from distiliqa.report.dose_facts import unmatched_text
from distiliqa.report.formatting import map_text
from distiliqa.report.json import environment
from distiliqa.report.names import KnownPaths, Names
from distiliqa.report.series_entry import SeriesEntry
from distiliqa.scoring.execution import described
from distiliqa.scoring.levels import Levels
from distiliqa.scoring.protocol_rules import ProtocolRules
from distiliqa.scoring.result import ScoringRun


def provenance(run: ScoringRun, entries: Sequence[SeriesEntry], names: Names) -> dict[str, Any]:
    """Software, model, settings and inputs, and the files that were not scored."""
    return {
        "software": _software(),
        "model": _model(run),
        "run": _run(run, names),
        "hashes": _hashes(run, entries, names),
        "stopped": _stopped(run),
        "failed": _problems(run, run.failed, names),
        "left_out": _problems(run, run.left_out, names),
        "unmatched_events": [
            unmatched_text(unmatched, identify=names.identify) for unmatched in run.doses.unmatched
        ],
    }


def _software() -> list[tuple[str, str]]:
    facts = environment()
    engines = facts["engines"]
    assert isinstance(engines, dict)
    found = {"distiliqa": facts["distiliqa"], "Python": facts["python"], **engines}
    found["on"] = facts["platform"]
    return [(name, str(value)) for name, value in found.items() if value is not None]


def _model(run: ScoringRun) -> list[tuple[str, str]]:
    model = run.model
    return [
        ("name", f"{model.name} {model.version}"),
        (f"SHA-256 of {ONNX}", model.files.get(ONNX, "not known")),
        ("window", f"width {model.window.width:g}, level {model.window.level:g} HU"),
        ("image", f"{model.image_size} x {model.image_size} pixels, cropped or padded"),
        ("outputs", str(model.outputs)),
        *([] if model.score_map is None else [("map", map_text(model.score_map))]),
        ("run by", described(run.execution)),
    ]


def _run(run: ScoringRun, names: Names) -> list[tuple[str, str]]:
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in run.seconds.items())
    found = [("slices found", str(run.found)), ("slices scored", str(len(run.slices)))]
    if names.identify:
        found.append(("inputs", ", ".join(map(one_line, run.inputs))))
    if run.reference is not None:
        found.append(("reference", one_line(run.reference) if names.identify else "given"))
    return [*found, *_options(run, names), ("time", seconds)]


def _options(run: ScoringRun, names: Names) -> list[tuple[str, str]]:
    """What changes the numbers, as far as options change it."""
    found = [
        ("measures", run.measures),
        ("slices out of domain count", "yes" if run.count_outside else "no"),
        ("dose reports", str(len(run.dose_reports))),
    ]
    for name, table in (("rules of protocols", run.protocols), ("levels", run.levels)):
        if table is not None:
            path = [one_line(table.path)] if names.identify else []
            found.append((name, ", ".join([*path, f"SHA-256 {table.sha256 or 'not known'}"])))
    return found


def _hashes(run: ScoringRun, entries: Sequence[SeriesEntry], names: Names) -> str:
    """One line for each file: its SHA-256 and its name in the report."""
    if names.identify:
        return "\n".join(f"{digest}  {one_line(path)}" for path, digest in run.all_sha256.items())
    called = _called_beside(run)
    for entry in entries:
        for slice_ in entry.series.slices:
            if (digest := run.sha256_of(slice_.path)) is not None:
                called.setdefault(digest, f"{entry.name}, from slice {slice_.number}")
    other = "not scored" if run.reference is None else "not scored, or of the reference"
    return "\n".join(f"{digest}  {called.get(digest, other)}" for digest in run.all_sha256.values())


def _called_beside(run: ScoringRun) -> dict[str, str]:
    """Names of what was read beside slices, by SHA-256."""
    given: list[tuple[str, DoseReport | ProtocolRules | Levels | None]] = [
        *(("dose report", report) for report in run.dose_reports),
        ("rules of protocols", run.protocols),
        ("levels", run.levels),
    ]
    return {one.sha256: name for name, one in given if one is not None and one.sha256 is not None}


def _stopped(run: ScoringRun) -> str:
    """The cause that ended the run early, without a path; empty if there is none."""
    if run.stopped is None:
        return ""
    return run.stopped.reason if isinstance(run.stopped, DistiliqaError) else "interrupted"


def _problems(run: ScoringRun, problems: Sequence[Problem], names: Names) -> list[tuple[str, str]]:
    """Files with their reason; without ``identify``, reasons with their number of files."""
    if names.identify:
        return [(one_line(problem.path), one_line(problem.reason)) for problem in problems]
    paths = {slice_.path for slice_ in run.slices} | set(run.sha256)
    known = KnownPaths(paths | {problem.path for problem in (*run.failed, *run.left_out)})
    counts = Counter(one_line(names.reason(problem, known)) for problem in problems)
    return [
        ("", reason if n == 1 else f"{reason} ({n} files)") for reason, n in counts.most_common()
    ]
