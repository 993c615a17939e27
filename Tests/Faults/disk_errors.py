"""Lets every system call by which the server changes a file fail once or for good.

    python3 Tests/Faults/disk_errors.py [--every K] [--only SCENARIO] [--jobs N]

Calls fail with EIO, ENOSPC, EROFS and EINTR, write nothing, or write a part because no file may
grow further. The answer to each request must be correct, or 503 and then the process ends; nothing
may take longer than ten seconds. On a healthy disk `tally verify` must then find nothing, every
request sent again must have one outcome, and what was acknowledged must answer the same. A run in
which nothing failed at all is a failure. --every 100 is quick enough for each change.
"""

import resource
import sys

from campaign import Campaign
from server import Server
from tracing import Fault, Place, numbers

ERRORS = {
    "openat": ["EIO", "ENOSPC", "EROFS"],
    "mkdir": ["EIO", "ENOSPC", "EROFS"],
    "rename": ["EIO", "ENOSPC", "EROFS"],
    "unlink": ["EIO", "EROFS"],
}
USUAL_ERRORS = ["EIO", "ENOSPC"]
# Where the kernel may say that a signal came first; never for good.
INTERRUPTED = ["openat", "write", "pwrite64", "fdatasync", "fsync", "ftruncate"]
WRITES = ["write", "pwrite64"]
# Sizes that fall into headers, frames and pages alike.
SIZE_STEP = 1021
SIZES_MAX = 60


def errors(place):
    """Every error at every call, once and for good."""
    return [fault for number in numbers(place) for fault in errors_of(place, number)]


def errors_of(place, number):
    for error in ERRORS.get(place.call, USUAL_ERRORS):
        yield Fault(place, number, f"error={error}")
        yield Fault(place, number, f"error={error}", for_good=True)
    if place.call in INTERRUPTED:
        yield Fault(place, number, "error=EINTR")
    if place.call in WRITES:
        yield Fault(place, number, "retval=0")
    if place.call == "pwrite64" and place.file == "journal.db-wal" and number == 1:
        yield from (SizeLimit(place.phase, step * SIZE_STEP) for step in range(SIZES_MAX))


class SizeLimit(Fault):
    """No file may grow beyond a size: a write ends in its middle, the next one fails."""

    def __init__(self, phase, size):
        super().__init__(Place(phase, "write", "every file", 1), 1, f"stops at {size} bytes")
        self.size = size
        self.folder = None

    is_expected = None

    def start(self, folder, output):
        self.folder = folder
        # A process that ignores the signal is told EFBIG instead.
        before = ["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh"]
        if self.place.phase == "start":
            return Server(folder, before=[*before, "prlimit", f"--fsize={self.size}:"])
        server = Server(folder, before=before)
        hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (self.size, hard))
        return server

    def was_reached(self, output):
        return any(path.stat().st_size == self.size for path in self.folder.iterdir())


if __name__ == "__main__":
    sys.exit(Campaign(__doc__.splitlines()[0], errors, [0, 1]).run())
