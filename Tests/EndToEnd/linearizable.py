"""Is a history of concurrent requests one that a single-threaded ledger could have answered?

A history has an account's operations (each with the time of its first attempt, the time of its
first answer, and every answer under its key), reads of its balance and poisons: requests that used
a key again with other content. `check` is pure. It holds a history against these rules:

- An entry's `seq` gives the order. The sequence of an account is 1, 2, 3, ... without gap or
  repeat; only what a refund grants anew has no request of its own.
- Replayed in that order by `ledger_model.Account`, every answer has the model's figures: amounts,
  the lots that paid, the balance after it. What the model refuses must not have been done.
- Real time: an operation that was answered before another began comes before it; a read that began
  after an answer shows at least its state, and nothing that began after the read was answered.
- What a read shows is the model's state at its `seq`: balance, uncollected, granted, every lot.
- A refusal was right, with its figures, at some state between its first attempt and its answer;
  and refusals too keep the order of real time among each other.
- A key has one outcome: every answer under it is the same. A poisoned key is refused with 422.

Run as a program it makes histories of a real server and checks them (`storm.py`):

    python3 Tests/EndToEnd/linearizable.py --minutes 5 --runs 2 [--seed N]
"""

import argparse
import bisect
import collections
import dataclasses
import itertools
import sys

from history import Operation
from ledger_model import Account, Refusal, Reply

# Violations of one account that are told; the first ones cause the others.
TOLD_MAX = 20
# States that are remembered for a refusal.
STATES_MAX = 64


def check(history):
    """What in the history no single-threaded ledger could have answered, in sentences."""
    told = [
        f"{poison.key} on {poison.account}: other content under it got {poison.status} "
        f"{poison.code}" for poison in history.poisons
        if (poison.status, poison.code) != (422, "idempotency_key_reused")]
    operations = collections.defaultdict(list)
    reads = collections.defaultdict(list)
    for operation in history.operations:
        operations[operation.account].append(operation)
        told += outcomes(operation)
    for read in history.reads:
        reads[read.account].append(read)
    for account, overdraft in history.overdrafts.items():
        replay = Replay(operations[account], reads[account], overdraft)
        told += [f"{account}: {what}" for what in replay.violations()[:TOLD_MAX]]
    return told


def outcomes(operation):
    """A key has exactly one outcome."""
    if not operation.answers:
        yield f"{operation.key} on {operation.account}: its outcome was never learned"
    for answer in operation.answers[1:]:
        if answer != operation.reply:
            yield (f"{operation.key} on {operation.account}: two outcomes, {operation.reply} "
                   f"and {answer}")


@dataclasses.dataclass(slots=True)
class Event:
    """Something with a place in the order: twice its seq for an entry, one more for a read."""

    name: str
    invoked: int
    returned: int
    point: int


class RealTime:
    """What the times of events say about places in the order."""

    def __init__(self, events):
        returned = sorted(events, key=lambda event: event.returned)
        self._returned = [event.returned for event in returned]
        self._highest = list(itertools.accumulate(
            returned, lambda left, right: max(left, right, key=lambda event: event.point)))
        invoked = sorted(events, key=lambda event: event.invoked, reverse=True)
        self._invoked = [-event.invoked for event in invoked]
        self._lowest = list(itertools.accumulate(
            invoked, lambda left, right: min(left, right, key=lambda event: event.point)))

    def before(self, time):
        """The last in order of the events that had returned before a time; None for none."""
        place = bisect.bisect_left(self._returned, time)
        return self._highest[place - 1] if place else None

    def after(self, time):
        """The first in order of the events that were invoked after a time; None for none."""
        place = bisect.bisect_left(self._invoked, -time)
        return self._lowest[place - 1] if place else None


@dataclasses.dataclass(slots=True)
class Refused:
    """A refusal, the first and last state it can be of, and those that explain it."""

    operation: Operation
    first: int
    last: int
    states: list = dataclasses.field(default_factory=list)


