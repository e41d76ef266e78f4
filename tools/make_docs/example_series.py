"""Make the example series that the package ships: a body phantom at three doses.

    python -m tools.make_docs.example_series [OUT]

On one machine it writes the same bytes again; on another, few pixels differ by 1 HU.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, JPEGLSLossless, generate_uid

from distiliqa.files import atomic_path
from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.noise import Beam
from tools.phantom.body import body_phantom
from tools.phantom.scan import scan

DOSES = (1.00, 0.25, 0.10)
SLICES = 4
THICKNESS_MM = 3.0
SIZE, SPACING_MM = 512, 0.74
SEED = 7
MADE = Acquisition(beam=Beam(photons=1.6e6))
FULL_DOSE_MAS, FULL_DOSE_CTDIVOL_MGY = 200, 13.5  # 120 kV, a 332 mm wide abdomen
EXAMPLES = Path(__file__).resolve().parents[2] / "src" / "distiliqa" / "examples" / "body_phantom"


def main(folder: Path) -> None:
    for number, dose in enumerate(DOSES, start=1):
        name = f"dose_{round(100 * dose):03d}"
        for index in range(SLICES):
            z = (index - (SLICES - 1) / 2) * THICKNESS_MM
            anatomy = body_phantom(z, size=SIZE, spacing_mm=SPACING_MM, seed=SEED)
            hu = scan(
                anatomy, (SPACING_MM, SPACING_MM), dose, seed=100 * number + index, acquisition=MADE
            )
            image = describe(dose, number, index, z)
            set_pixels(image, hu)
            write(folder / name / f"slice_{index + 1}.dcm", image)


def describe(dose: float, number: int, index: int, z: float) -> Dataset:
    """All but the pixels of a CT Image (PS3.3, A.3)."""
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 100"
    image.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    image.SOPClassUID = CTImageStorage
    image.SOPInstanceUID = uid("image", dose, index)
    image.StudyDate = image.SeriesDate = image.AcquisitionDate = image.ContentDate = "20240101"
    image.StudyTime = image.SeriesTime = image.AcquisitionTime = image.ContentTime = "120000"
    image.AccessionNumber = ""
    image.Modality = "CT"
    image.Manufacturer = "distiliqa"
    image.ManufacturerModelName = "simulated fan beam"
    image.ReferringPhysicianName = ""
    image.StudyDescription = "Body phantom (simulated)"
    image.SeriesDescription = f"Body phantom, {dose:.0%} dose (simulated)"
    image.DerivationDescription = "Simulated scan of a computed phantom; not a patient"
    image.PatientName, image.PatientID = "PHANTOM^BODY", "PHANTOM"
    image.PatientBirthDate, image.PatientSex = "", "O"
    image.PatientIdentityRemoved, image.DeidentificationMethod = "YES", "Simulated, not a patient"
    describe_acquisition(image, dose)
    image.StudyInstanceUID, image.SeriesInstanceUID = uid("study"), uid("series", dose)
    image.StudyID, image.SeriesNumber, image.InstanceNumber = "1", number, index + 1
    image.AcquisitionNumber = 1
    corner = -(SIZE - 1) / 2 * SPACING_MM
    image.ImagePositionPatient = [corner, corner, z]
    image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    image.FrameOfReferenceUID, image.PositionReferenceIndicator = uid("frame of reference"), ""
    image.SliceLocation = z
    return image


def describe_acquisition(image: Dataset, dose: float) -> None:
    """Add the facts of the acquisition (PS3.3, C.8.2.1)."""
    image.BodyPartExamined = "ABDOMEN"
    image.PatientPosition = "HFS"
    image.KVP = 120
    image.SliceThickness = THICKNESS_MM
    image.DataCollectionDiameter = 500
    image.ReconstructionDiameter = SIZE * SPACING_MM
    image.RotationDirection = "CW"
    image.ExposureTime = 500
    image.XRayTubeCurrent = round(2 * FULL_DOSE_MAS * dose)
    image.Exposure = round(FULL_DOSE_MAS * dose)
    image.ConvolutionKernel = "STANDARD"
    image.CTDIvol = FULL_DOSE_CTDIVOL_MGY * dose
    phantom = Dataset()
    phantom.CodeValue, phantom.CodingSchemeDesignator = "113691", "DCM"
    phantom.CodeMeaning = "IEC Body Dosimetry Phantom"
    image.CTDIPhantomTypeCodeSequence = [phantom]


def set_pixels(image: Dataset, hu: NDArray[np.float32]) -> None:
    """12 bits with the intercept -1024, as scanners store HU."""
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.Rows, image.Columns = hu.shape
    image.PixelSpacing = [SPACING_MM, SPACING_MM]
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelRepresentation = 0
    image.WindowCenter, image.WindowWidth = 40, 350
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = -1024, 1, "HU"
    image.PixelData = np.clip(np.rint(hu) + 1024, 0, 4095).astype("<u2").tobytes()
    image["PixelData"].VR = "OW"


def uid(*what: object) -> str:
    return generate_uid(entropy_srcs=["distiliqa body phantom", *map(str, what)])


def write(path: Path, image: Dataset) -> None:
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.compress(JPEGLSLossless, generate_instance_uid=False)
    with atomic_path(path) as partial:
        image.save_as(partial, enforce_file_format=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES)
