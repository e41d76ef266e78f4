"""What made a DICOM result: software, model, and what the model was shown."""

from __future__ import annotations

from typing import Any

from highdicom import UID
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import AlgorithmIdentification, DeviceObserverIdentifyingAttributes
from pydicom.uid import generate_uid

from distiliqa.models.folder import ONNX, ModelConfig
from distiliqa.pacs.results.codes import SCHEME
from distiliqa.version import __version__

MAKER = "distiliqa"


def title(model: ModelConfig) -> str:
    """Software and model, such as ``distiliqa compact``."""
    return f"{MAKER} {model.name}"


def algorithm(model: ModelConfig) -> AlgorithmIdentification:
    """Which model scored and how (PS3.16, TID 4019)."""
    scale, window = model.scale, model.window
    better = "higher" if scale.higher_is_better else "lower"
    parameters = [
        f"model sha256 {model.files.get(ONNX, 'unknown')}",
        f"scale {scale.low:g} to {scale.high:g}, {better} is better",
        f"window width {window.width:g} HU, level {window.level:g} HU",
    ]
    if model.certainty is not None:
        parameters.append(f"coverage of prediction intervals {model.certainty.coverage:g}")
    return AlgorithmIdentification(title(model), model.version, parameters)


def device(model: ModelConfig) -> DeviceObserverIdentifyingAttributes:
    """The observer: the same UID for the same software and model (PS3.16, TID 1004)."""
    return DeviceObserverIdentifyingAttributes(
        uid=generate_uid(entropy_srcs=[MAKER, __version__, model.files.get(ONNX, model.name)]),
        name=MAKER,
        manufacturer_name=MAKER,
        model_name=title(model),
    )


def made_by(source_series: str, kind: str, model: ModelConfig) -> dict[str, Any]:
    """What all results of one kind, of one series and one model, say of their origin."""
    return {
        "series_instance_uid": series_uid(source_series, kind, model),
        "sop_instance_uid": UID(),
        "instance_number": 1,
        "manufacturer": MAKER,
        "manufacturer_model_name": title(model),
        "software_versions": __version__,
        "coding_schemes": coding_schemes(),
    }


def coding_schemes() -> list[CodingSchemeIdentificationItem]:
    """Who gave the private codes their meaning."""
    return [
        CodingSchemeIdentificationItem(
            SCHEME, name="Codes of distiliqa", responsible_organization=MAKER
        )
    ]


def series_uid(source_series: str, kind: str, model: ModelConfig) -> str:
    """The series that results of one kind, of one series and one model, belong to."""
    maker = [MAKER, __version__, model.files.get(ONNX, model.name)]
    return generate_uid(entropy_srcs=[source_series, kind, *maker])
