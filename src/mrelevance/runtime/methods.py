"""Every attribution method, declared once: label, source, sentence and parameters.

Uses only the standard library, since Snakemake's own environment has no torch. The code that
computes a method is bound to its name in `mrelevance.lrp.composites` and
`mrelevance.attribution.methods`.
"""

from dataclasses import dataclass, field

PROPAGATION = "propagation"
GRADIENTS = "gradients"
FORWARD_PASSES = "forward passes"
CHANCE = "chance"


@dataclass(frozen=True)
class Parameter:
    """A number that a method takes: its default and the range that is allowed.

    It is a whole number if it must be a multiple of another.
    """

    default: float
    lowest: float
    highest: float
    multiple_of: int | None = None

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are allowed."""
        return self.multiple_of is not None


@dataclass(frozen=True)
class Method:
    """How an attribution method is presented, and what it takes.

    Attributes
    ----------
    label
        Its name in figures and texts.
    group
        What it rests on. Methods of `PROPAGATION` are the composites of `mrelevance.lrp`.
    sentence
        Its description in the methods text, as part of a sentence. Names of parameters in braces
        stand for their values.
    citations
        Keys of the sources of its formula in `mrelevance.reporting.citations`.
    parameters
        By name, in the order of the identifier.
    needs_baseline
        Whether it compares the image with the baseline.
    in_gallery
        Whether the gallery figure has a row for it.
    yardstick
        What the randomisation test says of it instead of a verdict; empty where it gives one.
    """

    label: str
    group: str
    sentence: str
    citations: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = field(default_factory=dict)
    needs_baseline: bool = False
    in_gallery: bool = False
    yardstick: str = ""


EPSILON = Parameter(1e-6, lowest=1e-12, highest=10)
GAMMA = Parameter(0.25, lowest=0.001, highest=1000)

METHODS: dict[str, Method] = {
    "zero": Method(
        "zero (LRP-0)",
        PROPAGATION,
        "LRP-0",
        ("bach2015", "montavon2019"),
        in_gallery=True,
    ),
    "epsilon": Method(
        "epsilon",
        PROPAGATION,
        "LRP-epsilon with a stabiliser of {epsilon} times the root mean square of each layer",
        ("bach2015",),
        {"epsilon": EPSILON},
        in_gallery=True,
    ),
    "gamma": Method(
        "gamma",
        PROPAGATION,
        "LRP-gamma with gamma = {gamma}",
        ("montavon2019",),
        {"gamma": GAMMA},
        in_gallery=True,
    ),
    "alpha2_beta1": Method(
        "alpha2-beta1",
        PROPAGATION,
        "LRP-alpha2-beta1",
        ("bach2015",),
        in_gallery=True,
    ),
    "alpha1_beta0": Method(
        "alpha1-beta0 (z+)",
        PROPAGATION,
        "LRP-alpha1-beta0, the z+ rule",
        ("bach2015",),
        in_gallery=True,
    ),
    "epsilon_plus": Method(
        "epsilon, z+",
        PROPAGATION,
        "LRP-epsilon (epsilon = {epsilon}) for convolutions of one voxel and the z+ rule for all "
        "others",
        ("montavon2019",),
        {"epsilon": EPSILON},
    ),
    "epsilon_gamma": Method(
        "epsilon, gamma",
        PROPAGATION,
        "LRP-epsilon (epsilon = {epsilon}) for convolutions of one voxel and LRP-gamma "
        "(gamma = {gamma}) for all others",
        ("montavon2019",),
        {"epsilon": EPSILON, "gamma": GAMMA},
    ),
    "attn_lrp": Method(
        "AttnLRP",
        PROPAGATION,
        "AttnLRP with a stabiliser of {epsilon} times the root mean square of each layer, which "
        "passes relevance through softmax and both factors of a product",
        ("achtibat2024",),
        {"epsilon": EPSILON},
    ),
    "deeplift": Method(
        "DeepLIFT rescale",
        PROPAGATION,
        "DeepLIFT's rescale rule, which compares the image with a baseline",
        ("shrikumar2017",),
        needs_baseline=True,
        in_gallery=True,
    ),
    "deeplift_by_sequence": Method(
        "DeepLIFT by sequence",
        PROPAGATION,
        "DeepLIFT's rescale rule with the baseline put in one sequence at a time",
        ("shrikumar2017",),
        needs_baseline=True,
    ),
    "deeplift_along_path": Method(
        "DeepLIFT along the path",
        PROPAGATION,
        "DeepLIFT's rescale rule in {segments} steps along the straight path from the baseline, "
        "which tends to integrated gradients",
        ("shrikumar2017", "sundararajan2017"),
        {"segments": Parameter(4, lowest=1, highest=1000, multiple_of=1)},
        needs_baseline=True,
    ),
    "deeplift_halves": Method(
        "DeepLIFT halves",
        PROPAGATION,
        "DeepLIFT's rescale rule for one sequence at a time, the mean of replacing it by the "
        "baseline and of putting it into the baseline alone",
        ("shrikumar2017",),
        needs_baseline=True,
        in_gallery=True,
    ),
    "deepshap": Method(
        "Shapley activations",
        PROPAGATION,
        "Shapley activations, by which every activation function shares its change from the "
        "baseline among the sequences by their Shapley values (exact up to eight sequences; above, "
        "from {orders} orders of joining drawn with seed {seed})",
        ("shrikumar2017", "chen2022"),
        {
            "orders": Parameter(64, lowest=4, highest=100000, multiple_of=4),
            "seed": Parameter(0, lowest=0, highest=2**31 - 1, multiple_of=1),
        },
        needs_baseline=True,
        in_gallery=True,
    ),
    "gradient": Method(
        "gradient",
        GRADIENTS,
        "the gradient",
        ("simonyan2014",),
    ),
    "input_x_gradient": Method(
        "gradient times input",
        GRADIENTS,
        "gradient times input",
        ("shrikumar2016",),
    ),
    "integrated_gradients": Method(
        "integrated gradients",
        GRADIENTS,
        "integrated gradients from the baseline in {points} steps",
        ("sundararajan2017",),
        {"points": Parameter(8, lowest=1, highest=1000, multiple_of=1)},
        needs_baseline=True,
        in_gallery=True,
    ),
    "guided_backprop": Method(
        "guided backprop",
        GRADIENTS,
        "guided backpropagation",
        ("springenberg2015",),
    ),
    "deconvolution": Method(
        "deconvolution",
        GRADIENTS,
        "deconvolution",
        ("zeiler2014",),
    ),
    "seg_grad_cam": Method(
        "Seg-Grad-CAM at the input",
        GRADIENTS,
        "Seg-Grad-CAM at the input",
        ("vinogradova2020",),
    ),
    "seg_grad_cam_coarsest": Method(
        "Seg-Grad-CAM",
        GRADIENTS,
        "Seg-Grad-CAM at the coarsest resolution",
        ("vinogradova2020",),
        in_gallery=True,
    ),
    "drop_one": Method(
        "one sequence replaced",
        FORWARD_PASSES,
        "the replacement of one sequence by its baseline",
        needs_baseline=True,
    ),
    "keep_one": Method(
        "one sequence kept",
        FORWARD_PASSES,
        "the replacement of all sequences but one by their baselines",
        needs_baseline=True,
    ),
    "halves": Method(
        "the halves",
        FORWARD_PASSES,
        "the halves, the mean of what is lost when one sequence is replaced by its baseline and "
        "what is gained when it is put into the baseline alone",
        needs_baseline=True,
    ),
    "shapley": Method(
        "Shapley value",
        FORWARD_PASSES,
        "the Shapley value of each sequence",
        ("shapley1953", "lundberg2017"),
        needs_baseline=True,
    ),
    "network_output": Method(
        "the network's output",
        FORWARD_PASSES,
        "the explained output of the network",
        yardstick="yardstick: the network itself",
    ),
    "random": Method(
        "drawn at random",
        CHANCE,
        "values drawn at random",
        yardstick="yardstick: chance",
    ),
}

COMPOSITES = tuple(name for name, method in METHODS.items() if method.group == PROPAGATION)
"""What `relevance.composites` may list."""

MAPPED = tuple(name for name, method in METHODS.items() if method.group != FORWARD_PASSES)
"""What gives a map of a lesion, and `evaluation.maps` may list."""

GALLERY = tuple(name for name, method in METHODS.items() if method.in_gallery)
"""Rows of the gallery figure."""

YARDSTICKS = {name: method.yardstick for name, method in METHODS.items() if method.yardstick}
"""What the randomisation test says of methods that others are compared with."""
