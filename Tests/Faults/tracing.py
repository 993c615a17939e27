"""Finds the system calls by which a server changes its files, and makes the Nth of them fail.

strace counts calls for each thread. So a place is one kind of call on one file in one phase: while
the server starts, when only the main thread touches files, or while it works and stops, when each
file has one thread. There N names one call, and the same one each time.
"""

import collections
import os
import re
import subprocess
import threading

from server import Server

CALLS = [
    "openat", "mkdir", "write", "pwrite64", "pwritev", "fdatasync", "fsync", "ftruncate",
    "fallocate", "rename", "unlink",
]
ATTACH_SECONDS = 10
ALL_MAX = 100
SOME = 8

# `file` is its path from the data folder; `count` is how often it happens in a run without faults.
Place = collections.namedtuple("Place", "phase call file count")


def numbers(place):
    """The calls at a place to try: all; of hundreds alike the first, the last and some between."""
    if place.count <= ALL_MAX:
        return list(range(1, place.count + 1))
    some = range(1, place.count, place.count // SOME)
    return sorted({*range(1, SOME), *some, *range(place.count - SOME + 1, place.count + 1)})


class Fault:
    """What happens to the call number `number` at a place: `what` is a strace injection."""

    def __init__(self, place, number, what, for_good=False):
        self.place = place
        self.number = number
        self.what = what
        self.for_good = for_good

    def __str__(self):
        since = "from number" if self.for_good else "number"
        place = self.place
        return f"{place.phase} {place.call} {place.file} {since} {self.number} {self.what}"

    @property
    def is_expected(self):
        """Whether it must happen; None for what other threads may reach after the start.

        False for the call after the last one, which proves that all were counted.
        """
        if self.number <= self.place.count:
            return True
        return None if self.place.phase == "start" else False

    def start(self, folder, output):
        """A server to which it happens; raises NotStarted when it happens at the start."""
        place = self.place
        when = f"{self.number}{'+' if self.for_good else ''}"
        options = [
            "-o", output, "-P", os.path.normpath(f"{folder}/{place.file}"),
            "-e", f"trace={place.call}", "-e", f"inject={place.call}:{self.what}:when={when}"]
        # Only errors can be injected under the quicker way of stopping at calls.
        quick = [] if "signal" in self.what else ["--seccomp-bpf"]
        return start_traced(folder, place.phase, options, quick)

    def was_reached(self, output):
        """True when it has happened, by what strace wrote."""
        with open(output, encoding="utf-8", errors="replace") as file:
            text = file.read()
        return "(INJECTED)" in text or "killed by SIGKILL" in text


def start_traced(folder, phase, options, quick=()):
    """A server under strace from its first call or, to work, from when it listens."""
    if phase == "start":
        return Server(folder, before=["strace", "-D", "-f", *quick, *options])
    server = Server(folder)
    try:
        attach(server, options)
    except AssertionError:
        server.kill()
        raise
    return server


def attach(server, options):
    """Traces all threads of a running server; the tracer ends with the server."""
    tracer = subprocess.Popen(  # pylint: disable=consider-using-with
        ["strace", "-f", *options, "-p", str(server.process.pid)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    attached = threading.Event()

    def read():
        for line in tracer.stderr:
            if "attached" in line:
                attached.set()
        tracer.wait()
        tracer.stderr.close()

    server.tracer = threading.Thread(target=read, daemon=True)
    server.tracer.start()
    if not attached.wait(ATTACH_SECONDS):
        tracer.kill()
        raise AssertionError("strace did not attach")


def wait_for_tracer(server):
    """Returns once what was traced has been written."""
    tracer = getattr(server, "tracer", None)
    if tracer is not None:
        tracer.join(ATTACH_SECONDS)


def find_places(folder, phase, output, play):
    """The places of a phase, in the order in which they are reached first."""
    options = ["-y", "-o", output, "-e", f"trace={','.join(CALLS)}"]
    server = start_traced(folder, phase, options)
    try:
        play(server)
        wait_for_tracer(server)
    finally:
        if server.process.poll() is None:
            server.kill()
    with open(output, encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    if phase == "start":
        lines = lines_of_start(lines)
    counts = collections.defaultdict(collections.Counter)
    for line in lines:
        place = parse(line, str(folder))
        if place is not None:
            counts[place[1:]][place[0]] += 1
    return [
        Place(phase, call, file, max(threads.values()))
        for (call, file), threads in counts.items()]


def lines_of_start(lines):
    """What the main thread does until it listens."""
    main = lines[0].split()[0]
    ready = next(index for index, line in enumerate(lines) if "listening on" in line)
    return [line for line in lines[:ready] if line.split()[0] == main]


def parse(line, folder):
    """The thread, call and file of a line of strace, when it is of a file in the folder."""
    found = re.match(r"(\d+) +(\w+)\((.*)", line)
    if found is None:
        return None
    thread, call, arguments = found.groups()
    named = re.search(r'"([^"]*)"' if call in NAMING else r"<([^>]*)>", arguments)
    if named is None or not (named[1] == folder or named[1].startswith(f"{folder}/")):
        return None
    return thread, call, os.path.relpath(named[1], folder)


NAMING = ["openat", "mkdir", "rename", "unlink"]
