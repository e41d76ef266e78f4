"""A loss from the score, limited by how well the image agrees with a reference.

Ascent along the gradient of a score finds images whose score is high and whose quality is not. So
the score of an image is not taken alone. Its *twin* is the reference with the noise of CT added, as
strong as the difference between image and reference (root mean square). The loss takes the worse of
both scores. The twin depends on the image through one number alone, that strength: no pattern of
pixels can raise its score, only an image that is nearer to the reference.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from distiliqa.simulate.kernels import STANDARD
from distiliqa.torch.hu_batch import check_batch, cropped_or_padded
from distiliqa.torch.quality_score import QualityScore

_NOISE_SEED = 0
_PIXEL_MM = 0.7  # of most slices of a trunk
_MIN_HU = 1e-3  # keeps the gradient of the root finite where both images are equal


class QualityLoss(nn.Module):
    """What the images of a batch miss of the best score, 0 to 1, mean over the batch.

    ``1 - credit``, where the credit of an image is the worse of two scores, as a share of the
    scale: that of the image, and that of the reference with as much noise of CT as the image
    differs from it. Give the cleanest reference that there is, such as the full dose: the credit
    of a noise-free image beside a noisy reference is that of twice the variance of its noise.

    Do not use it without a reference of the same slice, pixel by pixel; alone, in the place of a
    loss of fidelity; or to rank methods that were trained with it: use readers, or a score that
    training did not see.

    Parameters
    ----------
    score : QualityScore, optional
        The score; that of the shipped model if None.

    Raises
    ------
    ValueError
        When called: as `QualityScore`, or the image has another shape than the reference.
    """

    noise: Tensor

    def __init__(self, score: QualityScore | None = None) -> None:
        super().__init__()
        self.score = QualityScore() if score is None else score
        self.register_buffer("noise", _noise_of_ct(self.score.image_size), persistent=False)

    def forward(self, image: Tensor, reference: Tensor) -> Tensor:
        """Loss of images (B, 1, H, W) beside references of the same shape, HU: ()."""
        return 1 - self.credit(image, reference).mean()

    def credit(self, image: Tensor, reference: Tensor) -> Tensor:
        """What each image is granted, (B,): 0 for the worst score of the scale, 1 for the best.

        A score may leave its scale by a little, and so may a credit.
        """
        image, reference = check_batch(image), check_batch(reference).detach()
        if image.shape != reference.shape:
            raise ValueError(
                f"an image of shape {tuple(image.shape)} and a reference of "
                f"{tuple(reference.shape)}; give both of one shape"
            )
        size = self.score.image_size
        image, reference = cropped_or_padded(image, size), cropped_or_padded(reference, size)
        strength = self.difference_hu(image, reference)
        twin = reference + strength[:, None, None, None] * self.noise.to(reference.dtype)
        of_image, of_twin = self.score.score_checked(torch.cat([image, twin])).chunk(2)
        return torch.minimum(self._share(of_image), self._share(of_twin))

    def difference_hu(self, image: Tensor, reference: Tensor) -> Tensor:
        """Root mean square of the difference, HU, (B,).

        It is taken in the window, over the pixels whose reference the window does not clip.
        """
        window = self.score.window
        shown = ((reference > window.lower) & (reference < window.upper)).to(image.dtype)
        apart = image.clamp(window.lower, window.upper) - reference
        mean = (apart * shown).square().flatten(1).sum(dim=1) / shown.flatten(1).sum(
            dim=1
        ).clamp_min(1)
        return (mean + _MIN_HU**2).sqrt()

    def _share(self, score: Tensor) -> Tensor:
        scale = self.score.scale
        best = scale.high if scale.higher_is_better else scale.low
        return (score - scale.worst) / (best - scale.worst)


def _noise_of_ct(size: int) -> Tensor:
    """Noise of filtered back-projection with a standard kernel, (1, 1, size, size), deviation 1.

    White noise would be rated better than the noise of a lower dose of the same deviation.
    """
    across, down = torch.fft.rfftfreq(size, _PIXEL_MM), torch.fft.fftfreq(size, _PIXEL_MM)
    frequency = torch.hypot(down[:, None], across)  # cycles/mm
    gain = torch.from_numpy(STANDARD.noise_amplitude(frequency.numpy()))
    generator = torch.Generator().manual_seed(_NOISE_SEED)
    white = torch.randn(1, 1, size, size, generator=generator)
    noise = torch.fft.irfft2(torch.fft.rfft2(white) * gain, s=(size, size)).float()
    return noise / noise.std()
