"""Keeps the host's packages out of the Python of the container.

Snakemake mounts the package folders of the host's Python in the container and appends them to
`sys.path` of each script, in case the image lacks a package. This image is complete, and a package
from the host could silently have another version. Python imports this module when it starts.
"""

import sys

HOST = "/mnt/snakemake_searchpaths"


class ImagePath(list):
    """A search path that ignores folders of the host."""

    def extend(self, folders):
        """Append all folders except those of the host."""
        super().extend(folder for folder in folders if not str(folder).startswith(HOST))


sys.path = ImagePath(sys.path)
