"""What becomes of an archive; Ray is replaced by this process where it has no part in it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ray")

import pyarrow as pa
import pyarrow.parquet as pq
from tests.support.detached_volumes import both, write_mhd
from tests.support.made import mapped
from tests.support.without_ray import score_here

from distiliqa.archive import cluster, run
from distiliqa.archive.input_files import Listed, open_source
from distiliqa.archive.run import score_archive
from distiliqa.archive.worker import Scorer, Setting
from distiliqa.errors import DistiliqaError
from distiliqa.models.folder import write_config
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.run import score_inputs

Write = Callable[..., Path]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


def rows(out: Path) -> list[dict]:
    return [
        row
        for part in sorted((out / "slices").glob("part-*.parquet"))
        for row in pq.read_table(part).to_pylist()
    ]


def states(out: Path) -> dict[str, str]:
    """The state of each file; a file that stands twice is an error."""
    found = [(Path(row["path"]).name, row["state"]) for row in rows(out)]
    assert len(dict(found)) == len(found)
    return dict(found)


def workers_of_ray() -> Iterable[int]:
    """The processes that score for this one, whose parent is the raylet that it started."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            scores = (place / "cmdline").read_bytes().startswith(b"ray::Scorer")
            if scores and parent(parent(int(place.name))) == os.getpid():
                yield int(place.name)
        except OSError:  # ended meanwhile
            continue


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@on_linux
@pytest.mark.usefixtures("two_workers")
def test_a_killed_worker_costs_no_slice_and_scores_none_twice(
    tmp_path: Path, tiny: Model, write_series: Write
):
    folder, killed = write_series(tmp_path / "in", 100), list[int]()
    (folder / "bad.dcm").write_bytes(b"no DICOM")

    def kill_one(done: int, listed: int) -> None:
        if not killed:
            killed.append(next(iter(workers_of_ray())))
            os.kill(killed[0], signal.SIGKILL)

    counts = score_archive([str(folder)], tiny, tmp_path / "out", progress=kill_one)
    assert killed
    assert (counts.workers, counts.scored, counts.failed) == (2, 100, 1)
    assert Counter(states(tmp_path / "out").values()) == {"scored": 100, "failed": 1}
    local = {score.path: score for score in score_inputs([folder], tiny).slices}
    for row in rows(tmp_path / "out"):
        if row["state"] == "scored":
            there = local[row["path"]]
            assert (row["score"], row["spread"]) == (there.score, there.spread)
            assert tuple(row["outputs"]) == there.outputs
            assert (row["noise_hu"], row["kernel"]) == (there.noise_hu, there.acquisition.kernel)


@pytest.mark.usefixtures("two_workers")
def test_after_ctrl_c_a_run_goes_on(
    tmp_path: Path, tiny: Model, write_series: Write, monkeypatch: pytest.MonkeyPatch
):
    folder, out = write_series(tmp_path / "in", 60), tmp_path / "out"

    def ctrl_c(done: int, listed: int) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        score_archive([str(folder)], tiny, out, progress=ctrl_c)
    kept = states(out)
    assert 0 < len(kept) < 60
    record = json.loads((out / "run.json").read_text())
    assert (record["finished"], record["runs"][0]["stopped"]) == (False, "interrupted")
    score_here(monkeypatch)
    counts = score_archive([str(folder)], tiny, out)
    assert (counts.known, counts.scored) == (len(kept), 60 - len(kept))
    assert set(states(out).values()) == {"scored"}
    assert len(states(out)) == 60


@on_linux
@pytest.mark.usefixtures("two_workers")
def test_a_file_that_kills_its_workers_takes_no_other_along(
    tmp_path: Path, tiny: Model, write_series: Write, monkeypatch: pytest.MonkeyPatch
):
    class Killed(Scorer):
        def __call__(self, files: pa.Table) -> pa.Table:
            if any(path.endswith("kills.dcm") for path in files["path"].to_pylist()):
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__call__(files)

    monkeypatch.setattr(cluster, "Scorer", Killed)
    folder = write_series(tmp_path / "in", 40)
    (folder / "kills.dcm").write_bytes(b"")
    counts = score_archive([str(folder)], tiny, tmp_path / "out")
    assert (counts.scored, counts.failed) == (40, 1)
    assert counts.retried > 1
    found = states(tmp_path / "out")
    assert found.pop("kills.dcm") == "failed"
    assert set(found.values()) == {"scored"}


