"""Model card in Markdown: what a model is, what it was trained on, and how it was calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from distiliqa.models.config import Domain, ModelConfig
from distiliqa.models.interval_calibration import IntervalCalibration, IntervalWidth
from distiliqa.models.processed import ProcessedCalibration
from distiliqa.models.seen_faults import Ladder, seen_by

COVERAGES = "interval_coverage_by_case"  # fact of the training: each case left out in turn


def model_card(config: ModelConfig) -> str:
    """Model card in Markdown, from the facts of ``config.json``."""
    scale, window, training = config.scale, config.window, config.training
    direction = "higher is better" if scale.higher_is_better else "lower is better"
    lines = [
        f"# {config.name} {config.version}",
        "",
        "No-reference image quality of axial CT slices, by distiliqa. Research software, not a "
        "medical device.",
        "",
        f"- Score: {scale.meaning}, {scale.low:g} to {scale.high:g}, {direction}; the mean of "
        f"{config.outputs} outputs, whose standard deviation is reported as spread.",
        f"- Input: HU, window width {window.width:g} level {window.level:g}, "
        f"{config.image_size} x {config.image_size} pixels; other sizes are cropped or padded.",
        *_training_lines(training),
        *_calibration_lines(config),
        *ladder_lines(config.ladders),
    ]
    return "\n".join(lines) + "\n"


def _calibration_lines(config: ModelConfig) -> list[str]:
    calibration, domain = config.interval_calibration, config.domain
    lines = []
    if calibration is not None:
        lines.append(_interval_line(calibration, config.training.get(COVERAGES, ())))
    if config.processed_calibration is not None:
        lines.append(_processed_line(config.processed_calibration))
    if domain is not None:
        lines.append(
            f"- Distance from {domain.images} training images; {100 * domain.false_alarms:.0f} % "
            f"of {domain.checked} images of unknown patients are beyond its limit. "
            f"{_shape_line(domain)}"
        )
    if config.heatmap is not None:
        lines.append("- Map of the score of {} x {} parts.".format(*config.heatmap))
    return lines


def _interval_line(calibration: IntervalCalibration, coverages: Sequence[float]) -> str:
    images, cases = calibration.images, calibration.cases
    text = f"- Prediction intervals of {100 * calibration.coverage:.0f} %, calibrated on {images}"
    if calibration.width is None:
        return f"{text} held-out images of {cases} cases, which also chose the epoch."
    text += (
        f" images of {cases} cases, each rated by the teacher that did not see it; "
        f"{_width_words(calibration.width)}."
    )
    if not coverages:
        return text
    return (
        f"{text} Calibrated on all cases but one, they hold {100 * fmean(coverages):.0f} % of the "
        f"labels of that one (mean; {100 * min(coverages):.0f} to {100 * max(coverages):.0f} % by "
        "case)."
    )


def _width_words(width: IntervalWidth) -> str:
    weights = {
        "the spread of the outputs": width.spread,
        "the score": width.score or width.square,
        "the probability that the slice was processed": width.processed,
    }
    named = [name for name, weight in weights.items() if weight]
    return f"their width depends on {' and '.join(named)}" if named else "all have one width"


def _processed_line(calibration: ProcessedCalibration) -> str:
    return (
        f"- A slice counts as processed above a probability of {calibration.threshold:.2f}, which "
        "5 % of images that nothing processed exceed. At probability 1 its score gets worse by "
        f"{calibration.held_back:.2f} and the worse end of its interval moves by "
        f"{calibration.widened:.2f}: by {calibration.images} images of {calibration.cases} cases, "
        "processed by kinds of denoisers that the teacher which rated them never saw."
    )


def ladder_lines(ladders: Sequence[Ladder]) -> list[str]:
    """What a model sees and does not see, for its card; no line for a model without ladders."""
    seen = seen_by(ladders)
    return [f"- {seen}"] if seen else []


def _shape_line(domain: Domain) -> str:
    small = domain.smallest_mm
    size = "" if small is None else f" of less than {small:.0f} mm water-equivalent diameter,"
    parts = f"with a cleft deeper than {domain.deepest_cleft:.2f}"
    contrast = f"a contrast of less than {domain.least_contrast_hu:.0f}"
    if domain.most_contrast_hu is not None:
        contrast += f" or more than {domain.most_contrast_hu:.0f}"
    line = f"Bodies{size} {parts} or {contrast} HU are out of domain too."
    if domain.tissue is None:
        return line
    return (
        f"{line} So are those that are narrower than {domain.tissue.min_aspect:.2f} times their "
        "height, with the bone of a head or a limb, or with next to no bone, fat or air."
    )


def _training_lines(training: dict[str, Any]) -> list[str]:
    if "images" not in training:
        return [f"- {name}: {value}" for name, value in training.items()]
    recipe = training["recipe"]
    figures = ", ".join(
        f"{n.removeprefix('val_')} {v:.3f}" for n, v in training["held_out"].items()
    )
    lines = [
        f"- Trained on {training['images']} images of {training['cases']} cases, "
        f"{recipe['folds']['count']} teachers by {recipe['folds']['by']}, seed {recipe['seed']}.",
        f"- Held out while the student was trained ({training['held_out_images']} images, used to "
        f"choose the epoch): {figures}.",
    ]
    lines += [f"- Warning: {text}." for text in training.get("warnings", ())]
    if training["evaluation"]:
        lines.append(_evaluation_line(training["evaluation"]))
    return lines


def _evaluation_line(evaluation: dict[str, Any]) -> str:
    metrics, bootstrap = evaluation["metrics"], evaluation["bootstrap"]
    figures = ", ".join(
        f"{name} {metrics[name]:.3f}" + (f" [{bounds[0]:.3f}, {bounds[1]:.3f}]" if bounds else "")
        for name, bounds in bootstrap["intervals"].items()
    )
    return (
        f"- On {metrics['n']} test images ({100 * bootstrap['level']:.0f} % bootstrap intervals "
        f"over {bootstrap['groups']} groups by {bootstrap['drawn']}): {figures}."
    )
