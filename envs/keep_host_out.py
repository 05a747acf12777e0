"""Keeps the host's packages out of the Python of the container.

To a script in a container Snakemake offers the folders of its own Python, on the host, for what
the image may lack: it mounts them and appends them to `sys.path`. The image lacks nothing, and a
package found there would be of another version without a word. Python imports this module when it
starts.
"""

import sys

HOST = "/mnt/snakemake_searchpaths"


class ImagePath(list):
    """A search path that folders of the host cannot be appended to."""

    def extend(self, folders):
        """Append all folders but those of the host."""
        super().extend(folder for folder in folders if not str(folder).startswith(HOST))


sys.path = ImagePath(sys.path)
