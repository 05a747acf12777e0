"""The input functions of the rules that read the user's images."""


def columns_of_patient(wildcards):
    """Columns of the sample sheet that name the images of one patient."""
    row = SHEET[wildcards.patient]
    return [column for column in (*SEQUENCES, LABEL, MASK) if column in row]


def files_of_patient(wildcards):
    """The user's images of one patient: sequences, label, and mask if there is one."""
    row = SHEET[wildcards.patient]
    return [DATA / path_of(row[column]) for column in columns_of_patient(wildcards)]


def files_of_cohort(wildcards):
    """The user's images of all patients."""
    return [image.path for image in images_of(SHEET, SEQUENCES, DATA)]


def once_checked(function):
    """Input function: what another one gives, once the images of the whole cohort are checked."""

    @signed
    def found(wildcards):
        checkpoints.check_cohort.get()
        return function(wildcards)

    return found


def images_of_patient(wildcards):
    """The user's images of one patient, in the order of the sequences."""
    row = SHEET[wildcards.patient]
    return [DATA / path_of(row[sequence]) for sequence in SEQUENCES]


def parts_of_patient(wildcards):
    """Volumes or series of these files, and of the label, by column; None for a whole file."""
    row = SHEET[wildcards.patient]
    return {column: part_of(row[column]) for column in images_in(row)}


def label_of_patient(wildcards):
    """The user's lesion label of one patient."""
    return DATA / path_of(SHEET[wildcards.patient][LABEL])


def mask_of_patient(wildcards):
    """The user's mask of one patient's organ of interest."""
    return DATA / path_of(SHEET[wildcards.patient][MASK])


def part_of_mask(wildcards):
    """Volume or series of that file; None for a whole file."""
    return part_of(SHEET[wildcards.patient][MASK])
