from __future__ import annotations

import json
import shutil
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.support.made import CALIBRATED

from distiliqa.models.config import Domain
from distiliqa.models.folder import read_config, write_config
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.report.about import about, print_about
from distiliqa.report.json import package_versions
from distiliqa.version import __version__


@pytest.fixture
def trained(tiny_model: Path, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    facts = {"data": "12 slices [of 3 patients]", "test": {"plcc": 0.9, "srocc": 0.8}}
    facts["recipe"] = {"teacher": {"epochs": 7}}
    write_config(folder, replace(read_config(folder), training=facts))
    return folder


def test_versions_decoders_and_models(trained: Path):
    facts = json.loads(json.dumps(about([trained])))
    assert facts["distiliqa"] == __version__
    assert facts["engines"]["onnxruntime"] == version("onnxruntime")
    assert "pydicom" in facts["decoders"]["RLE"]
    (model,) = facts["models"]
    assert (model["name"], model["outputs"], model["scale"]["high"]) == ("tiny", 5, 4)
    assert model["training"]["test"]["plcc"] == 0.9


def test_what_a_model_knows_is_printed(trained: Path, capsys: pytest.CaptureFixture):
    print_about(about([trained]))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "model tiny 1.0" in lines
    assert "score 0 to 4, higher is better" in lines
    assert "window width 350, level 40 HU" in lines
    assert "data 12 slices [of 3 patients]" in lines
    assert "test plcc 0.9, srocc 0.8" in lines
    assert not any("epochs" in line for line in lines)


def test_the_description_of_a_model_is_printed(trained: Path, capsys: pytest.CaptureFixture):
    config = replace(
        read_config(trained),
        interval_calibration=IntervalCalibration(0.9, 1.0, 0.1, images=50, cases=3),
        domain=Domain(0.01, images=100, checked=50, smallest_mm=180.0),
        heatmap=(16, 8),
    )
    write_config(trained, config)
    print_about(about([trained]))
    text = " ".join(capsys.readouterr().out.split())
    assert "interval 90 %, calibrated on 50 images of other patients" in text
    assert (
        "distance 1 % of 50 images of unknown patients are out of domain; bodies from 180 mm"
        in text
    )
    assert "heatmap 16 x 8 parts" in text


def test_what_is_missing_and_what_is_unknown_differ(trained: Path, capsys: pytest.CaptureFixture):
    facts = about([trained])
    facts["extras"] = {"reportlab": None}
    facts["models"][0]["training"] = {"epochs": None}
    print_about(facts)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "reportlab not installed" in lines
    assert "epochs none" in lines


def test_no_models_is_said(capsys: pytest.CaptureFixture):
    print_about(about([]))
    assert "no model is shipped" in capsys.readouterr().out


def test_a_package_that_is_not_installed_has_no_version(capsys: pytest.CaptureFixture):
    assert package_versions(("no-such-package-x",)) == {"no-such-package-x": None}


def test_what_a_model_sees_is_a_table(
    trained: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "120")
    print_about(about([trained]))
    assert "what it sees" not in capsys.readouterr().out
    write_config(trained, replace(read_config(trained), **CALIBRATED))
    facts = about([trained])
    assert json.loads(json.dumps(facts))["models"][0]["ladders"][1]["ordered"] == 0.5
    print_about(facts)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "processed above a probability of 0.5, scores held back by up to 0.4" in lines
    at = lines.index("noise 0 4.00 3.90 1.00 seen")
    assert lines[at + 1] == "HU 20 2.50 2.25"
    at = lines.index("lost <contrast> 1 4.00 3.90 0.50 not seen")
    assert lines[at + 1] == "0.5 2.00 3.80"