class Replay:
    """The operations of one account, replayed in the order of their entries."""

    def __init__(self, operations, reads, overdraft):
        self.account = Account(overdraft)
        self.told = []
        answered = [operation for operation in operations if operation.answers]
        self.entries = sorted(
            (operation for operation in answered if isinstance(operation.reply, Reply)),
            key=lambda operation: operation.reply.seq)
        self.reads = collections.defaultdict(list)
        for read in reads:
            self.reads[read.seq].append(read)
        events = [
            Event(entry.key, entry.invoked, entry.returned, 2 * entry.reply.seq)
            for entry in self.entries]
        events += [
            Event(f"a read of seq {read.seq}", read.invoked, read.returned, 2 * read.seq + 1)
            for read in reads]
        self.time = RealTime(events)
        self.told += [what for event in events for what in self.late(event)]
        self.refused = [
            self.window(operation) for operation in answered
            if isinstance(operation.reply, Refusal)]

    def violations(self):
        """All that is wrong."""
        starting = collections.defaultdict(list)
        for refused in self.refused:
            starting[refused.first].append(refused)
        open_refusals = self.explain(starting[0])
        self.compare_reads()
        for entry in self.entries:
            before = self.account.seq
            if not self.perform(entry):
                # Whatever follows has nothing to be compared with.
                return self.told
            for state in range(before + 1, self.account.seq + 1):
                open_refusals += starting[state]
            self.compare_reads()
            open_refusals = self.explain(open_refusals)
        self.check_reads_known()
        self.check_refusals()
        return self.told

    def late(self, event):
        """An event that stands before one that had returned when it was invoked."""
        earlier = self.time.before(event.invoked)
        if earlier is not None and earlier.point > event.point:
            yield (f"{event.name} began after {earlier.name} was answered "
                   f"(seq {earlier.point // 2}) and comes before it (seq {event.point // 2})")

    def window(self, operation):
        """Between which states a refusal was decided, by the times of what is ordered."""
        earlier = self.time.before(operation.invoked)
        later = self.time.after(operation.returned)
        last = self.entries[-1].reply.seq + 1 if self.entries else 0
        return Refused(
            operation, earlier.point // 2 if earlier else 0,
            (later.point - 1) // 2 if later else last)

    def perform(self, entry):
        """Replays an entry; false when the sequence or the model does not allow it."""
        reply, request = entry.reply, entry.request
        if reply.seq != self.account.seq + 1:
            self.told.append(
                f"{entry.key} has seq {reply.seq}, which comes after {self.account.seq}")
            return False
        refusal = self.account.refusal(request)
        if refusal is not None:
            self.told.append(f"{entry.key} (seq {reply.seq}, {request}) was done, not {refusal}")
            return False
        expected = self.account.perform(request, reply.entry, reply.made)
        for name in ("amounts", "balance"):
            left, right = getattr(reply, name), getattr(expected, name)
            if left != right:
                self.told.append(
                    f"{entry.key} (seq {reply.seq}, {request}) says {name} {left}, not {right}")
        self.compare_lots(entry, expected.lots)
        return True

    def compare_lots(self, entry, expected):
        """The lots that paid, in order; the first answer that names a lot tells its id."""
        said = entry.reply.lots
        for (name, _), (lot, _) in zip(said, expected):
            if lot.name is None:
                lot.name = name
        wanted = [(lot.name, micros) for lot, micros in expected]
        if said != wanted:
            self.told.append(f"{entry.key} (seq {entry.reply.seq}) says lots {said}, not {wanted}")

    def compare_reads(self):
        """Compares the reads that say they are of this state."""
        for read in self.reads.pop(self.account.seq, ()):
            account = self.account
            said = (read.balance, read.uncollected, read.granted)
            expected = (account.balance, account.uncollected, account.granted)
            left = account.lots_left()
            names = {lot.name for lot, _ in left}
            unnamed = sorted(figures for lot, figures in left if lot.name is None)
            new = sorted(figures for name, figures in read.lots.items() if name not in names)
            known = {name: read.lots.get(name) for name in names if name is not None}
            if said != expected:
                self.told.append(f"a read of seq {read.seq} shows {said}, not {expected}")
            elif new != unnamed or any(
                    known[lot.name] != figures for lot, figures in left if lot.name is not None):
                self.told.append(f"a read of seq {read.seq} shows other lots: {read.lots}")

    def check_reads_known(self):
        """Reads that are left were of no state that there was."""
        for seq in sorted(self.reads):
            self.told.append(f"a read shows seq {seq}, at which there is no state")

    def explain(self, open_refusals):
        """Notes for which refusals this state is a reason; gives those it is not the last of."""
        state = self.account.seq
        left = []
        for refused in open_refusals:
            operation = refused.operation
            if self.account.refusal(operation.request) == operation.reply:
                refused.states.append(state)
            if state < refused.last and len(refused.states) < STATES_MAX:
                left.append(refused)
        return left

    def check_refusals(self):
        """Each refusal has a reason, at a state no earlier than those of refusals before it."""
        chosen = RefusalOrder()
        for refused in sorted(self.refused, key=lambda refused: refused.operation.returned):
            operation = refused.operation
            least = chosen.least(operation.invoked)
            state = next((state for state in refused.states if state >= least), None)
            if state is None:
                self.told.append(
                    f"{operation.key} ({operation.request}) got {operation.reply}, for which "
                    f"there is no reason from seq {max(least, refused.first)} to {refused.last}")
            else:
                chosen.add(operation.returned, state)


class RefusalOrder:
    """The states that refusals were found to be of, in the order in which they were answered."""

    def __init__(self):
        self._returned = []
        self._highest = []

    def add(self, returned, state):
        self._returned.append(returned)
        self._highest.append(max(state, self._highest[-1] if self._highest else 0))

    def least(self, invoked):
        """The highest state of the refusals answered before a time."""
        place = bisect.bisect_left(self._returned, invoked)
        return self._highest[place - 1] if place else 0


def main():
    import storm  # pylint: disable=import-outside-toplevel
    parser = argparse.ArgumentParser(description="Makes histories of a real server; checks them.")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    violations = 0
    for seed in range(options.seed, options.seed + options.runs):
        run = storm.run(seed, options.minutes * 60)
        found = check(run.history)
        violations += len(found)
        print(f"seed {seed}: {run.summary()}, {len(found)} violations", flush=True)
        for line in found + run.lacking():
            print(f"  {line}", flush=True)
        violations += len(run.lacking())
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
