"""Kills the server at every system call by which it changes a file, in every scenario.

    python3 Tests/Faults/syscall_kills.py [--every K] [--only SCENARIO] [--jobs N]

After each kill a server is started on what is left: `tally verify` must find nothing, every request
sent again must have one outcome, and what was acknowledged before the kill must answer the same.
A run in which nothing was killed at all fails. --every 20 is quick enough for each change.
"""

import signal
import sys

from campaign import Campaign
from tracing import Fault, numbers


def kills(place):
    """One at each call, before the kernel carries it out, and one at a call that must not come."""
    return [
        Fault(place, number, "signal=KILL") for number in [*numbers(place), place.count + 1]]


if __name__ == "__main__":
    sys.exit(Campaign(__doc__.splitlines()[0], kills, [0, -signal.SIGKILL]).run())
