"""The table of layers and their rules."""

from collections.abc import Iterable

from mrelevance.lrp.composites import Composite
from mrelevance.lrp.engine.graph import Operation
from mrelevance.lrp.rules import InputRule


def summary_of(
    operations: Iterable[Operation], image: str, composite: Composite, input_rule: InputRule | None
) -> str:
    """One line for each operation; `image` is the name of the activation that holds the image."""
    lines = [f"{'layer':<60} {'operation':<24} rule"]
    for operation in operations:
        kind = operation.kind
        if operation.normalisation:
            kind += f" + {operation.normalisation.kind}"
        reads_image = operation.kind == "convolution" and operation.inputs[0] == image
        rule = input_rule if input_rule and reads_image else composite(operation)
        lines.append(f"{operation.path:<60} {kind:<24} {rule.name}")
    return "\n".join(lines)
