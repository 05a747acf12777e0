"""Seeds for what is drawn at random in each patient."""

import hashlib


def patient_seed(seed: int, patient: str) -> int:
    """Derive a patient's seed from the study's; it does not depend on the other patients."""
    digest = hashlib.sha256(f"{seed}/{patient}".encode()).digest()
    return int.from_bytes(digest[:8], "little")
