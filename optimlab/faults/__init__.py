"""Find the fault: a training that something is wrong with, and what was measured of it.

::

    from optimlab import find_the_fault
    case = find_the_fault(seed=1)
    case
    case.mend("the learning rate")

A case is a real training of a small network on the digits; its fault was done to the data, the start, the network or
the steps, never to the curves. To mend a cause is to train again with that one thing put right.

`recipe` is a training as data, `broken` holds the bugs that are code, `measured` says what is measured, `causes` lists
what can be suspected and `cases` the faults with their symptoms, `fault` is what a learner handles, `picture` draws it.
"""

from .fault import find_the_fault

__all__ = ["find_the_fault"]
