"""How Sphinx builds the site: ``make docs`` writes it to build/docs, without the network."""

from __future__ import annotations

import sys
from pathlib import Path

from distiliqa.version import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "distiliqa"
author = "the distiliqa contributors"
copyright = "the distiliqa contributors, Apache-2.0"
release = version = __version__

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_nb",
    "generated",
    "local_links",
]
exclude_patterns = ["_ext"]
smartquotes = False  # options keep their two hyphens
default_role = "py:obj"  # single backticks in a docstring name an object

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # types stand in the docstrings
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # their outputs are kept, see tools/make_docs/notebooks.py

html_theme = "pydata_sphinx_theme"
html_title = f"distiliqa {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
