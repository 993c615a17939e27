"""Cuts the power under 8 writers and checks that what was acknowledged is there, exactly once.

    python3 Tests/Faults/power_cuts.py [--cuts N] [--seed S] [--control] [--keep FOLDER]

Each round copies a disk with a data folder, starts the server on it, lets the writers run and cuts
the power at a random instant, sometimes while the server stops; in every fourth round again while
it recovers. Then it mounts what is left and compares. With --control the disk lies about syncing
the log: the run must lose acknowledged keys, else the check proves nothing, and the exit code is 1.
--keep saves the disks on which something was found. Needs root.
"""

import argparse
import collections
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from decimal import Decimal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

# pylint: disable=wrong-import-position
from disk import Disk, Mounted, Writeback
from load import ACCOUNTS, GRANT, WRITERS, Writer, account
from reading import audit_failure, every_entry, has_gaps
from server import BINARY, Client, Server, run_tally, threads

# At most so long, one of them by chance; only a long load copies the log.
LOAD_SECONDS = [0.2, 0.3, 0.4, 1]
STOP_SECONDS = 0.05
RECOVERY_SECONDS = 0.1
COPIED_BYTES = 1 << 20
SHOWN_MAX = 5


class Books:
    """What the rounds found, for the summary."""

    def __init__(self):
        self.counts = collections.Counter()
        self.findings = []
        self._lock = threading.Lock()

    def find(self, kind, what):
        with self._lock:
            self.counts[kind] += 1
            if len(self.findings) < SHOWN_MAX:
                self.findings.append(f"{kind}: {what}")

    @property
    def found(self):
        """How many differences of any kind."""
        return sum(self.counts[kind] for kind in ["lost", "doubled", "verify", "wrong"])

    @property
    def summary(self):
        counts = self.counts
        return (
            f"{counts['cuts']} cuts ({counts['again']} of them while recovering, "
            f"{counts['stopping']} while stopping, {counts['copied']} after the log was copied), "
            f"{counts['acknowledged']} acknowledged operations, {counts['lost']} lost, "
            f"{counts['doubled']} doubled, {counts['verify']} verify failures, "
            f"{counts['wrong']} other differences")


class Template:
    """A disk with a data folder that has accounts and a key."""

    def __init__(self, mount_point):
        self.disk = Disk()
        self.disk.format()
        with Mounted(self.disk, mount_point) as folder:
            server = Server(f"{folder}/data")
            self.key = server.make_key()
            client = Client(server, self.key)
            self.entries = [self.make_account(client, account(n)) for n in range(ACCOUNTS)]
            client.close()
            server.stop()

    @staticmethod
    def make_account(client, name):
        client.post("/v1/accounts", {"id": name, "name": name})
        answer = client.post(
            f"/v1/accounts/{name}/grants", {"amount": GRANT}, idempotency_key="grant")
        return answer.json["entry_id"]


