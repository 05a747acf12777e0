"""A physics-based digital phantom of gadoxetate-enhanced liver MRI, with the truth about it."""
