"""How many patients a claim about them takes."""


def fewest_patients(level: float, tests: int = 1) -> int:
    """Fewest patients with whom a claim can be made at a level; with fewer it never can.

    Paired tests by signs or signed ranks, and intervals of a median, share one limit. If all of n
    patients differ in the same direction, the two-sided p is 2 * 0.5**n, the smallest that there
    is, and Holm's correction multiplies the smallest p by the number of `tests`. The interval of a
    median is at its widest if it reaches from the smallest to the largest value, beyond which no
    resampling goes; it then covers the median of the population with probability 1 - 2 * 0.5**n.

    For the level .05, an interval of 95 %, that makes 6 patients. With 3 the widest interval
    covers the median in 75 % of studies, and the smallest p is .25.

    Conover, Practical Nonparametric Statistics (1999), sections 3.2 to 3.4.
    """
    patients = 1
    while 2 * tests * 0.5**patients > level:
        patients += 1
    return patients
