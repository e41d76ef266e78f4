"""The options that say what runs a model."""

from __future__ import annotations

from typing import Annotated

import typer

from distiliqa.scoring.execution import Precision, RuntimeName

RuntimeOption = Annotated[
    RuntimeName | None,
    typer.Option(
        help="What runs the model; cuda and openvino are extras.", rich_help_panel="Speed"
    ),
]
PrecisionOption = Annotated[
    Precision,
    typer.Option(
        help="bf16 is OpenVINO's, on CPUs that have it; it moves scores a little.",
        rich_help_panel="Speed",
    ),
]
