"""Plots as inline SVG: no picture files, no script, legible in gray and on paper."""

from distiliqa.report.plots.curves import Curve, curves
from distiliqa.report.plots.profile import Line, profile
from distiliqa.report.plots.strips import Dot, strips

__all__ = ["Curve", "Dot", "Line", "curves", "profile", "strips"]
