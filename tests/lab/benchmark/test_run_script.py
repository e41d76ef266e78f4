"""The script of the comparison on small data: killed, stopped, and run to the end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
import yaml
from pydicom.uid import generate_uid

import distiliqa
from distiliqa.foreign_json import read_json
from distiliqa.lab.benchmark.benchmark_recipe import load_benchmark

ROOT = Path(__file__).parents[3]
PHANTOM = Path(distiliqa.__file__).parent / "examples" / "body_phantom"
PATIENTS = 6
MEASURES = ["noise level", "signal to noise", "total variation", "gradient energy"]
SECONDS = 900  # ends a hang


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The script, with recipes of few steps, beside the programs of this repository."""
    root = tmp_path / "checkout"
    (root / "training" / "benchmark").mkdir(parents=True)
    shutil.copyfile(ROOT / "training" / "benchmark" / "run.sh", root / "training/benchmark/run.sh")
    (root / "tools").symlink_to(ROOT / "tools")
    for name in ("challenge", "chest"):
        recipe = yaml.safe_load((ROOT / "training" / "benchmark" / f"{name}.yaml").read_text())
        recipe["methods"] = [
            method
            for method in recipe["methods"]
            if method.get("network") == "compact" or method["name"] in MEASURES
        ]
        recipe["data"] |= {"image_size": 64}
        recipe["training"] |= {"epochs": 3}
        recipe["tuning"] |= {"epochs": 1}
        recipe |= {"compare_with": "compact", "resamples": 99}
        path = root / "training" / "benchmark" / f"{name}.yaml"
        path.write_text(yaml.safe_dump(recipe))
        load_benchmark(path)
    images = {"patients": {"count": 1}, "scans": {"count": 2}, "processing": {"images": 0}}
    (root / "training" / "benchmark" / "images").mkdir()
    path = root / "training" / "benchmark" / "images" / "challenge.yaml"
    path.write_text(yaml.safe_dump({**images, "seed": 1}))
    (root / "training" / "compact").mkdir()
    (root / "training" / "compact" / "patients.yaml").write_text(yaml.safe_dump(_patients()))
    return root


def _patients() -> dict[str, list[dict[str, object]]]:
    facts = dict.fromkeys(("sop_uid", "sha256"), "0")
    facts |= dict.fromkeys(("maker", "scanner", "kernel", "thickness_mm", "noise_hu"))
    slice_ = {**facts, "spacing_mm": 0.8, "region": "chest"}
    return {
        "patients": [
            {"patient": f"P{n}", "site": "here", "role": "training", "slices": [slice_]}
            for n in range(PATIENTS)
        ]
    }


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """What the step sources of make model leaves; the phantom lies elsewhere in every patient."""
    work = tmp_path / "work"
    for n in range(PATIENTS):
        source = work / "sources" / "training" / f"P{n}" / "1.dcm"
        source.parent.mkdir(parents=True)
        ct = pydicom.dcmread(PHANTOM / "dose_100" / f"slice_{n % 4 + 1}.dcm")
        ct.PatientID = f"P{n}"
        ct.StudyInstanceUID, ct.SeriesInstanceUID = generate_uid(), generate_uid()
        ct.SOPInstanceUID = ct.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ct.decompress()
        ct.PixelData = np.roll(ct.pixel_array, n, axis=0).tobytes()
        ct.save_as(source)
    return work


def start(checkout: Path, work: Path) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.Popen(
        ["sh", str(checkout / "training" / "benchmark" / "run.sh"), str(work)],
        env={**os.environ, "PATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(found: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while not found():
        assert process.poll() is None, "ended before"
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_it_goes_on_after_each_kind_of_stop(checkout: Path, work: Path) -> None:
    made = checkout / "build" / "benchmark"
    trainings = made / "of_challenge" / "work"

    def count(name: str) -> int:
        return len(list(trainings.rglob(name)))

    process = start(checkout, work)
    wait_for(lambda: count("result.json") >= 2 and count("last.ckpt") >= 1, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = {path: path.read_bytes() for path in trainings.rglob("result.json")}

    process = start(checkout, work)
    wait_for(lambda: count("result.json") >= len(done) + 2, process)
    process.terminate()  # the script alone: it stops what it runs
    assert process.wait(SECONDS) == 143

    process = start(checkout, work)
    assert process.wait(SECONDS) == 0
    assert all(path.read_bytes() == content for path, content in done.items())
    for name, methods in (("challenge", 6), ("chest", 5)):
        results = checkout / "training" / "benchmark" / "results" / name
        table = read_json(results / "table.json")
        assert len(table["rows"]) == methods
        assert not [note for note in table["notes"] if "not finished" in note]
        assert (results / "groups.md").read_text().startswith("signed_srocc by group")
        log = (results / "log.txt").read_text()
        assert "compact: fold 3, seed 1 done" in log
        assert "Traceback" not in log
    again = start(checkout, work)
    assert again.wait(SECONDS) == 0


@pytest.mark.slow
def test_without_slices_it_names_the_step(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        ["sh", str(checkout / "training" / "benchmark" / "run.sh"), str(tmp_path / "empty")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "holds no slices; make them by make model" in done.stderr
