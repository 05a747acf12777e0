"""Draw the share of every sequence in and around one patient's predicted tumour."""

from pathlib import Path

from mrelevance.figures.patient_panels import choose_lesion, no_lesion
from mrelevance.figures.share_volume import share_volume
from mrelevance.figures.slices import radiological
from mrelevance.figures.style import method_name, save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import read_image
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, composite = snakemake.input, snakemake.params.composite
lesions, relevance = read_table(inputs.lesions), read_table(inputs.relevance)
chosen = choose_lesion(lesions, relevance, "TP", composite)


def of_patient(paths):
    """The chosen patient's path among `paths`."""
    return next(path for path in map(Path, paths) if path.parent.name == chosen["patient"])


if chosen is None:
    figure = no_lesion("TP")
else:
    logger.info("%s", chosen)
    maps = of_patient(inputs.maps)
    image, spacing_mm = radiological(read_image(of_patient(inputs.images)))
    figure = share_volume(
        radiological(read_image(maps / "shares.nii.gz"))[0],
        radiological(read_image(maps / "normaliser.nii.gz"))[0],
        image,
        radiological(read_image(of_patient(inputs.segmentations)))[0] > 0,
        spacing_mm,
        snakemake.params.sequences,
        f"Patient {chosen['patient']}; {method_name(composite)}",
    )
save(figure, Path(snakemake.output.png).with_suffix(""))
