"""Plots as scenes of shapes, drawn as SVG on pages and with reportlab on paper."""

from distiliqa.report.plots.control import control
from distiliqa.report.plots.curves import Curve, curves
from distiliqa.report.plots.multiples import Panel, multiples
from distiliqa.report.plots.profile import Frame, Line, profile
from distiliqa.report.plots.scatter import Cloud, Corners, Spot, scatter
from distiliqa.report.plots.scene import Scene, svg
from distiliqa.report.plots.strips import Dot, strips

__all__ = [
    "Cloud",
    "Corners",
    "Curve",
    "Dot",
    "Frame",
    "Line",
    "Panel",
    "Scene",
    "Spot",
    "control",
    "curves",
    "multiples",
    "profile",
    "scatter",
    "strips",
    "svg",
]
