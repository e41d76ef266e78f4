"""Draw docs/images/example.png: the example series at three doses, with its scores.

python -m tools.make_docs.readme_picture
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

import distiliqa
from distiliqa.ct import SOFT_TISSUE
from distiliqa.examples import EXAMPLE_SERIES

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "example.png"
DOSES = ("dose_100", "dose_025", "dose_010")
SLICE = 1
CROP = (slice(90, 430), slice(40, 472))


def main() -> None:
    model = distiliqa.load_model()
    figure = Figure(figsize=(9, 2.7), layout="constrained", facecolor="white")
    for panel, dose in zip(figure.subplots(1, 3), DOSES, strict=True):
        ct = list(distiliqa.read_ct(EXAMPLE_SERIES / dose))[SLICE]
        result = model.score(ct.hu)
        assert isinstance(result, distiliqa.SliceScore)
        panel.imshow(SOFT_TISSUE.apply(ct.hu)[CROP], cmap="gray", vmin=0, vmax=1)
        percent = int(dose.removeprefix("dose_"))
        panel.set_title(f"{percent} % dose: {result.score:.2f}", fontsize=11)
        panel.axis("off")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=110)


if __name__ == "__main__":
    main()
