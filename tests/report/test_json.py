from __future__ import annotations

import hashlib
import json
import math
import platform
import socket
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.support.dose_reports import dose_event, write_dose_report
from tests.support.made import with_facts

from distiliqa.ct import read_dose_report
from distiliqa.errors import DistiliqaError
from distiliqa.report.json import run_record, scores_record
from distiliqa.scoring.levels import read_levels
from distiliqa.scoring.protocol_rules import read_protocol_rules
from distiliqa.scoring.result import ScoringRun
from distiliqa.version import __version__


def test_scores_come_with_their_provenance(run: ScoringRun):
    record = json.loads(json.dumps(scores_record(run), allow_nan=False))
    assert record["distiliqa"] == __version__
    assert (record["model"]["name"], record["model"]["version"]) == ("tiny", "1.0")
    assert record["model"]["sha256"] == run.model.files["model.onnx"]
    assert record["settings"]["window"] == {"width": 350, "level": 40}
    assert record["settings"]["image_size"] == 512
    assert [series_["series"] for series_ in record["series"]] == ["1.2.4", run.slices[1].series]
    thorax = record["series"][1]
    assert thorax["score"] == pytest.approx(run.series[1].score, abs=1e-6)
    assert thorax["acquisition"]["kvp"] == 120
    assert thorax["varies"] == {}
    assert thorax["noise_hu"] == pytest.approx(run.series[1].noise_hu, abs=1e-6)
    assert (len(record["series"][0]["warnings"]), thorax["warnings"]) == (1, [])


def test_a_slice_has_its_outputs_hash_and_warnings(run: ScoringRun):
    each, found = run.slices[1], scores_record(run)["series"][1]["slices"][0]
    assert found["path"] == each.path
    assert found["sha256"] == hashlib.sha256(Path(each.path).read_bytes()).hexdigest()
    assert found["outputs"] == pytest.approx(each.outputs, abs=1e-6)
    assert (found["score"], found["spread"]) == (round(each.score, 6), round(each.spread or 0, 6))
    assert found["warnings"] == ["64 x 64 padded to 512 x 512, not resampled"]
    assert (found["slice"], found["position_mm"]) == (0, 3.0)
    assert found["noise_hu"] == round(each.noise_hu or 0, 6) > 0


def test_intervals_and_domain_are_in_the_json(run: ScoringRun):
    first = replace(run.slices[1], interval=(0.25, 0.75), distance=1.5)
    series = scores_record(replace(run, slices=(run.slices[0], first, *run.slices[2:])))["series"]
    assert series[0]["slices"][0]["interval"] is None
    assert series[0]["slices"][0]["outside"] is False
    assert series[1]["slices"][0]["interval"] == [0.25, 0.75]
    assert (series[1]["slices"][0]["distance"], series[1]["outside"]) == (1.5, 1)


def test_a_comparison_has_its_reference(run: ScoringRun, compared: ScoringRun):
    (alone,), (first, second, _) = (
        slice_["slices"] for slice_ in scores_record(compared)["series"]
    )
    assert first["comparison"] == {
        "reference": "full/a.dcm",
        "sha256": "aa",
        "ssim": 0.5,
        "psnr": 20.0,
        "vif": 0.333333,
        "gmsd": 0.25,
    }
    assert second["comparison"]["psnr"] is None
    assert set(alone["comparison"].values()) == {None}
    assert scores_record(run)["series"][0]["slices"][0]["comparison"] is None


def test_what_was_not_scored_is_listed(run: ScoringRun):
    record = scores_record(run)
    assert record["complete"] is False
    assert [Path(problem["path"]).name for problem in record["failed"]] == ["broken.dcm"]
    assert [Path(problem["path"]).name for problem in record["left_out"]] == ["0.dcm"]
    assert scores_record(replace(run, failed=()))["complete"] is True
    assert scores_record(replace(run, failed=(), stopped=KeyboardInterrupt()))["complete"] is False


def test_a_series_has_mean_low_and_high_of_what_varies_in_it(run: ScoringRun):
    levels = (10.0, None, 14.0)
    changed = zip(run.slices[1:], levels, strict=True)
    slices = tuple(replace(slice_, noise_hu=level) for slice_, level in changed)
    series = scores_record(replace(run, slices=(run.slices[0], *slices)))["series"][1]
    assert series["over_slices"]["noise_hu"] == {"mean": 12.0, "low": 10.0, "high": 14.0}
    scores = [slice_["score"] for slice_ in series["slices"]]
    assert series["over_slices"]["score"]["low"] == min(scores)
    assert "ssim" not in series["over_slices"]


def test_nobody_is_named(run: ScoringRun):
    assert "DOE" not in json.dumps(scores_record(run))


