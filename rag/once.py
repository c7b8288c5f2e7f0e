"""A folder that is made once, whole or not at all, whoever comes first.

In: where it should be, and a function that fills an empty folder. Out: the folder. A second process waits for the
first; what a killed one left is swept by the next.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path


def made_once(place: Path, fill: Callable[[Path], None]) -> Path:
    """`place`, filled by `fill` now if it is not there; it appears by one rename. Raises what `fill` raises."""
    if place.is_dir():
        return place
    import filelock

    with filelock.FileLock(place.with_name(place.name + ".lock")):
        if not place.is_dir():
            making = place.with_name(place.name + ".new")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            fill(making)
            making.replace(place)
    return place
