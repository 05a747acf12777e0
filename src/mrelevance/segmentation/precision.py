"""In what precision the network computes."""

import torch

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Where the network computes in the configured precision; float32 means as it is."""
    return torch.autocast(device.type, PRECISIONS[precision], enabled=precision != "float32")


def lay_out(network: torch.nn.Module, precision: str) -> torch.nn.Module:
    """Order the weights in memory as the precision computes fastest; changes the network.

    bfloat16 is a fifth faster with the channels last, float32 is not.
    """
    if precision == "float32":
        return network
    return network.to(memory_format=torch.channels_last_3d)
