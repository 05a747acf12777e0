"""Where another workflow uses this one as a module."""

import os

if workflow.modifier.parent_modifier is not None:
    # Its configuration takes the place of ours, and paths in it start at its folder.
    for key in ("patients", "data"):
        config["cohort"][key] = os.path.abspath(config["cohort"][key])
