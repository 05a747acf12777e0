"""Draw one lesion, chosen by rule, in every sequence with its relevance in colour."""

from pathlib import Path

from mrelevance.figures.patient_panels import (
    choose_lesion,
    lesion_title,
    no_lesion,
    patient_panels,
)
from mrelevance.figures.slices import radiological
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import read_image
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, region = snakemake.input, snakemake.params.region
composite = snakemake.params.composite
relevance = read_table(inputs.relevance)
chosen = choose_lesion(read_table(inputs.lesions), relevance, region, composite)


def read(paths):
    """Voxels, as displayed, of the chosen patient's file among `paths`."""
    path = next(path for path in map(Path, paths) if path.parent.name == chosen["patient"])
    if path.name == composite:
        path = path / f"map_{region}_{chosen['lesion']}.nii.gz"
    return radiological(read_image(path))


if chosen is None:
    figure = no_lesion(region)
else:
    logger.info("%s", chosen)
    image, spacing_mm = read(inputs.images)
    own = relevance[
        (relevance["patient"] == chosen["patient"])
        & (relevance["method"] == composite)
        & (relevance["region"] == region)
        & (relevance["lesion"] == chosen["lesion"])
    ]
    figure = patient_panels(
        image,
        read(inputs.maps)[0],
        read(inputs.regions)[0] == chosen["region_id"],
        read(inputs.labels)[0] > 0,
        read(inputs.segmentations)[0] > 0,
        spacing_mm,
        own.set_index("sequence")["relevance"].reindex(snakemake.params.sequences),
        lesion_title(chosen, composite),
    )
save(figure, Path(snakemake.output.png).with_suffix(""))
