"""How a table was computed, as a JSON document beside it."""

from collections.abc import Iterable
from pathlib import Path

from mrelevance.runtime.files import sha256, write_json
from mrelevance.runtime.versions import PACKAGES, commit, running_image, versions_of


def provenance(config: dict, inputs: Iterable[str | Path]) -> dict:
    """Describe how a result was computed.

    Keys: commit, versions, container (name of the image, or None), seed, configuration, and
    inputs_sha256, the checksum of each input by its path.
    """
    image = running_image()
    return {
        "commit": commit(),
        "versions": versions_of(PACKAGES),
        "container": image.name if image else None,
        "seed": config["seed"],
        "configuration": config,
        "inputs_sha256": {str(path): sha256(path) for path in sorted(map(Path, inputs))},
    }


def write_beside(tables: Iterable[str | Path], config: dict, inputs: Iterable[str | Path]) -> None:
    """Write the provenance of each of `tables` beside it, as a `.json` file of the same name."""
    description = provenance(config, inputs)
    for table in tables:
        write_json(description, Path(table).with_suffix(".json"))
