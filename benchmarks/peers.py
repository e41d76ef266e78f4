"""Slices a second and memory, beside other ways to rate images.

    python benchmarks/peers.py [--json FILE]

Each runs in a process of its own on the same slices of the example series, in turns; memory is the
peak of the process. Metrics that cannot be imported here are left out by name.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bench.alone import peak_mib
from bench.figures import Figure, Found, main
from distiliqa.cli.example import EXAMPLE_SERIES
from distiliqa.ct import SOFT_TISSUE, read_ct

TURNS = 3
LEAST_S = 2.0  # that each measures in a turn
ONLY = "DISTILIQA_PEER"

Rate = Callable[[np.ndarray], Any]  # rates windowed slices, (n, 512, 512), in [0, 1]


def compact() -> Rate:
    from distiliqa.scoring.model import load_model

    model = load_model()
    low, width = SOFT_TISSUE.lower, SOFT_TISSUE.width
    return lambda images: model.score(images * width + low)


def skimage_ssim() -> Rate:
    from skimage.metrics import structural_similarity

    return lambda images: [
        structural_similarity(one, other, data_range=1.0)
        for one, other in zip(images, images[::-1], strict=True)
    ]


def own_metric(name: str) -> Rate:
    from distiliqa import metrics

    metric, low, width = getattr(metrics, name), SOFT_TISSUE.lower, SOFT_TISSUE.width
    if name == "global_noise_level":
        return lambda images: [metric(each * width + low, (0.7, 0.7)) for each in images]
    return lambda images: [
        metric(one * width + low, other * width + low)
        for one, other in zip(images, images[::-1], strict=True)
    ]


def maniqa_size(crops: int) -> Rate:
    """The ViT-B/8 of MANIQA (Yang et al. 2022, arXiv 2204.08958) alone, on crops of 224 pixels."""
    import torch
    from torch import nn

    layer = partial(nn.TransformerEncoderLayer, 768, 12, 3072, activation="gelu", dropout=0.0)
    encoder = nn.TransformerEncoder(
        layer(norm_first=True, batch_first=True), 12, enable_nested_tensor=False
    ).eval()
    patches = nn.Conv2d(3, 768, 8, 8)

    @torch.inference_mode()
    def rate(images: np.ndarray) -> None:
        for image in torch.from_numpy(images[:1]):
            crop = image[None, None, 144:368, 144:368].expand(1, 3, -1, -1)
            for _ in range(crops):
                encoder(patches(crop).flatten(2).transpose(1, 2))

    return rate


def library(package: str, metric: str) -> Rate:
    """A metric of pyiqa or piq, on grey images as colour, where the package can be imported."""
    import torch

    if package == "pyiqa":
        import pyiqa

        found = pyiqa.create_metric(metric, device="cpu")
    else:
        import piq

        found = getattr(piq, metric)
    return lambda images: [
        found(torch.from_numpy(each)[None, None].expand(1, 3, -1, -1)) for each in images
    ]


PEERS: dict[str, tuple[Callable[[], Rate], str]] = {
    "distiliqa compact": (compact, "HU arrays to scores, intervals, distance and map"),
    "distiliqa global noise level": (partial(own_metric, "global_noise_level"), ""),
    "distiliqa SSIM": (partial(own_metric, "ssim"), "full reference"),
    "distiliqa VIF": (partial(own_metric, "vif"), "full reference"),
    "scikit-image SSIM": (skimage_ssim, "full reference, gaussian_weights off"),
    "ViT-B/8 of MANIQA, one crop": (partial(maniqa_size, 1), "its backbone alone, random weights"),
    "pyiqa BRISQUE": (partial(library, "pyiqa", "brisque"), ""),
    "pyiqa NIQE": (partial(library, "pyiqa", "niqe"), ""),
    "pyiqa CNNIQA": (partial(library, "pyiqa", "cnniqa"), ""),
    "pyiqa MANIQA": (partial(library, "pyiqa", "maniqa"), ""),
    "piq BRISQUE": (partial(library, "piq", "brisque"), ""),
}
AT_ONCE = {"ViT-B/8 of MANIQA, one crop": 1}  # the others take all slices
CROPS = 20  # that MANIQA's own test averages


def slices() -> np.ndarray:
    return np.stack([SOFT_TISSUE.apply(ct.hu) for ct in read_ct(EXAMPLE_SERIES)]).astype(np.float32)


def alone(name: str) -> None:
    """Print slices a second and MiB of one peer as JSON, or why there are none."""
    try:
        rate = PEERS[name][0]()
    except Exception as error:  # whatever keeps a package from being imported
        print(json.dumps({"why_not": f"{type(error).__name__}: {error}".splitlines()[0]}))
        return
    images = slices()
    rate(images)
    begin, passes = time.perf_counter(), 0
    while (seconds := time.perf_counter() - begin) < LEAST_S:
        rate(images)
        passes += 1
    count = AT_ONCE.get(name, len(images))
    print(json.dumps({"rate": passes * count / seconds, "memory": peak_mib()}))


def measure() -> Found:
    turns: dict[str, list[dict[str, Any]]] = {name: [] for name in PEERS}
    for _ in range(TURNS):
        for name, found in turns.items():
            if not found or "rate" in found[-1]:
                found.append(_in_a_process(name))
    figures, left_out, rates = [], [], {}
    for name, found in turns.items():
        if "why_not" in found[-1]:
            left_out.append(f"{name} ({found[-1]['why_not']})")
            continue
        rates[name] = statistics.median(each["rate"] for each in found)
        figures.append(Figure(name, rates[name], "slices/s", note=PEERS[name][1]))
        figures.append(Figure(f"{name}, peak memory", found[-1]["memory"], "MiB"))
    one_crop = rates["ViT-B/8 of MANIQA, one crop"]
    ratio = rates["distiliqa compact"] * CROPS / one_crop
    note = f"MANIQA's test averages {CROPS} crops"
    figures.append(Figure("compact beside the ViT-B/8 of MANIQA", ratio, "times", note=note))
    about = f"Each in a process of its own, {TURNS} turns, all cores, 512 x 512 slices."
    return Found("Beside peers", about, figures, left_out=left_out)


def _in_a_process(name: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__], env=os.environ | {ONLY: name}, capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if lines else {"why_not": done.stderr.splitlines()[-1]}


if __name__ == "__main__":
    if ONLY in os.environ:
        alone(os.environ[ONLY])
    else:
        main(measure, __doc__)