@pytest.mark.usefixtures("two_workers")
def test_where_the_model_is_another_one_the_run_ends(
    tmp_path: Path, tiny: Model, write_series: Write
):
    listed = open_source(str(write_series(tmp_path, 3))).files()
    files = [file for file in listed if isinstance(file, Listed)]
    setting = Setting(str(tiny.folder), "0" * 64, "0" * 64)
    with pytest.raises(DistiliqaError, match="another model than the run was started with"):
        list(cluster.score_files(files, setting, 2))


def test_what_failed_or_changed_is_scored_again_and_stands_once(
    tmp_path: Path, tiny: Model, write_series: Write, write_ct: Write, without_ray: list[str]
):
    folder, out = write_series(tmp_path / "in"), tmp_path / "out"
    good = (folder / "2.dcm").read_bytes()
    (folder / "2.dcm").write_bytes(good[:-9])
    (folder / "notes.txt").write_text("no image")
    score_archive([str(folder)], tiny, out)
    assert states(out) == {
        "0.dcm": "scored",
        "1.dcm": "scored",
        "2.dcm": "failed",
        "notes.txt": "left out",
    }
    (folder / "2.dcm").write_bytes(good)
    os.utime(folder / "1.dcm", (1, 1))
    without_ray.clear()
    counts = score_archive([str(folder)], tiny, out)
    assert {Path(path).name for path in without_ray} == {"1.dcm", "2.dcm"}
    assert (counts.known, counts.scored, counts.failed) == (2, 2, 0)
    assert states(out) == {f"{n}.dcm": "scored" for n in range(3)} | {"notes.txt": "left out"}


@pytest.mark.usefixtures("without_ray")
def test_a_volume_is_scored_again_when_its_pixels_are_others(tmp_path: Path, tiny: Model):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    rng, digests = np.random.default_rng(0), list[str]()
    for _ in range(2):
        path = write_mhd(folder / "new.mhd", rng.normal(40, 30, (2, 64, 64)))
        (folder / "new.raw").replace(folder / "v.raw")
        if digests:  # the header stays as it is
            path.unlink()
        else:
            path.write_text(path.read_text().replace("new.raw", "v.raw"))
            path.replace(folder / "v.mhd")
        for _ in range(2):
            counts = score_archive([str(folder)], tiny, out)
        assert counts.known == 2
        found = [row for row in rows(out) if row["state"] == "scored"]
        assert [row["slice"] for row in found] == [0, 1]
        assert {row["sha256"] for row in found} == {both(folder / "v.mhd")}
        digests.append(found[0]["sha256"])
    assert len(set(digests)) == 2


@pytest.mark.usefixtures("without_ray")
def test_scores_of_a_file_that_has_gone_are_kept(tmp_path: Path, tiny: Model, write_series: Write):
    folder, out = write_series(tmp_path / "in"), tmp_path / "out"
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("path\nin/0.dcm\nin/1.dcm\nin/missing.dcm\n")
    for _ in range(2):
        counts = score_archive([str(manifest)], tiny, out)
        assert counts.failed == 1
        (folder / "1.dcm").unlink(missing_ok=True)
    assert states(out) == {"0.dcm": "scored", "1.dcm": "scored", "missing.dcm": "failed"}


def test_a_file_that_is_named_often_is_scored_once(
    tmp_path: Path, tiny: Model, write_series: Write, without_ray: list[str], monkeypatch
):
    monkeypatch.setattr(run, "PORTION", 2)
    folder = write_series(tmp_path / "in")
    inputs = [str(folder), str(folder / "0.dcm"), f"{folder}/../in", f"file://{folder}/1.dcm"]
    counts = score_archive(inputs[:3], tiny, tmp_path / "out")
    assert (counts.files, counts.known, counts.scored) == (7, 4, 3)
    assert len(without_ray) == 3


@pytest.mark.usefixtures("without_ray")
def test_columns_of_a_manifest_are_carried_along(tmp_path: Path, tiny: Model, write_series: Write):
    write_series(tmp_path / "in")
    manifest, out = tmp_path / "manifest.csv", tmp_path / "out"
    manifest.write_text("site,path\nnorth,in/0.dcm\nsouth,in/1.dcm\n")
    score_archive([str(manifest)], tiny, out)
    assert {Path(row["path"]).name: row["site"] for row in rows(out)} == {
        "0.dcm": "north",
        "1.dcm": "south",
    }
    manifest.write_text("path\nin/0.dcm\n")
    with pytest.raises(DistiliqaError, match=r"run\.json: holds scores with another window"):
        score_archive([str(manifest)], tiny, out)