def test_numbers_that_json_has_no_word_for_are_null(run: ScoringRun):
    far = with_facts(run.slices[1], position_mm=math.inf)
    record = scores_record(replace(run, slices=(run.slices[0], far, *run.slices[2:])))
    assert record["series"][1]["slices"][0]["position_mm"] is None
    json.dumps(record, allow_nan=False)


def test_the_run_can_be_repeated_and_questioned(run: ScoringRun):
    record = json.loads(json.dumps(run_record(run), allow_nan=False))
    assert record["engines"]["onnxruntime"] == version("onnxruntime")
    assert record["python"] == platform.python_version()
    assert record["model"]["sha256"] == run.model.files["model.onnx"]
    assert record["settings"]["inputs"] == list(run.inputs)
    assert record["settings"]["window"] == {"width": 350, "level": 40}
    assert record["slices"] == {"found": 4, "scored": 4}
    assert record["sha256"] == run.sha256
    assert set(record["seconds"]) == {"index", "tuning", "read", "inference", "total"}
    assert record["settings"]["execution"] == {
        "runtime": "onnxruntime",
        "precision": "fp32",
        "threads": None,
        "batch": 4,
        "lanes": 1,
        "parallel_batches": 1,
        "chosen": "default",
    }
    assert [Path(item["path"]).name for item in record["errors"]] == ["broken.dcm"]


def test_scores_have_the_settings_of_their_run(dosed: ScoringRun, leveled: ScoringRun):
    run = replace(
        dosed,
        count_outside=True,
        measures="all",
        protocols=leveled.protocols,
        levels=leveled.levels,
    )
    found = scores_record(run)["settings"]
    assert found == run_record(run)["settings"]
    assert (found["count_outside"], found["measures"], found["reference"]) == (True, "all", None)
    assert found["dose_reports"] == ["in/rdsr.dcm"]
    assert (found["protocols"], found["levels"]) == ("rules.csv", "levels.csv")
    assert found["inputs"] == list(run.inputs)


def test_what_is_read_beside_slices_is_hashed(
    dosed: ScoringRun, leveled: ScoringRun, tmp_path: Path
):
    report = write_dose_report(tmp_path / "rdsr.dcm", dose_event())
    rules, levels = tmp_path / "rules.csv", tmp_path / "levels.csv"
    rules.write_text("standard_name,kernel\nchest,B30f\n")
    levels.write_text("standard_name,measure,low,high\nchest,noise_hu,,12\n")
    run = replace(
        dosed,
        dose_reports=(read_dose_report(report),),
        protocols=read_protocol_rules(rules),
        levels=read_levels(levels),
    )
    beside = {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in (report, rules, levels)
    }
    assert scores_record(run)["sha256"] == beside
    assert run_record(run)["sha256"] == run.sha256 | beside
    assert scores_record(leveled)["sha256"] == {}  # of tables that no file holds


def test_the_reference_is_named(run: ScoringRun, compared: ScoringRun):
    assert run_record(run)["settings"]["reference"] is None
    assert run_record(compared)["settings"]["reference"] == "full"


def test_the_cause_of_a_stop_is_reported(run: ScoringRun):
    assert run_record(run)["stopped"] is None
    assert run_record(replace(run, stopped=KeyboardInterrupt()))["stopped"] == "interrupted"
    broken = replace(run, stopped=DistiliqaError("broken", path="m"))
    assert run_record(broken)["stopped"] == "m: broken"


def test_no_host_user_or_patient_is_named(run: ScoringRun, monkeypatch: pytest.MonkeyPatch):
    for variable in ("USER", "LOGNAME", "USERNAME"):  # what getpass.getuser asks
        monkeypatch.setenv(variable, "user-of-this-test")
    monkeypatch.setattr(platform, "node", lambda: "host-of-this-test")
    monkeypatch.setattr(socket, "gethostname", lambda: "host-of-this-test")
    record = run_record(run)
    for paths in ("sha256", "errors", "left_out", "settings"):  # given by the user as they are
        del record[paths]
    text = json.dumps(record)
    assert "of-this-test" not in text
    assert "DOE" not in text


def test_processing_has_its_probability_its_count_and_the_raw_score(denoised: ScoringRun):
    alone, thorax = scores_record(denoised)["series"]
    assert (alone["processed"], alone["processed_slices"]) == (0.125, 0)
    assert (thorax["processed"], thorax["processed_slices"]) == (0.625, 2)
    clear, held, _ = thorax["slices"]
    assert (clear["processed"], clear["counts_as_processed"]) == (0.125, False)
    assert (held["processed"], held["counts_as_processed"]) == (0.875, True)
    assert held["raw_score"] == pytest.approx(held["score"] + 0.3, abs=1e-5)


def test_processing_is_null_for_a_model_that_does_not_know(run: ScoringRun):
    series = scores_record(run)["series"][1]
    assert (series["processed"], series["processed_slices"]) == (None, None)
    assert (series["slices"][0]["processed"], series["slices"][0]["counts_as_processed"]) == (
        None,
        False,
    )
