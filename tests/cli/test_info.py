from __future__ import annotations

import json
from pathlib import Path

from tests.support.command_line import invoke
from typer.testing import Result

from distiliqa.models.folder import shipped_models


def info(*args: object) -> Result:
    return invoke("info", *args)


def test_shipped_models_are_reported():
    done = info("--json")
    assert done.exit_code == 0
    assert [model["name"] for model in json.loads(done.stdout)["models"]] == list(shipped_models())


def test_one_model_is_reported(tiny_model: Path):
    assert [model["name"] for model in json.loads(info(tiny_model, "--json").stdout)["models"]] == [
        "tiny"
    ]
    assert "model tiny 1.0" in info(tiny_model).stdout


def test_an_unknown_model_is_one_line():
    done = info("nonsense")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: no model or model folder 'nonsense'; the shipped")
    assert done.stderr.count("\n") == 1
