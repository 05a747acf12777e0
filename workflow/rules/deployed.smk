"""The functions that tell rules which network is applied: trained here, or elsewhere."""

from mrelevance.runtime.network_source import explains_fewer_members, files_of_source

# Nobody is needed to train on where the network is trained already.
PARTS_NEEDED = ["test"] if TRAINED_ELSEWHERE else ["train", "test"]
# Whether some members of a network from elsewhere are explained in place of all.
FEWER_MEMBERS = explains_fewer_members(config)
# Sections with a precision.
COMPUTED_WITH = ["evaluation"] if TRAINED_ELSEWHERE else ["training", "evaluation"]
if SPLIT is None and TRAINED_ELSEWHERE:
    SPLIT = dict.fromkeys(PATIENTS, "test")


def deployed(wildcards):
    """Parameter function: which network is applied, and how."""
    own = settings(results_in(wildcards))
    network, inference = own["network"], own["inference"]
    if network["source"] is None:
        return {
            "source": None,
            "window": inference["window"],
            "overlap": inference["overlap"],
            "divisor": network["divisor"],
        }
    members = {key: inference[key] for key in ("folds", "mirroring", "checkpoint")}
    return {
        "source": os.path.relpath(PROJECT / network["source"]),
        "trust_code": network["trust_code"],
        **members,
    }


deployed.settings_read = [
    "network",
    *(
        f"inference.{key}"
        for key in ("window", "overlap", "folds", "mirroring", "checkpoint")
    ),
]


def distance_of_members(wildcards):
    """Input function: how far fewer members are from all that are deployed, if fewer are explained."""
    return "results/summary/ensemble_distance.tsv" if FEWER_MEMBERS else []


def prepared_by(wildcards):
    """Parameter function: where the preprocessing of a network that was trained elsewhere lies."""
    return {
        key: value for key, value in deployed(wildcards).items() if key != "mirroring"
    }


prepared_by.settings_read = [
    "network.source",
    "network.trust_code",
    "inference.folds",
    "inference.checkpoint",
]


@signed
def weights_of_network(wildcards):
    """Input function: weights that were trained here, or all files of a network from elsewhere."""
    results = results_in(wildcards)
    if settings(results)["network"]["source"] is None:
        return located("model/weights.pt", results)
    return files_of_network(results)


@signed
def whole_network(wildcards):
    """Input function: files of all members that are deployed."""
    return files_of_network(results_in(wildcards), whole=True)


def files_of_network(results, whole=False):
    """Files of a network from elsewhere, of the chosen members or of the whole ensemble.

    Ends the workflow where one is missing.
    """
    own = settings(results)
    inference = own["inference"]
    try:
        return files_of_source(
            os.path.relpath(PROJECT / own["network"]["source"]),
            None if whole else inference["folds"],
            inference["checkpoint"],
        )
    except InputError as error:
        sys.exit(f"Error: {error}")


@functools.cache
def state_of_source(results):
    """What tells whether what a network from elsewhere is tried with has changed, unread."""
    source = settings(results)["network"]["source"]
    if source is None:
        return None
    row = next(iter(SHEET.values()))
    columns = (*SEQUENCES, LABEL) if KIND.reads_images else ()
    # The first patient is segmented in the trial.
    paths = [DATA / path_of(row[column]) for column in columns]
    paths += files_of_network(results)
    return [(str(path), path.stat().st_size, path.stat().st_mtime) for path in paths]


@signed
def stored_orientation(wildcards):
    """Input function: how the fixed sequence of a user is stored."""
    if not KIND.reads_images:
        return []
    return located(f"raw/{wildcards.patient}/stored.json", results_in(wildcards))


def refuse_training(comparison):
    """Input function: ends the workflow where a target would train networks, and cannot."""

    def refused(wildcards):
        if TRAINED_ELSEWHERE and comparison in ("networks", "select"):
            sys.exit(
                f"Error: the target {comparison} trains networks, and this study explains one that "
                "is trained already (network.source); set network.source to null for it"
            )
        return []

    return refused