@pytest.mark.usefixtures("without_ray")
def test_a_second_run_beside_it_is_refused(tmp_path: Path, tiny: Model, write_series: Write):
    folder, out, errors = write_series(tmp_path / "in"), tmp_path / "out", list[str]()

    def start_another(done: int, listed: int) -> None:
        with pytest.raises(DistiliqaError) as error:
            score_archive([str(folder)], tiny, out)
        errors.append(str(error.value))

    score_archive([str(folder)], tiny, out, progress=start_another)
    assert f"{out}: another run writes here; stop it, or choose another folder" in errors
    assert score_archive([str(folder)], tiny, out).known == 3


@pytest.mark.usefixtures("without_ray")
@pytest.mark.parametrize("scheme", ["", "file://"])
def test_results_inside_an_input_are_not_read_as_images(
    tmp_path: Path, tiny: Model, write_series: Write, scheme: str
):
    folder = write_series(tmp_path / "in")
    for _ in range(2):
        score_archive([f"{scheme}{folder}"], tiny, folder / "out")
    assert set(states(folder / "out").values()) == {"scored"}


@pytest.mark.usefixtures("without_ray")
def test_another_model_is_refused(tmp_path: Path, tiny: Model, write_series: Write):
    folder, out = write_series(tmp_path / "in"), tmp_path / "out"
    score_archive([str(folder)], tiny, out)
    other = replace(tiny, config=replace(tiny.config, version="2.0"))
    with pytest.raises(
        DistiliqaError, match=r"run\.json: holds scores of tiny 1\.0, not of tiny 2"
    ):
        score_archive([str(folder)], other, out)


@pytest.mark.usefixtures("without_ray")
def test_a_machine_with_another_scale_of_the_network_is_refused(
    tmp_path: Path, tiny: Model, write_series: Write
):
    folder = shutil.copytree(tiny.folder, tmp_path / "model")
    model = load_model(folder)
    write_config(folder, mapped(tiny.config))  # what the worker finds there
    with pytest.raises(DistiliqaError, match="another model than the run was started with"):
        score_archive([str(write_series(tmp_path / "in"))], model, tmp_path / "out")


@pytest.mark.usefixtures("without_ray")
def test_other_measures_are_refused_and_those_of_earlier_versions_are_none(
    tmp_path: Path, tiny: Model, write_series: Write
):
    folder, out = write_series(tmp_path / "in"), tmp_path / "out"
    score_archive([str(folder)], tiny, out, measures="none")
    record = json.loads((out / "run.json").read_text())
    assert record["settings"].pop("measures") == "none"
    (out / "run.json").write_text(json.dumps(record))
    with pytest.raises(DistiliqaError, match=r"other --measures.*'measures': 'none'"):
        score_archive([str(folder)], tiny, out)
    assert score_archive([str(folder)], tiny, out, measures="none").known == 3


@pytest.mark.usefixtures("without_ray")
def test_another_count_outside_makes_the_means_anew_and_scores_nothing(
    tmp_path: Path, tiny: Model, write_series: Write
):
    folder, out = write_series(tmp_path / "in"), tmp_path / "out"
    score_archive([str(folder)], tiny, out, measures="none")
    again = score_archive([str(folder)], tiny, out, measures="none", count_outside=True)
    assert (again.known, again.scored) == (3, 0)
    runs = json.loads((out / "run.json").read_text())["runs"]
    assert [run["count_outside"] for run in runs] == [False, True]


@pytest.mark.usefixtures("without_ray")
def test_the_means_are_those_of_the_local_engine(tmp_path: Path, tiny: Model, write_series: Write):
    write_series(tmp_path / "in" / "a")
    write_series(tmp_path / "in" / "b", 4, SeriesInstanceUID="1.2.4")
    score_archive([str(tmp_path / "in")], tiny, tmp_path / "out")
    with (tmp_path / "out" / "series.csv").open(newline="") as file:
        means = {row["series"]: row for row in csv.DictReader(file)}
    for there in score_inputs([tmp_path / "in"], tiny).series:
        assert float(means[there.series]["score"]) == pytest.approx(there.score, abs=1e-6)
        assert int(means[there.series]["slices"]) == len(there.slices)
