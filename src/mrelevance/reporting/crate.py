"""The record of a study as an RO-Crate: metadata that archives and workflow registries read.

RO-Crate (Soiland-Reyes et al., Data Science 2022) in the profile Process Run Crate (Leo et al.,
PLOS ONE 2024): one action, the run of the workflow, with its inputs, software and results.
"""

import mimetypes
from pathlib import Path

from rocrate.model import ContextEntity, File
from rocrate.rocrate import ROCrate

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
# Defines the property sha256.
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
TYPES = {".nii": "application/octet-stream", ".pt": "application/octet-stream"}
TABLE = "text/tab-separated-values"
LICENCE = "https://spdx.org/licenses/Apache-2.0"
NOT_CHOSEN = "Not chosen yet: fill it in before you publish these results."


def crate_metadata(record: dict, results: str | Path) -> dict:
    """Content of `ro-crate-metadata.json`, a file in the folder of the recorded results.

    `record` is the content of `provenance.json`, which is itself part of the crate. Recorded files
    that no longer exist are left out; `mrelevance.reporting.verify` reports them.
    """
    results = Path(results)
    crate = ROCrate()
    crate.metadata.extra_contexts.append(TERMS)
    crate.name = f"MRelevance: relevance of {', '.join(record['configuration']['sequences'])}"
    crate.description = (
        "Which MRI sequences a tumour-segmentation network uses: images, network, segmentations, "
        "relevance, tables and figures of one study."
    )
    crate.datePublished = record["recorded"]
    # Results on images of patients belong to those who have the images.
    simulated = record["configuration"]["cohort"]["source"] == "phantom"
    crate.license = LICENCE if simulated else NOT_CHOSEN
    profile = crate.add(
        ContextEntity(crate, PROFILE, {"@type": "CreativeWork", "name": "Process Run Crate"})
    )
    crate.root_dataset["conformsTo"] = profile
    files = [
        _file(crate, path, checksum, results)
        for path, checksum in record["files"].items()
        if (results / path).is_file()
    ]
    described = _file(crate, "provenance.json", None, results)
    described["description"] = "Configuration, inputs, versions, hardware, time and checksums"
    action = crate.add_action(
        instrument=_workflow(crate, record),
        identifier="#run",
        object=_inputs(crate, record["inputs"]),
        result=[*files, described],
        properties={
            "name": f"Run of the workflow: {record['target']}",
            "endTime": record["recorded"],
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )
    crate.root_dataset["mentions"] = [action]
    return crate.metadata.generate()


def _file(crate: ROCrate, path: str, checksum: str | None, results: Path) -> File:
    suffix = Path(path).suffix
    kind = TABLE if suffix == ".tsv" else mimetypes.guess_type(path)[0]
    properties = {
        "name": Path(path).name,
        "contentSize": str((results / path).stat().st_size),
        "encodingFormat": kind or TYPES.get(suffix, "application/octet-stream"),
    }
    if checksum:
        properties["sha256"] = checksum
    return crate.add(File(crate, results / path, path, properties=properties))


def _inputs(crate: ROCrate, inputs: dict) -> list[ContextEntity]:
    """The sample sheet, its images and a given network, which are not part of the crate."""
    sheet = inputs["sample_sheet"]
    named = {sheet["path"]: sheet["sha256"]} | {
        image["path"]: image["sha256"]
        for images in inputs.get("images", {}).values()
        for image in images.values()
    }
    named |= {file["path"]: file["sha256"] for file in inputs.get("network", [])}
    return [
        crate.add(
            ContextEntity(
                crate,
                f"#input/{path}",
                {"@type": "CreativeWork", "name": path, "sha256": checksum},
            )
        )
        for path, checksum in named.items()
    ]


def _workflow(crate: ROCrate, record: dict) -> ContextEntity:
    """The workflow's software, with the packages that it requires."""
    versions = record["versions"]
    needed = {"python": versions["python"]} | versions["packages"]
    packages = [
        crate.add(_software(crate, name, version))
        for name, version in needed.items()
        if name != "mrelevance"
    ]
    workflow = _software(
        crate, "mrelevance", record["commit"] or versions["packages"]["mrelevance"]
    )
    if record["container"]:
        image = crate.add(_software(crate, record["container"]["image"], None))
        if record["container"]["sha256"]:
            image["sha256"] = record["container"]["sha256"]
        packages.append(image)
    workflow["softwareRequirements"] = packages
    workflow["license"] = LICENCE
    return crate.add(workflow)


def _software(crate: ROCrate, name: str, version: str | None) -> ContextEntity:
    properties = {"@type": "SoftwareApplication", "name": name}
    if version:
        properties["softwareVersion"] = version
    return ContextEntity(crate, f"#{name}", properties)
