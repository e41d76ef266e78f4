"""Tags that a derived CT image keeps of its source: those that are true of other pixels too.

They are the modules of the CT Image IOD (DICOM PS3.3, A.3.3) without four kinds of tags. The first
describe stored values: pixel padding, modality and VOI LUTs, real world values, histograms,
overlays, icons. The second describe bytes: signatures, checksums. The third describe how the source
was made of other images. The fourth describe the field of view of its reconstruction. Private and
unknown tags are not kept: they may be of any kind.
"""

from __future__ import annotations

import math
from copy import deepcopy

from pydicom import DataElement, Dataset
from pydicom.datadict import keyword_for_tag

_PATIENT = """
    PatientName PatientID IssuerOfPatientID TypeOfPatientID PatientBirthDate PatientBirthTime
    PatientSex PatientAge PatientSize PatientWeight PatientComments OtherPatientIDs EthnicGroup
    PatientIdentityRemoved DeidentificationMethod DeidentificationMethodCodeSequence
    LongitudinalTemporalInformationModified QualityControlSubject PregnancyStatus
    ClinicalTrialSponsorName ClinicalTrialProtocolID ClinicalTrialProtocolName
    ClinicalTrialSiteID ClinicalTrialSiteName ClinicalTrialSubjectID
    ClinicalTrialSubjectReadingID ClinicalTrialTimePointID ClinicalTrialTimePointDescription
    ClinicalTrialCoordinatingCenterName ClinicalTrialSeriesID
"""
_STUDY = """
    StudyInstanceUID StudyDate StudyTime StudyID StudyDescription AccessionNumber
    ReferringPhysicianName AdmissionID ProcedureCodeSequence
"""
_SERIES = """
    Modality SeriesNumber SeriesDate SeriesTime BodyPartExamined AnatomicRegionSequence
    RequestAttributesSequence Laterality PatientPosition ProtocolName FrameOfReferenceUID
    PositionReferenceIndicator
    Manufacturer ManufacturerModelName InstitutionName InstitutionAddress
    InstitutionalDepartmentName StationName DeviceSerialNumber SoftwareVersions
"""
_IMAGE = """
    SpecificCharacterSet TimezoneOffsetFromUTC SOPClassUID InstanceNumber
    AcquisitionNumber AcquisitionDate AcquisitionTime AcquisitionDateTime ContentDate ContentTime
    PatientOrientation BurnedInAnnotation ConversionType
    RecognizableVisualFeatures LossyImageCompression LossyImageCompressionRatio
    LossyImageCompressionMethod ContrastBolusAgent ContrastBolusRoute ContrastBolusVolume
    ContrastBolusAgentSequence
    PixelSpacing ImageOrientationPatient ImagePositionPatient SliceThickness SliceLocation
    SpacingBetweenSlices WindowCenter WindowWidth WindowCenterWidthExplanation
"""
_ACQUISITION = """
    KVP ScanOptions AcquisitionType DistanceSourceToDetector DistanceSourceToPatient
    GantryDetectorTilt TableHeight RotationDirection FilterType FilterMaterial FocalSpots
    ConvolutionKernel RevolutionTime ExposureTime ExposureTimeInms SingleCollimationWidth
    TotalCollimationWidth TableSpeed TableFeedPerRotation SpiralPitchFactor
    CTDIPhantomTypeCodeSequence
"""
KEPT = frozenset(f"{_PATIENT} {_STUDY} {_SERIES} {_IMAGE} {_ACQUISITION}".split())
# Proportional to the photons of the image: PS3.3, C.8.2.1 and C.8.15.3.8.
DOSE = frozenset(
    [
        "XRayTubeCurrent",
        "XRayTubeCurrentInuA",
        "XRayTubeCurrentInmA",
        "Exposure",
        "ExposureInuAs",
        "ExposureInmAs",
        "CTDIvol",
    ]
)


def kept_tags(source: Dataset, dose: float) -> Dataset:
    """Copy the tags of an image that are true of one with other pixels at another dose.

    Parameters
    ----------
    source : the image.
    dose : dose of the other image relative to ``source``. Tube current, exposure and CTDIvol change
        with it. A tag of whole numbers is left out where it would become 0.
    """
    kept = Dataset()
    for tag in list(source.keys()):  # a damaged element is read only if it is kept
        keyword = keyword_for_tag(tag)
        if keyword in KEPT or (keyword in DOSE and dose == 1):
            kept.add(deepcopy(source[tag]))
        elif keyword in DOSE:
            _add_scaled(kept, source[tag], dose)
    kept.remove_private_tags()  # inside sequences
    return kept


def _add_scaled(kept: Dataset, element: DataElement, dose: float) -> None:
    try:
        value = float(element.value) * dose
    except (TypeError, ValueError):  # no number: its value at another dose is unknown
        return
    if not math.isfinite(value) or (element.VR == "IS" and round(value) == 0):
        return
    texts = {"IS": f"{value:.0f}", "DS": f"{value:.6g}"}
    kept.add_new(element.tag, element.VR, texts.get(element.VR, value))
