"""Random seeds for each patient."""

import hashlib


def patient_seed(seed: int, patient: str) -> int:
    """Seed of one patient; it does not depend on the other patients or their number."""
    digest = hashlib.sha256(f"{seed}/{patient}".encode()).digest()
    return int.from_bytes(digest[:8], "little")
