"""The local page with the example series at two doses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from distiliqa.examples import EXAMPLE_SERIES


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server that shows the example series at full and a tenth of the dose, with levels."""
    pytest.importorskip("starlette")
    from tests.support.page_server import page_server

    from distiliqa.outputs import Outputs
    from distiliqa.scoring.levels import read_levels
    from distiliqa.scoring.model import load_model
    from distiliqa.scoring.protocol_rules import read_protocol_rules
    from distiliqa.scoring.run import score_inputs
    from distiliqa.serve.served_paths import ServedPaths

    place = tmp_path_factory.mktemp("page")
    (place / "rules.csv").write_text("standard_name,kernel\nabdomen,STANDARD\n")
    (place / "levels.csv").write_text("standard_name,measure,low,high\nabdomen,noise_hu,,12\n")
    inputs = [EXAMPLE_SERIES / name for name in ("dose_100", "dose_010")]
    run = score_inputs(inputs, load_model(), measures="none")
    rules, levels = read_protocol_rules(place / "rules.csv"), read_levels(place / "levels.csv")
    Outputs(place / "results").write(replace(run, protocols=rules, levels=levels), quiet=True)
    with page_server(place / "own", ServedPaths(results=(place / "results",))) as running:
        yield running


@pytest.fixture
def page(browser: Any, examples: Any) -> Iterator[Any]:
    """Its page in a browser, which forgets how the list was sorted and filtered."""
    from tests.support.browser_page import Page

    yield Page(browser, examples.url)
    browser.get(f"{examples.url}/static/app.css")
    browser.execute_script("sessionStorage.clear()")
