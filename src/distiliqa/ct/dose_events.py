"""Irradiation events of radiation dose reports: CTDIvol, DLP, phantom and dose check.

Values follow TID 10013 of DICOM PS3.16. They are read in `distiliqa.ct.dicom.dose_report` and
joined to slices in `distiliqa.ct.series_dose`.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class DoseCheck:
    """Dose check of an event (PS3.16, TID 10015); None where the report states none.

    Attributes
    ----------
    ctdivol_notification_mgy, ctdivol_alert_mgy : float or None
        Limits of CTDIvol that the site has set, mGy.
    dlp_notification_mgy_cm, dlp_alert_mgy_cm : float or None
        Limits of DLP that the site has set, mGy.cm.
    ctdivol_estimate_mgy, dlp_estimate_mgy_cm : float or None
        Estimates of the event before the scan, compared with the notification values.
    ctdivol_accumulated_mgy, dlp_accumulated_mgy_cm : float or None
        Estimates of all scans so far and this one, compared with the alert values.
    """

    ctdivol_notification_mgy: float | None = None
    ctdivol_alert_mgy: float | None = None
    dlp_notification_mgy_cm: float | None = None
    dlp_alert_mgy_cm: float | None = None
    ctdivol_estimate_mgy: float | None = None
    dlp_estimate_mgy_cm: float | None = None
    ctdivol_accumulated_mgy: float | None = None
    dlp_accumulated_mgy_cm: float | None = None

    @property
    def exceeded(self) -> tuple[str, ...]:
        """Names of the limits that an estimate exceeded, such as ``DLP alert``."""
        compared = {
            "CTDIvol notification": (self.ctdivol_estimate_mgy, self.ctdivol_notification_mgy),
            "CTDIvol alert": (self.ctdivol_accumulated_mgy, self.ctdivol_alert_mgy),
            "DLP notification": (self.dlp_estimate_mgy_cm, self.dlp_notification_mgy_cm),
            "DLP alert": (self.dlp_accumulated_mgy_cm, self.dlp_alert_mgy_cm),
        }
        return tuple(
            name
            for name, (estimate, limit) in compared.items()
            if estimate is not None and limit is not None and estimate > limit
        )


@dataclass(frozen=True)
class DoseEvent:
    """An irradiation event of a CT dose report (PS3.16, TID 10013).

    It prints no UID and no protocol. A value is None where the report states none or one that
    cannot be used; `problems` has the reason.

    Attributes
    ----------
    number : int
        Number of the event in its report, from 1.
    study_uid, event_uid : str or None
        UIDs of the study and of the irradiation event.
    ctdivol_mgy : float or None
        Mean CTDIvol, mGy, above 0.
    ctdi_phantom : str or None
        Code of the phantom of CTDIvol and DLP (PS3.16, CID 4052).
    ctdi_phantom_cm : int or None
        Its diameter, cm: 16 or 32. With another phantom there is no CTDIvol and no DLP.
    dlp_mgy_cm : float or None
        Dose length product of the event, mGy.cm, above 0. All series of the event share it.
    length_mm : float or None
        Scanning length, mm, above 0.
    pitch : float or None
        Pitch factor, above 0.
    ssde_mgy : float or None
        Size-specific dose estimate of the scanner, mGy, above 0.
    modulation : str or None
        X-ray modulation type.
    acquisition_type, target_region : str or None
        Meaning of the codes, such as ``Spiral Acquisition`` and ``Chest``.
    protocol : str or None
        Acquisition protocol; shown only where the user asks to identify.
    dose_check : DoseCheck or None
        Dose check; None where the report has none.
    problems : tuple[str, ...]
        Why values are missing, one short sentence each, without UIDs.
    """

    number: int
    study_uid: str | None = field(default=None, repr=False)
    event_uid: str | None = field(default=None, repr=False)
    ctdivol_mgy: float | None = None
    ctdi_phantom: str | None = None
    ctdi_phantom_cm: int | None = None
    dlp_mgy_cm: float | None = None
    length_mm: float | None = None
    pitch: float | None = None
    ssde_mgy: float | None = None
    modulation: str | None = None
    acquisition_type: str | None = None
    target_region: str | None = None
    protocol: str | None = field(default=None, repr=False)
    dose_check: DoseCheck | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class DoseReport:
    """A radiation dose report of one study.

    Attributes
    ----------
    path : str
        Name of its file in results.
    events : tuple[DoseEvent, ...]
        Its irradiation events, in their order.
    sha256 : str or None
        SHA-256 of its bytes; None where it was not read from a file.
    """

    path: str
    events: tuple[DoseEvent, ...] = ()
    sha256: str | None = field(default=None, repr=False)
