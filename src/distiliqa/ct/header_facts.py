"""Facts of a header: how a slice was acquired, and what names its scan to people of the site."""

from __future__ import annotations

from dataclasses import dataclass

# Values of `Acquisition.reconstruction_method`.
FILTERED, ITERATIVE, LEARNED = "filtered back-projection", "iterative", "deep learning"


@dataclass(frozen=True)
class Acquisition:
    """Acquisition facts of a slice; None where the file states none or an impossible one.

    Names and units follow the CT Image Module of DICOM (PS3.3, C.8.2.1). None of them identifies.

    Attributes
    ----------
    kvp : float or None
        Tube voltage, kV (0018,0060).
    tube_current_ma : float or None
        X-ray tube current, mA (0018,1151).
    exposure_mas : float or None
        Exposure, mAs (0018,1152). Where it contradicts tube current and times, it is computed from
        these, see `exposure_basis`.
    ctdivol_mgy : float or None
        CTDIvol, mGy (0018,9345), above 0 and up to 10,000.
    kernel : str or None
        Convolution kernel (0018,1210).
    slice_thickness_mm : float or None
        Nominal slice thickness, mm (0018,0050), above 0 and up to 50.
    body_part : str or None
        Body part examined (0018,0015), or the anatomic region (0008,2218).
    manufacturer : str or None
        Manufacturer of the scanner (0008,0070).
    scanner : str or None
        Model name of the scanner (0008,1090).
    exposure_basis : str or None
        How `exposure_mas` was computed, such as ``tube current x rotation time``; None where it is
        as the file states it.
    ctdi_phantom_cm : int or None
        Diameter of the phantom of CTDIvol, cm (0018,9346): 16 or 32.
    pitch : float or None
        Spiral pitch factor (0018,9311), above 0 and up to 10.
    rotation_time_s : float or None
        Time of a rotation of the tube, s (0018,9305), above 0 and up to 300.
    modulation : str or None
        Modulation of the tube current (0018,9323).
    reconstruction_method : str or None
        ``filtered back-projection``, ``iterative`` or ``deep learning``, see
        `distiliqa.ct.dicom.reconstruction_facts`.
    reconstruction_algorithm : str or None
        Name of the algorithm, such as ``ASIR``.
    reconstruction_strength : str or None
        Its strength as the manufacturer writes it: ``30 %``, ``3``, ``STD``.
    field_of_view_mm : float or None
        Diameter of the reconstruction, mm (0018,1100), above 0 and up to 2000.
    """

    kvp: float | None = None
    tube_current_ma: float | None = None
    exposure_mas: float | None = None
    ctdivol_mgy: float | None = None
    kernel: str | None = None
    slice_thickness_mm: float | None = None
    body_part: str | None = None
    manufacturer: str | None = None
    scanner: str | None = None
    exposure_basis: str | None = None
    ctdi_phantom_cm: int | None = None
    pitch: float | None = None
    rotation_time_s: float | None = None
    modulation: str | None = None
    reconstruction_method: str | None = None
    reconstruction_algorithm: str | None = None
    reconstruction_strength: str | None = None
    field_of_view_mm: float | None = None


@dataclass(frozen=True)
class Gantry:
    """Where the gantry stood at a slice; None where the file does not state it.

    Attributes
    ----------
    axis_mm : tuple[float, float] or None
        Axis of the scanner at the slice, (x, y) in the patient system of DICOM, mm (0018,9313).
    tilt_degrees : float or None
        Nominal tilt, degrees (0018,1120), up to 90 in size.
    """

    axis_mm: tuple[float, float] | None = None
    tilt_degrees: float | None = None


@dataclass(frozen=True)
class Identification:
    """Facts by which people of a site find a scan; None where the file states none.

    They may identify a patient. A report shows them only where the user asks to identify. Series
    number and time of day alone identify nobody without the date.

    Attributes
    ----------
    study_date : str or None
        Date of the study (0008,0020), ``YYYY-MM-DD``.
    scan_time : str or None
        Time of day of the acquisition, ``HH:MM:SS`` (0008,002A or 0008,0032).
    protocol_name : str or None
        Name of the protocol on the scanner (0018,1030).
    series_description : str or None
        Description of the series (0008,103E).
    series_number : int or None
        Number of the series in its study (0020,0011).
    station : str or None
        Name of the station (0008,1010).
    accession_number : str or None
        Accession number of the order (0008,0050).
    scan_date : str or None
        Date of the acquisition, which ``scan_time`` belongs to, ``YYYY-MM-DD`` (0008,002A or
        0008,0022); that of the study where the file states none. After midnight it is a day later.
    """

    study_date: str | None = None
    scan_time: str | None = None
    protocol_name: str | None = None
    series_description: str | None = None
    series_number: int | None = None
    station: str | None = None
    accession_number: str | None = None
    scan_date: str | None = None
