"""How the documentation's site is built: `make docs`, offline, from the pages of this folder.

Sphinx with MyST reads the same Markdown that is shown in the repository; Furo brings the search,
the dark mode and a layout for phones. All are well kept, and build without the network.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

project = "Runner Wizard"
author = "the Runner Wizard authors"
release = re.search(r'"([^"]+)"', (ROOT / "wizard" / "__init__.py").read_text())[1]

extensions = ["myst_parser", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
nitpicky = True
suppress_warnings: list[str] = []

html_theme = "furo"
html_title = f"Runner Wizard {release}"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
