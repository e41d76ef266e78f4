"""Write docs/explanation/measures.md from the record of its figures.

    python -m tools.make_docs.measures_page [--measure] [--data ../shared/data]

With ``--measure`` the figures are computed anew, which takes a minute. Only figures are written, no
image.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from distiliqa.files import write_json, write_text
from tools.markdown_table import markdown_table

ROOT = Path(__file__).resolve().parents[2]
RECORD = Path(__file__).with_name("measures_record.json")
TEMPLATE, PAGE = RECORD.with_name("measures.md.in"), ROOT / "docs" / "explanation" / "measures.md"
NONE = "no value"
_STRENGTHS = {"views": "views", "ring": "gain error of channels", "metal": "titanium rod, mm"}

Record = dict[str, Any]


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--measure", action="store_true", help="compute the figures anew")
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    chosen = options.parse_args()
    if chosen.measure:
        from tools.make_docs.measures_causes import causes
        from tools.make_docs.measures_truth import record

        write_json(RECORD, record(chosen.data) | causes(chosen.data))
    write_text(PAGE, page(read_record()))


def read_record() -> Record:
    """The figures, see `tools.make_docs.measures_truth.record`."""
    found: Record = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


def page(found: Record) -> str:
    """The page with these figures."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for mark, value in marks(found).items():
        text = text.replace(f"@{mark}@", value)
    return text


def marks(found: Record) -> dict[str, str]:
    """What stands in the place of each mark of the template."""
    ratios, noise = found["real_blurs"]["ratios"], found["noise"]
    return {
        "BLURS": _blurs(found["blurs"]),
        "BLUR_ERROR": f"{100 * blur_error(found):.1f} %",
        "REAL_COUNT": str(len(ratios)),
        "REAL_MEDIAN": f"{median(ratios):.2f}",
        "REAL_RANGE": f"{min(ratios):.2f} and {max(ratios):.2f}",
        "REAL_WITHIN": f"{100 * within(ratios, 0.1):.0f} %",
        "REAL_WITHOUT": str(found["real_blurs"]["without"]),
        "KERNELS": _kernels(found["kernels"]),
        "WHITE": f"{100 * noise['white_power']:.0f} %",
        "INTEGRAL": f"{noise['white_integral_hu']:.1f} HU",
        "PEAK": f"{noise['peak']:.3f}",
        "MEAN": f"{noise['mean']:.3f}",
        "MEAN_TRUE": f"{noise['mean_expected']:.3f}",
        "DPRIME": f"{found['detectability']['found']:.2f}",
        "DPRIME_TRUE": f"{found['detectability']['expected']:.2f}",
        "DW_ERROR": f"{100 * diameter_error(found):.2f} %",
        "DW": _diameters(found["diameter"]),
        "SSDE": _dose_estimates(found["ssde"]),
        "LADDERS": "\n\n".join(_ladder(kind, rungs) for kind, rungs in found["ladders"].items()),
        "STARVED": _starved(found["starved"]),
        "HALF": _ranges(found["skin"], "half"),
        "SHARPEST": _ranges(found["skin"], "sharpest"),
        "OBLIQUE": _oblique(found["oblique"]),
        "WIDTH": f"{next(iter(found['oblique'].values()))['width_mm']:.1f} mm",
        "RODS": _rods(found["rods"]),
    }


def blur_error(found: Record) -> float:
    """Largest relative error of f50 of the phantom."""
    return max(abs(f50 / row["f50"] - 1) for row in found["blurs"] for f50 in row["found"])


def diameter_error(found: Record) -> float:
    """Largest relative error of the diameter of cylinders."""
    return max(abs(row["found"] / row["diameter_mm"] - 1) for row in found["diameter"])


def within(ratios: Sequence[float], limit: float) -> float:
    """Share of the ratios that are this close to 1."""
    return sum(abs(ratio - 1) <= limit for ratio in ratios) / len(ratios)


def _blurs(rows: Iterable[Record]) -> str:
    return markdown_table(
        ("f50, 1/mm", "noise, HU", "found, 1/mm"),
        (
            (f"{row['f50']:g}", f"{row['noise_hu']:g}", ", ".join(_figures(row["found"], 3)))
            for row in rows
        ),
    )


def _kernels(rows: Iterable[Record]) -> str:
    return markdown_table(
        (
            "position of D45f, mm",
            "f50 of D45f, B30f, 1/mm",
            "peak of the noise of D45f, B30f, 1/mm",
        ),
        (
            (
                f"{row['z_mm']:.1f}",
                *(
                    ", ".join(_figures((row["sharp"][name], row["soft"][name]), 3))
                    for name in ("f50", "peak")
                ),
            )
            for row in rows
        ),
    )


def _diameters(rows: Sequence[Record]) -> str:
    return markdown_table(
        ("diameter, mm", "found in the middle, off it, mm"),
        (
            (
                f"{middle['diameter_mm']:g}",
                ", ".join(_figures((middle["found"], off["found"]), 2)),
            )
            for middle, off in zip(rows[::2], rows[1::2], strict=True)
        ),
    )


def _dose_estimates(rows: Sequence[Record]) -> str:
    small, large = ([row for row in rows if row["phantom_cm"] == size] for size in (16, 32))
    return markdown_table(
        ("diameter, cm", "phantom of 16 cm", "phantom of 32 cm"),
        (
            (f"{one['dw_cm']:g}", *_figures((one["found"], other["found"]), 2))
            for one, other in zip(small, large, strict=True)
        ),
    )


def _ladder(kind: str, rungs: Iterable[Record]) -> str:
    return _faults(_STRENGTHS[kind], ((f"{rung['strength']:g}", rung) for rung in rungs))


def _starved(found: dict[str, Record]) -> str:
    return _faults("slices", found.items())


def _faults(what: str, rows: Iterable[tuple[str, Record]]) -> str:
    names = ("streaks_tissue", "streaks_air", "rings")
    return markdown_table(
        (what, "streaks in soft tissue", "streaks in air", "rings"),
        ((name, *_figures((row[measure] for measure in names), 1)) for name, row in rows),
    )


def _ranges(skin: dict[str, Record], part: str) -> str:
    """``0.20 to 0.27 with B30f and ...``."""
    found = ((min(row[part]), max(row[part]), kernel) for kernel, row in skin.items())
    return " and ".join(f"{low:.2f} to {high:.2f} /mm with {kernel}" for low, high, kernel in found)


def _oblique(kernels: dict[str, Record]) -> str:
    return " and ".join(
        f"{name} from {row['f50']:.2f} to {row['found']:.2f} /mm" for name, row in kernels.items()
    )


def _rods(rows: Iterable[Record]) -> str:
    return markdown_table(
        (
            "titanium rod, mm",
            "median change of soft tissue, HU",
            "gradient, share",
        ),
        (
            (f"{row['strength']:g}", f"{row['added_hu']:.1f}", f"{row['detail']:.2f}")
            for row in rows
        ),
    )


def _figures(values: Iterable[float | None], digits: int) -> list[str]:
    return [NONE if value is None else f"{value:.{digits}f}" for value in values]


if __name__ == "__main__":
    main()
