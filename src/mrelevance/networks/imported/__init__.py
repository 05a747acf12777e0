"""Networks that were trained elsewhere: bundles, exported programs, weights, factories.

Nothing that a file holds is executed. Only a factory, which is Python code, is run, and only with
explicit trust.
"""