class Round:
    """One load, one or two cuts, one comparison."""

    def __init__(self, template, mount_point, seed, books):
        self.template = template
        self.mount_point = mount_point
        self.seed = seed
        self.random = random.Random(seed)
        self.books = books
        self.environment = None
        self.keep = None
        self.writers = [Writer(number, seed) for number in range(WRITERS)]

    def run(self):
        disk = self.cut_under_load(self.template.disk)
        if self.random.random() < 0.25:
            disk = self.cut_while_recovering(disk)
        self.books.counts["acknowledged"] += sum(len(writer.told) for writer in self.writers)
        left = disk.copy()
        found = self.books.found
        with Mounted(disk, self.mount_point) as folder:
            try:
                self.check(f"{folder}/data")
            except (AssertionError, OSError, http.client.HTTPException) as error:
                self.books.find("wrong", repr(error))
        if self.keep and self.books.found > found:
            left.save(f"{self.keep}/seed-{self.seed}.img")
        left.close()
        disk.close()

    def cut_under_load(self, start):
        """The disk as it is after a cut at a random instant of the load."""
        disk = start.copy()
        with Mounted(disk, self.mount_point) as folder:
            data = f"{folder}/data"
            server = Server(data, environment=self.environment)
            with contextlib.ExitStack() as stack:
                stack.enter_context(Writeback(data, self.random.random()))
                stack.enter_context(threads(
                    WRITERS, lambda number: self.writers[number].run(server, self.template.key)))
                stack.callback(server.kill)
                stack.callback(disk.cut_power)
                wait(self.random.uniform(0, self.random.choice(LOAD_SECONDS)))
                if self.random.random() < 0.15:
                    server.ask_to_stop()
                    self.books.counts["stopping"] += 1
                    wait(self.random.uniform(0, STOP_SECONDS))
        return self.left(disk)

    def cut_while_recovering(self, disk):
        with Mounted(disk, self.mount_point) as folder:
            with subprocess.Popen(
                    [BINARY, "serve", "--data", f"{folder}/data", "--listen", "127.0.0.1:0"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL) as process:
                wait(self.random.uniform(0, RECOVERY_SECONDS))
                disk.cut_power()
                process.kill()
        self.books.counts["again"] += 1
        return self.left(disk)

    def left(self, disk):
        """What the cut left, on a disk with power."""
        self.books.counts["cuts"] += 1
        copy = disk.copy()
        disk.close()
        return copy

    def check(self, data):
        if os.path.getsize(f"{data}/journal.db") > COPIED_BYTES:
            self.books.counts["copied"] += 1
        verified = run_tally("verify", "--data", data)
        if verified.returncode != 0:
            self.books.find("verify", verified.stderr)
            return
        server = Server(data)
        try:
            self.compare(server)
        finally:
            code = server.stop()
        if code != 0:
            self.books.find("wrong", f"exit code {code}: {''.join(server.errors)}")

    def compare(self, server):
        """Every key has one outcome, and the books are what the writers' own sums say."""
        lost = self.books.counts["lost"]
        with threads(WRITERS, lambda number: self.ask_again(self.writers[number], server)):
            pass
        if self.books.counts["lost"] > lost:
            return
        client = Client(server, self.template.key)
        for number in range(ACCOUNTS):
            self.compare_account(client, account(number), self.template.entries[number])
        failure = audit_failure(client)
        if failure:
            self.books.find("wrong", failure)
        client.close()

    def ask_again(self, writer, server):
        """Sends every request again: the acknowledged ones must give the same answer."""
        client = Client(server, self.template.key)
        for move, status, body in writer.told:
            again = client.post(move.path, move.body, idempotency_key=move.key)
            if (again.status, again.body) != (status, body) or not again.was_replayed:
                self.books.find("lost", f"{move.path} {move.key}: {body[:200]!r}, now {again}")
        move = writer.unanswered
        if move is not None:
            answer = client.post(move.path, move.body, idempotency_key=move.key)
            if answer.status == 201:
                writer.note(move, answer)
            else:
                self.books.find("wrong", f"{move.path} {move.key}: {answer}")
        client.close()

    def compare_account(self, client, name, grant):
        told = [told for writer in self.writers if writer.account == name for told in writer.told]
        expected = [grant, *(json.loads(one.body)["entry_id"] for one in told)]
        found = every_entry(client, name)
        extra = collections.Counter(entry["entry_id"] for entry in found)
        extra.subtract(expected)
        for entry, count in extra.items():
            if count > 0:
                self.books.find("doubled", f"{name}: {entry}")
            elif count < 0:
                self.books.find("lost", f"{name}: {entry} is not listed")
        if has_gaps(found):
            self.books.find("wrong", f"{name}: {[entry['seq'] for entry in found]}")
        balance = client.get(f"/v1/balance?account={name}").json
        sums = (
            GRANT + sum(Decimal(one.move.available) for one in told),
            sum(Decimal(one.move.held) for one in told))
        if (balance["available"], balance["held"]) != sums:
            self.books.find("wrong", f"{name}: {balance}, not {sums}")


def wait(seconds):
    """Passes time."""
    threading.Event().wait(seconds)


def lying_disk(folder):
    """The environment in which a log that is synced is not."""
    compiler = shutil.which("clang") or shutil.which("cc")
    if compiler is None:
        raise AssertionError("--control needs a C compiler")
    library = f"{folder}/lying_disk.so"
    source = pathlib.Path(__file__).with_name("lying_disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O", "-o", library, source], check=True)
    return {"LD_PRELOAD": library}


def parse_arguments():
    parser = argparse.ArgumentParser(description="cut the power under load and compare")
    parser.add_argument("--cuts", type=int, default=50, help="rounds (50)")
    parser.add_argument("--seed", type=int, default=1, help="of the first round (1)")
    parser.add_argument("--control", action="store_true", help="with a disk that lies")
    parser.add_argument("--keep", metavar="FOLDER", help="saves disks with findings")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if os.geteuid() != 0:
        print("mounting needs root")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    books = Books()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tally-cuts-") as folder:
        mount_point = f"{folder}/disk"
        os.mkdir(mount_point)
        environment = lying_disk(folder) if arguments.control else None
        template = Template(mount_point)
        for number in range(arguments.seed, arguments.seed + arguments.cuts):
            before = len(books.findings)
            one = Round(template, mount_point, number, books)
            one.environment = environment
            one.keep = arguments.keep
            one.run()
            for finding in books.findings[before:]:
                print(f"seed {number}: {finding}", flush=True)
    print(f"{books.summary}; {time.monotonic() - began:.0f} s")
    if books.counts["acknowledged"] == 0:
        print("nothing was acknowledged: this proves nothing")
        return 1
    if arguments.control:
        return 0 if books.counts["lost"] > 0 else 1
    return 1 if books.found else 0


if __name__ == "__main__":
    sys.exit(main())
