"""In what precision the network computes."""

import torch

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Where the network computes in the configured precision; float32 means as it is."""
    return torch.autocast(device.type, PRECISIONS[precision], enabled=precision != "float32")
