"""What the values of the labels mean: the classes of the network, and the regions made of them.

The section `segmentation` of the configuration declares it once for the whole cohort. Uses only the
standard library, because the workflow reads this module while it plans.
"""

from dataclasses import dataclass

from mrelevance.runtime.errors import InputError

BACKGROUND = "background"
TUMOUR = "tumour"
COMPONENTS, VALUES = "components", "values"

IGNORED = 255
"""Number of ignored voxels in the volumes of classes."""


@dataclass(frozen=True)
class Region:
    """A set of classes that is explained.

    Attributes
    ----------
    name
        As in the configuration and in the column `region_name`.
    inside, outside
        Numbers of the classes that belong to it, and of all others with the background, which is
        0. A voxel belongs to the region if the winner of all classes is inside.
    """

    name: str
    inside: tuple[int, ...]
    outside: tuple[int, ...]


@dataclass(frozen=True)
class Segmentation:
    """The section `segmentation` of the configuration, with its defaults filled in.

    Attributes
    ----------
    classes
        Label value of every class, in the order of the network's outputs after the background: the
        first has number 1.
    declared
        Whether the configuration names the classes. Otherwise the only value that the labels of
        the cohort hold is tumour.
    regions
        Names of its classes by region.
    explained
        The regions that are explained, in order.
    lesions
        `components`: lesions are connected components; `values`: each value is one lesion; None if
        it is not declared.
    ignore
        Label values of voxels that take no part in anything.
    """

    classes: dict[str, int]
    declared: bool
    regions: dict[str, tuple[str, ...]]
    explained: tuple[str, ...]
    lesions: str | None
    ignore: tuple[int, ...]

    @property
    def outputs(self) -> list[str]:
        """What the outputs of the network stand for."""
        return [BACKGROUND, *self.classes]

    @property
    def needs_classes(self) -> bool:
        """Whether numbered lesions alone do not tell the class of every voxel."""
        return len(self.classes) > 1 or bool(self.ignore)

    @property
    def explained_regions(self) -> list[Region]:
        """The regions that are explained, in order."""
        return [self.region(name) for name in self.explained]

    @property
    def lesion_classes(self) -> tuple[int, ...]:
        """Numbers of the classes of lesions: all that belong to an explained region."""
        return tuple(sorted({number for one in self.explained_regions for number in one.inside}))

    @property
    def parts(self) -> list[str]:
        """Explained regions whose lesions are parts of the labelled ones, with other numbers."""
        whole = set(self.lesion_classes)
        return [one.name for one in self.explained_regions if set(one.inside) != whole]

    def region(self, name: str) -> Region:
        """The region of this name."""
        numbers = {output: number for number, output in enumerate(self.outputs)}
        inside = tuple(sorted(numbers[member] for member in self.regions[name]))
        outside = tuple(number for number in numbers.values() if number not in inside)
        return Region(name, inside, outside)


def folder_of_region(name: str) -> str:
    """Folder of a region's files, where several regions are explained."""
    return name.replace(" ", "_")


def region_folders(segmentation: Segmentation) -> dict[str, str]:
    """Explained region by what its files have in their paths, between folder and name.

    That is nothing where only one is explained: `prediction/{patient}/scores.tsv`. Where there are
    several, it is their name: `prediction/{patient}/whole_tumour/scores.tsv`.
    """
    if len(segmentation.explained) == 1:
        return {"": segmentation.explained[0]}
    return {f"/{folder_of_region(name)}": name for name in segmentation.explained}


def read_segmentation(section: dict) -> Segmentation:
    """Fill in the defaults of the section `segmentation`, and check it against itself.

    Raises
    ------
    InputError
        Two classes have one value, a region names an unknown class, it is open which region is
        explained, or settings contradict each other.
    """
    classes = section["classes"]
    ignore = tuple(section["ignore"])
    if classes is None:
        values = {TUMOUR: 1}
    else:
        values = dict(classes)
        _check_classes(values, section["lesions"], ignore)
    regions = section["regions"]
    if regions is None:
        regions = {name: [name] for name in values}
    members = {name: tuple(dict.fromkeys(of_region)) for name, of_region in regions.items()}
    for name, of_region in members.items():
        for member in of_region:
            _require(
                member in values,
                f"regions: {name} names {member}, which is no class; "
                f"the classes are {', '.join(values)}",
            )
    return Segmentation(
        values,
        classes is not None,
        members,
        _explained(section["explained"], members),
        section["lesions"],
        ignore,
    )


def declaration_of_labels(section: dict) -> dict:
    """The section `segmentation` without what does not concern the labels.

    Its only region has all classes of lesions, so that importing and training depend on the classes
    of the explained regions together, and on nothing else of them.
    """
    if section["classes"] is None:
        return section
    segmentation = read_segmentation(section)
    members = [segmentation.outputs[number] for number in segmentation.lesion_classes]
    return section | {"regions": {"lesion": members}, "explained": "lesion"}


def _check_classes(classes: dict[str, int], lesions: str | None, ignore: tuple[int, ...]) -> None:
    _require(
        BACKGROUND not in classes,
        f"classes: {BACKGROUND} is what all other voxels are; leave it out",
    )
    _require(
        lesions != VALUES,
        "lesions: with `values` each value of a label is one lesion, so that values cannot be "
        "classes too; leave out classes, or set lesions: components",
    )
    by_value: dict[int, str] = {}
    for name, value in classes.items():
        _require(
            value not in by_value,
            f"classes: {by_value.get(value)} and {name} have the same value {value}; "
            "give each class its own",
        )
        _require(
            value not in ignore, f"classes: the value {value} of {name} is ignored, too; choose"
        )
        by_value[value] = name


def _explained(explained: str | list[str] | None, regions: dict) -> tuple[str, ...]:
    if explained is None:
        _require(
            len(regions) == 1,
            f"explained: there are the regions {', '.join(regions)}; name the one to explain, or "
            "a list of them",
        )
        return tuple(regions)
    names = (explained,) if isinstance(explained, str) else tuple(explained)
    for name in names:
        _require(
            name in regions,
            f"explained: {name} is no region; the regions are {', '.join(regions)}",
        )
    folders = [folder_of_region(name).lower() for name in names]
    _require(
        len(set(folders)) == len(folders),
        f"explained: {', '.join(names)} would have the same folder of results; rename one",
    )
    return names


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise InputError(f"configuration: segmentation.{problem}")
