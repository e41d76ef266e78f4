"""Curves of a training, epoch by epoch."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from distiliqa.files import atomic_path


def plot_curves(rows: list[dict[str, float]], path: Path, title: str) -> None:
    """Draw loss and overall agreement of each epoch, training and held-out, as a PNG.

    Parameters
    ----------
    rows : one dictionary an epoch, as `distiliqa.lab.train.callbacks.History` keeps them.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    panels = figure.subplots(1, 2)
    epochs = [row["Epoch"] + 1 for row in rows]
    curves = {
        "loss": ("train_loss", "loss", "val_loss"),
        "overall (PLCC + SROCC + KROCC)": (
            "overall_perf",
            "val_overall_perf",
            "teacher_overall_perf",
        ),
    }
    for panel, (label, names) in zip(panels, curves.items(), strict=True):
        for name in (n for n in names if n in rows[0]):
            style = {"val": "-", "teacher": ":"}.get(name.split("_")[0], "--")
            panel.plot(epochs, [row[name] for row in rows], style, color="black", label=name)
        panel.set(xlabel="epoch", ylabel=label, ylim=(0, None))
        panel.legend(frameon=False)
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title)
    with atomic_path(path) as partial:
        figure.savefig(partial, format="png", dpi=120)
