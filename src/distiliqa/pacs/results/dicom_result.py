"""Codes of measurements, origin (software and model) and file of all DICOM results.

The codes are those of DICOM where it has one, else of a private scheme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from highdicom import UID
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import AlgorithmIdentification, DeviceObserverIdentifyingAttributes
from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from distiliqa.errors import DistiliqaError
from distiliqa.files import atomic_path
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import ONNX
from distiliqa.models.seen_faults import seen_by
from distiliqa.report.formatting import map_text
from distiliqa.version import __version__

MAKER = "distiliqa"
SCHEME = "99DISTILIQA"  # a private scheme begins with 99 (PS3.16, 8)

IMAGE_QUALITY_RATING = Code("111029", "DCM", "Image Quality Rating")
CT_OF_ANY_BODY_REGION = Code("25045-6", "LN", "CT unspecified body region")
NO_UNITS = Code("1", "UCUM", "no units")
HOUNSFIELD_UNIT = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
MEAN = Code("373098007", "SCT", "Mean")
YES, NO = Code("373066001", "SCT", "Yes"), Code("373067005", "SCT", "No")

MODEL_SCORE = Code("score", SCHEME, "Image quality score on the scale of the model")
INTERVAL_LOW = Code("interval-low", SCHEME, "Lower end of the prediction interval")
INTERVAL_HIGH = Code("interval-high", SCHEME, "Upper end of the prediction interval")
GLOBAL_NOISE_LEVEL = Code("noise-level", SCHEME, "Global Noise Level")
SLICES = Code("slices", SCHEME, "Number of slices scored")
SLICES_OUT_OF_DOMAIN = Code("slices-outside", SCHEME, "Number of slices out of domain")
OUT_OF_DOMAIN = Code("outside", SCHEME, "Out of domain, unlike the training images")
PROCESSED = Code("processed", SCHEME, "Probability that the slice was denoised or filtered")
DETAIL_LOST = Code("detail-lost", SCHEME, "Texture of a denoiser or filter: detail may be lost")
SLICES_PROCESSED = Code("slices-processed", SCHEME, "Number of slices denoised or filtered")


def title(model: ModelConfig) -> str:
    """Software and model, such as ``distiliqa compact``."""
    return f"{MAKER} {model.name}"


def algorithm(model: ModelConfig, *, in_full: bool = False) -> AlgorithmIdentification:
    """The model and its settings (PS3.16, TID 4019).

    Parameters
    ----------
    in_full : bool
        State also what the model sees, and by how much it holds scores back.
    """
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
    if model.score_map is not None:
        parameters.append(map_text(model.score_map))
    if in_full:
        parameters += _limits(model)
    return AlgorithmIdentification(title(model), model.version, parameters)


def _limits(model: ModelConfig) -> Iterator[str]:
    if model.processed_calibration is not None:
        found = model.processed_calibration
        yield (
            f"score held back by up to {found.held_back:g} where the probability that a slice was "
            f"denoised or filtered is above {found.threshold:g}: detail may be lost that the image "
            "cannot show"
        )
    if sees := seen_by(model.ladders):
        yield sees


def device(model: ModelConfig) -> DeviceObserverIdentifyingAttributes:
    """The observer: the same UID for the same software and model (PS3.16, TID 1004)."""
    return DeviceObserverIdentifyingAttributes(
        uid=generate_uid(entropy_srcs=_maker(model)),
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
    return generate_uid(entropy_srcs=[source_series, kind, *_maker(model)])


def _maker(model: ModelConfig) -> list[str]:
    """What makes results: software, network, and its map to readers' ratings if it has one."""
    maker = [MAKER, __version__, model.files.get(ONNX, model.name)]
    return maker if model.score_map is None else [*maker, repr(model.score_map)]


def write_result(path: Path, make: Callable[[], Dataset]) -> None:
    """Write the object that ``make`` returns, atomically.

    Raises
    ------
    DistiliqaError
        Any error of ``make``; a full disk, or a folder that cannot be written.
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
