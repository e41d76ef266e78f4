"""The score on tensors: a metric and a loss for those who build reconstructions (extra ``torch``).

Adapters for other libraries are in modules of their own, which import that library:
`distiliqa.torch.for_torchmetrics`, `distiliqa.torch.for_monai` and `distiliqa.torch.for_deepinv`.
"""

from distiliqa.extras import require_extra

require_extra("torch", ("torch", "safetensors", "onnx"), "distiliqa.torch needs")

from distiliqa.torch.quality_loss import QualityLoss  # noqa: E402
from distiliqa.torch.quality_score import QualityScore  # noqa: E402

__all__ = ["QualityLoss", "QualityScore"]
