"""Other metrics of image quality on the same slices: slices a second, and memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median

import numpy as np

from bench.alone import alone
from bench.figures import Figure, Found, main
from bench.slices import hu_slices, origin, windowed_slices

SLICES, ROUNDS = 8, 2
Run = Callable[[], object]


def measure() -> Found:
    """Each in a process of its own, one after the other, in several rounds."""
    rates: dict[str, list[float]] = {}
    memory: dict[str, float] = {}
    left_out = []
    for turn in range(ROUNDS):
        for name, (_, needs) in PEERS.items():
            if turn and name not in rates:
                continue
            if missing := [package for package in needs if find_spec(package) is None]:
                left_out.append(f"{name}: {', '.join(missing)} cannot be imported here")
                continue
            try:
                found = alone("peers", "timed", name)
            except RuntimeError as error:
                left_out.append(f"{name}: {error}")
                continue
            rates.setdefault(name, []).append(found.result)
            memory[name] = max(memory.get(name, 0), found.peak_mib)
    figures = []
    for name, seconds in rates.items():
        figures.append(Figure(name, median(seconds), "slices/s", note=_note(name)))
        figures.append(Figure(f"{name}, memory", memory[name], "MiB"))
    about = (
        f"{SLICES} windowed slices of 512 x 512 pixels in memory, copies of {origin()}, all cores, "
        "one process each. Speed is all that is compared: weights of the networks of others are "
        "drawn at random, and nothing is downloaded."
    )
    return Found("Beside other metrics", about, figures, left_out=left_out)


def timed(name: str) -> float:
    """Slices a second of one metric, warm; for `alone`."""
    make, _ = PEERS[name]
    run, count = make()
    run()
    begin = time.perf_counter()
    run()
    return count / (time.perf_counter() - begin)


def _distiliqa() -> tuple[Run, float]:
    from distiliqa.scoring.model import load_model

    model, hu = load_model(), hu_slices(SLICES)
    return lambda: model.score(hu), SLICES


def _ssim() -> tuple[Run, float]:
    from skimage.metrics import structural_similarity

    images = windowed_slices(SLICES)[:, 0]
    reference = np.roll(images, 1, 0)
    pairs = list(zip(images, reference, strict=True))
    return lambda: [structural_similarity(*pair, data_range=1.0) for pair in pairs], SLICES


def _maniqa() -> tuple[Run, float]:
    import torch

    from bench.maniqa import CROP, CROPS, Maniqa

    network, crop = Maniqa().eval(), torch.from_numpy(windowed_slices(1)[..., :CROP, :CROP])

    @torch.inference_mode()
    def run() -> object:
        return network(crop)

    return run, 1 / CROPS


def _brisque() -> tuple[Run, float]:
    from brisque import BRISQUE

    metric = BRISQUE(url=False)
    images = np.repeat((windowed_slices(SLICES)[:, 0, ..., None] * 255).astype(np.uint8), 3, -1)
    return lambda: [metric.score(image) for image in images], SLICES


def _pyiqa(metric: str) -> Callable[[], tuple[Run, float]]:
    def make() -> tuple[Run, float]:
        import pyiqa
        import torch

        network = pyiqa.create_metric(metric, pretrained=False, device="cpu")
        images = torch.from_numpy(windowed_slices(SLICES)).expand(-1, 3, -1, -1)
        return lambda: [network(image[None]) for image in images], SLICES

    return make


PEERS: dict[str, tuple[Callable[[], tuple[Run, float]], tuple[str, ...]]] = {
    "distiliqa, shipped model": (_distiliqa, ()),
    "SSIM of scikit-image, which needs a reference": (_ssim, ("skimage",)),
    "torch network of the size of MANIQA": (_maniqa, ("torch",)),
    "BRISQUE of brisque": (_brisque, ("brisque", "libsvm", "cv2")),
    "NIQE of pyiqa": (_pyiqa("niqe"), ("pyiqa", "torchvision", "timm")),
    "CNNIQA of pyiqa, a CNN": (_pyiqa("cnniqa"), ("pyiqa", "torchvision", "timm")),
    "MANIQA of pyiqa, a transformer": (_pyiqa("maniqa"), ("pyiqa", "torchvision", "timm")),
}


def _note(name: str) -> str:
    if "MANIQA" in name:
        return "a slice is 20 crops; one was timed" if "torch" in name else "20 crops a slice"
    return ""


if __name__ == "__main__":
    main(measure, __doc__)
