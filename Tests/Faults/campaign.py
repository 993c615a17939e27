"""Runs a list of faults through every scenario and reports what was not kept."""

import argparse
import collections
import pathlib
import shutil
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

# pylint: disable=wrong-import-position
from playing import Played
from scenarios import SCENARIOS, Prepared, Wrong
from server import NotStarted
from tracing import find_places, wait_for_tracer

# Files in memory are quick, and survive what happens here to a process.
MEMORY = "/dev/shm"


class Campaign:
    """All faults of a program; `faults(place)` gives them for one place, `codes` are the exit
    codes with which a server may end."""

    def __init__(self, description, faults, codes):
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--every", type=int, default=1, metavar="K", help="each Kth fault (1)")
        parser.add_argument("--only", choices=[one.name for one in SCENARIOS], help="one scenario")
        parser.add_argument("--jobs", type=int, default=2, help="runs at once (2)")
        self.options = parser.parse_args()
        self.faults = faults
        self.codes = codes
        self.counts = collections.Counter()
        self.lock = threading.Lock()

    def run(self):
        """The exit code of the program."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        began = time.monotonic()
        for index, scenario in enumerate(SCENARIOS):
            if self.options.only in [None, scenario.name]:
                self.run_scenario(scenario, index)
        counts = self.counts
        print(f"{counts['runs']} runs, {counts['reached']} with their fault, "
              f"{counts['at start']} servers did not start, {counts['ended']} ended in mid-work, "
              f"{counts['wrong']} violations; {time.monotonic() - began:.0f} s")
        if counts["reached"] == 0:
            print("no fault happened at all: this proves nothing")
            return 1
        return 1 if counts["wrong"] else 0

    def run_scenario(self, scenario, index):
        began = time.monotonic()
        before = collections.Counter(self.counts)
        base = MEMORY if pathlib.Path(MEMORY).is_dir() else None
        with tempfile.TemporaryDirectory(prefix="tally-faults-", dir=base) as folder:
            runs = Runs(self, Prepared(scenario, f"{folder}/prepared"), pathlib.Path(folder))
            places = runs.find_places()
            faults = [fault for place in places for fault in self.faults(place)]
            wanted = faults[index % self.options.every::self.options.every]
            with ThreadPoolExecutor(self.options.jobs) as pool:
                try:
                    list(pool.map(runs.run, wanted))
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        done = self.counts - before
        print(f"{scenario.name:8} {sum(place.count for place in places):4} calls at "
              f"{len(places):2} places, {done['runs']:4} runs, {done['reached']:4} with their "
              f"fault, {done['wrong']} violations, {time.monotonic() - began:.0f} s", flush=True)

    def count(self, *names):
        with self.lock:
            self.counts.update(names)

    def report(self, scenario, fault, error):
        self.count("wrong")
        print(f"VIOLATION {scenario.name}, {fault}: {error}", flush=True)


class Runs:
    """The runs of one scenario, each on a copy of its folder."""

    def __init__(self, campaign, prepared, folder):
        self.campaign = campaign
        self.prepared = prepared
        self.folder = folder
        self.number = 0
        prepared.wait_for_expiry()

    def fresh(self):
        """A data folder to begin with, and a file for what strace writes."""
        with self.campaign.lock:
            self.number += 1
            base = self.folder / str(self.number)
        base.mkdir()
        self.prepared.copy(base / "data")
        return base, base / "data", base / "trace"

    def find_places(self):
        """All calls of a run without faults; also proves that the scenario is right."""
        places = []
        for phase in self.prepared.scenario.phases:
            base, data, output = self.fresh()
            played = Played(self.prepared)

            def play(server, played=played):
                played.run(server)
                played.end(server, [0])

            places += find_places(data, phase, output, play)
            played.recover(data)
            shutil.rmtree(base)
        return places

    def run(self, fault):
        """One run: the fault, a restart, one outcome for each key."""
        base, data, output = self.fresh()
        played = Played(self.prepared)
        self.campaign.count("runs")
        try:
            reached = self.suffer(fault, played, data, output)
            played.recover(data)
            self.campaign.count("reached" if reached else "not reached")
            if fault.is_expected not in [reached, None]:
                raise Wrong("the call was not there" if fault.is_expected else "a call too many")
        except (Wrong, AssertionError) as error:
            self.campaign.report(self.prepared.scenario, fault, error)
        shutil.rmtree(base, ignore_errors=True)

    def suffer(self, fault, played, data, output):
        """Plays the scenario while the fault happens; true when it did."""
        try:
            server = fault.start(data, output)
        except NotStarted as error:
            if error.code not in self.campaign.codes or error.code == 0:
                raise Wrong(f"{error}") from None
            self.campaign.count("at start")
            if fault.number > fault.place.count:
                raise Wrong("a call too many at the start") from None
            return fault.was_reached(output)
        try:
            played.run(server)
            if played.ended:
                self.campaign.count("ended")
            codes = self.campaign.codes
            played.end(server, [code for code in codes if code != 0 or not played.ended])
            wait_for_tracer(server)
            return fault.was_reached(output)
        finally:
            if server.process.poll() is None:
                server.kill()
