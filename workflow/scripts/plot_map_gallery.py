"""Draw one lesion under every rule of the gallery, side by side."""

from pathlib import Path

from mrelevance.figures.map_gallery import map_gallery
from mrelevance.figures.slices import radiological
from mrelevance.figures.style import save, statement
from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import read_image
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

folder = Path(snakemake.input.volumes)
conservation = read_table(snakemake.input.conservation)


def read(name):
    """Voxels, as displayed, and spacing of a volume of the gallery."""
    return radiological(read_image(folder / f"{name}.nii.gz"))


if conservation.empty:
    figure = statement("No lesion was found in the test patients that are mapped.")
else:
    image, spacing_mm = read("image")
    figure = map_gallery(
        image,
        read("lesion")[0] > 0,
        {method: read(method)[0] for method in conservation["method"].unique()},
        conservation,
        spacing_mm,
        snakemake.params.sequences,
    )
save(figure, Path(snakemake.output.png).with_suffix(""))
