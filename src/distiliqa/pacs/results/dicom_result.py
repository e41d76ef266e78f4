"""The origin of a DICOM result (software and model), and its file."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from highdicom import UID
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import AlgorithmIdentification, DeviceObserverIdentifyingAttributes
from pydicom import Dataset
from pydicom.uid import generate_uid

from distiliqa.errors import DistiliqaError
from distiliqa.files import atomic_path
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import ONNX
from distiliqa.pacs.results.codes import SCHEME
from distiliqa.version import __version__

MAKER = "distiliqa"


def title(model: ModelConfig) -> str:
    """Software and model, such as ``distiliqa compact``."""
    return f"{MAKER} {model.name}"


def algorithm(model: ModelConfig) -> AlgorithmIdentification:
    """The model and its settings (PS3.16, TID 4019)."""
    scale, window = model.scale, model.window
    better = "higher" if scale.higher_is_better else "lower"
    parameters = [
        f"model sha256 {model.files.get(ONNX, 'unknown')}",
        f"scale {scale.low:g} to {scale.high:g}, {better} is better",
        f"window width {window.width:g} HU, level {window.level:g} HU",
    ]
    if model.interval_calibration is not None:
        parameters.append(
            f"coverage of prediction intervals {model.interval_calibration.coverage:g}"
        )
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
    """Attributes of origin that all results of one kind, series and model share."""
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
    """The owner of the private codes."""
    return [
        CodingSchemeIdentificationItem(
            SCHEME, name="Codes of distiliqa", responsible_organization=MAKER
        )
    ]


def series_uid(source_series: str, kind: str, model: ModelConfig) -> str:
    """The series of all results of one kind, source series and model."""
    maker = [MAKER, __version__, model.files.get(ONNX, model.name)]
    return generate_uid(entropy_srcs=[source_series, kind, *maker])


def write_result(path: Path, make: Callable[[], Dataset]) -> None:
    """Write the object that ``make`` returns, atomically.

    Raises
    ------
    DistiliqaError : any error of ``make``; a full disk, or a folder that cannot be written.
    """
    # Through memory, as errors of pydicom do not show that a disk is full.
    content = BytesIO()
    try:
        make().save_as(content, enforce_file_format=True)
    except DistiliqaError:
        raise
    except Exception as error:  # highdicom raises many kinds on unexpected headers
        raise DistiliqaError(
            f"no DICOM result can be made of its headers ({type(error).__name__}: {error})",
            remedy="export the series again",
        ) from error
    with atomic_path(path) as partial:
        partial.write_bytes(content.getvalue())
