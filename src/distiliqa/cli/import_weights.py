"""``distiliqa import-weights``: published weights as a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distiliqa.cli.options import scale_of
from distiliqa.terminal import say


def import_weights(
    file: Annotated[Path, typer.Argument(help=".pth or .safetensors.", metavar="FILE")],
    out: Annotated[Path, typer.Argument(help="Model folder to write.", metavar="OUT")],
    heads: Annotated[
        int | None, typer.Option(help="Attention heads; default: as in the file, or width / 64.")
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(
            metavar="LOW,HIGH", help="Lowest and highest score of the labels; default: 0,1."
        ),
    ] = None,
    meaning: Annotated[
        str, typer.Option(help="What the score means.")
    ] = "structural similarity to the full-dose slice",
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="The best images have the lowest score.")
    ] = False,
) -> None:
    """Turn a state dict in the published layout into a model folder; sizes are read from it."""
    import numpy as np

    from distiliqa.ct import SOFT_TISSUE, crop_or_pad, read_ct
    from distiliqa.examples import EXAMPLE_SERIES
    from distiliqa.files import sha256
    from distiliqa.lab.network import export_network, import_network
    from distiliqa.lab.network.graph import ScoringGraph
    from distiliqa.lab.train.model_card import model_card
    from distiliqa.models.config import ModelConfig, ScoreScale

    low, high = scale_of(scale) or (0.0, 1.0)
    network = import_network(file, heads)
    config = ModelConfig(
        name=out.name,
        version="imported",
        architecture={},
        outputs=network.config.outputs,
        scale=ScoreScale(low, high, meaning, not lower_is_better),
        training={"imported from": file.name, "sha256": sha256(file)},
    )
    slices = [crop_or_pad(ct.hu, network.config.image_size)[0] for ct in read_ct(EXAMPLE_SERIES)]
    images = SOFT_TISSUE.apply(np.stack(slices)[:2, None]).astype(np.float32)
    difference = export_network(ScoringGraph(network), out, config, model_card(config), images)
    say(f"{out}: {network.config}; ONNX within {difference:.1e} of torch")
