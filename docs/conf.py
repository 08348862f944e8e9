"""How `make docs` builds this folder into a site: Sphinx reads the Markdown, Furo is the theme, nothing is fetched."""

project = "Reseller panel"
author = "The maintainers"
project_copyright = ""
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Reseller panel"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
nitpicky = True
