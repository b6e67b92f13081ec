"""Sphinx configuration: the pages of this folder as a site. ``make docs`` builds it with warnings as errors."""

project = "capwatch"
author = "The capwatch authors"
copyright = "2026, The capwatch authors"
extensions = ["myst_parser", "sphinx_copybutton"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "capwatch"
html_theme_options = {"source_repository": "", "navigation_with_keys": True}
exclude_patterns = ["_build", "reliability.in.md"]  # the latter is a template

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = False
nitpicky = False
