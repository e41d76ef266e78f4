"""Faults that users name: how far score and label fall below the untouched slice, in the median.

Rings count where they are visible in the window: in slices whose label falls by 0.1 or more. Faulty
channels may see the edge of a slice alone.
"""

from __future__ import annotations

from statistics import median

from tools.model_check.acceptance import Row, Section, line
from tools.model_check.ladder_images import loaded, make_ladders
from tools.model_check.ladder_kinds import LADDERS
from tools.model_check.subject import Subject, changed

# Ladder, rung, and the least median fall of the score.
FAULTS = {
    "blur of 4 mm FWHM": ("blur", 4, 1.5),
    "--motion 8": ("motion in the turn", 8, 1.0),
    "--truncation 250": ("truncation", 250, 0.7),
    "--smoothing 3": ("non-local means", 3, 0.4),
    "--ring 0.05": ("rings", 0.05, 0.3),
}
ONLY_VISIBLE = {"--ring 0.05"}
VISIBLE = 0.1


def named_faults(subject: Subject) -> Section:
    """Measure the falls, each from the first rung of its ladder."""
    kinds = {kind.name: kind for kind in LADDERS}
    used = [kinds[name] for name, _, _ in FAULTS.values()]
    make_ladders(subject, used)
    falls: dict[str, list[tuple[float, float]]] = {kind.name: [] for kind in used}
    rung_of = {name: rung for name, rung, _ in FAULTS.values()}
    for kind, one, rungs in loaded(subject, used):
        at = kind.rungs.index(rung_of[kind.name])
        shown = (changed(one.ct, rungs.images[n]) for n in (0, at))
        plain, faulty = (score.score for score in subject.model.score_slices(shown))
        falls[kind.name].append((plain - faulty, float(rungs.labels[0] - rungs.labels[at])))
    lines, labels = [], []
    for what, (name, _, at_least) in FAULTS.items():
        counted = [fall[0] for fall in falls[name] if what not in ONLY_VISIBLE or _visible(fall)]
        value = median(counted) if counted else None
        title = f"{what}: median fall of the score"
        lines.append(line(title, len(counted), value, at_least=at_least))
        labels.append(_row(what, *zip(*falls[name], strict=True)))
    about = (
        "Held-out slices; rings count where the label falls by 0.1 or more. `--smoothing` is "
        "non-local means, and its label is asked as such. Below, all slices."
    )
    return Section("Named faults", about, (lines, labels))


def _visible(fall: tuple[float, float]) -> bool:
    return fall[1] >= VISIBLE


def _row(what: str, of_score: tuple[float, ...], of_label: tuple[float, ...]) -> Row:
    return {
        "fault": what,
        "fall of the label, median": median(of_label),
        "fall of the score, least": min(of_score),
        "fall of the score, most": max(of_score),
    }
