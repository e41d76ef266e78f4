"""The score of slices as a module of torch."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor, nn

from distiliqa.ct import Window
from distiliqa.lab.network.onnx_export import load_network
from distiliqa.lab.network.pose import Pose, pose_of
from distiliqa.models.folder import DEFAULT, find_model, read_config
from distiliqa.models.score_scale import ScoreScale
from distiliqa.torch.hu_batch import check_batch, cropped_or_padded, shows_no_patient, windowed
from distiliqa.torch.score_of_outputs import score_of_outputs


class QualityScore(nn.Module):
    """Score of slices, as `distiliqa.score` gives it, differentiable in the pixels.

    It takes HU, (B, 1, H, W), of any size from 32 pixels on, in the standard view: rows from
    anterior to posterior, columns from the patient's right to left. It gives the scores, (B,), in
    float32 or, for a module in float64, float64. Slices of another size than that of the model are
    cropped or padded with air, not resampled. The window of the model is applied inside: for the
    shipped model width 350 and level 40 HU; what it clips has no gradient. A calibrated model gives
    scores on the readers' scale, and one of several attributes their mean closeness to the best.

    The score of a slice does not depend on the others of its batch. The network stays in eval mode,
    and its weights need no gradient. It moves with ``to``, ``half`` and ``bfloat16`` and heeds
    autocast; in half precision window and pose are still computed in float32. The one warning is
    for a batch whose values all lie from 0 to 1; whether a slice is out of domain is known to
    `distiliqa.score` alone.

    Parameters
    ----------
    model : str or Path
        Name of a shipped model, or a model folder.

    Attributes
    ----------
    title : str
        Name and version of the model.
    scale : ScoreScale
        Range, direction and meaning of the score.
    window : Window
        The window that is applied.
    image_size : int
        Side of the slice that the network sees, pixels.

    Raises
    ------
    DistiliqaError
        There is no such model.
    ModelFolderError
        A file of the folder is missing or altered, or holds no weights of this package.
    ValueError
        When called: no tensor of real numbers (B, 1, H, W) with sides of 32 pixels or more, or one
        with NaN or infinity.
    """

    scale: ScoreScale
    window: Window

    def __init__(self, model: str | Path = DEFAULT) -> None:
        super().__init__()
        folder = find_model(model)
        config = read_config(folder)
        self.title, self.image_size = config.title, config.image_size
        self.scale, self.window = config.scale, config.window
        self._config = config
        self.network = load_network(folder).requires_grad_(False)

    @property
    def higher_is_better(self) -> bool:
        """Direction of the score."""
        return self.scale.higher_is_better

    @property
    def score_range(self) -> tuple[float, float]:
        """Lowest and highest label of the scale, which a score may leave by a little."""
        return self.scale.low, self.scale.high

    def train(self, mode: bool = True) -> QualityScore:
        """Set the mode of the module; the network stays in eval mode."""
        super().train(mode)
        self.network.eval()
        return self

    def forward(self, hu: Tensor) -> Tensor:
        """Score slices in HU: (B, 1, H, W) to (B,)."""
        return self.score_checked(check_batch(hu))

    def score_checked(self, hu: Tensor) -> Tensor:
        """Score slices that `check_batch` has checked; no value is read back from the device."""
        image = windowed(cropped_or_padded(hu, self.image_size), self.window)
        known = self.network.features(image.to(self._dtype), self._pose(image))
        score = score_of_outputs(self.network.heads(known), self._config)
        return score.masked_fill(shows_no_patient(hu, self.window), self.scale.worst)

    @property
    def _dtype(self) -> torch.dtype:
        return next(self.network.parameters()).dtype

    @torch.no_grad()
    def _pose(self, image: Tensor) -> Pose:
        """The pose by sums over whole rows, for which half precision has too few digits."""
        device = image.device.type
        known = torch.amp.is_autocast_available(device)
        with torch.autocast(device, enabled=False) if known else nullcontext():
            return pose_of(image)
