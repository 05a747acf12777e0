"""Seeds of what is drawn patient by patient."""

import hashlib


def patient_seed(seed: int, patient: str) -> int:
    """Seed of one patient, independent of all others and of their number."""
    digest = hashlib.sha256(f"{seed}/{patient}".encode()).digest()
    return int.from_bytes(digest[:8], "little")
