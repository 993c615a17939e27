"""A short storm on the server is linearizable; and the checker finds what is not."""

import dataclasses
import random
import unittest

import storm
from history import History, Operation, Poison, Read
from ledger_model import Account, Refusal, Request
from linearizable import check
from server import BINARY

SECONDS = 9
SEED = 20261121
CREDIT = 1_000_000


class StormTests(unittest.TestCase):
    def test_a_server_that_is_killed_under_sixteen_clients_is_linearizable(self):
        self.assertTrue(BINARY.exists(), f"{BINARY} is missing: swift build -c release")
        run = storm.run(SEED, SECONDS)
        self.assertEqual(check(run.history), [], run.summary())
        self.assertEqual(run.lacking(), [])
        self.assertGreater(len(run.history.operations), 1000, run.summary())


class PlainServer:
    """Answers as the model does, one request after the other, in a span around its turn."""

    def __init__(self, seed, turns=400, overdraft=5 * CREDIT):
        self.random = random.Random(seed)
        self.account = Account(overdraft)
        self.history = History({"a": overdraft})
        self.made = []
        self.spent = []
        self.time = 0
        for _ in range(turns):
            self.turn()

    def span(self):
        self.time += 1000
        return (self.time - self.random.randrange(1, 4000),
                self.time + self.random.randrange(1, 4000))

    def turn(self):
        kind = self.random.choice(
            ["grant", "charge", "charge", "hold", "capture", "release", "refund", "read"])
        if kind == "read":
            self.read()
            return
        amount = self.random.randrange(1, 9) * CREDIT
        source = self.random.choice(["promo", "top_up"])
        known = self.spent if kind == "refund" else self.made
        if kind in ("capture", "release", "refund") and not known:
            return
        target = self.random.choice(known) if known else None
        self.ask(Request(kind, amount, self.random.random() < 0.3, source, target=target))

    def ask(self, request, span=None, is_checked=True):
        """Carries a request out; its operation, which is part of the history."""
        number = len(self.history.operations)
        invoked, returned = span or self.span()
        operation = Operation("a", f"key-{number}", request, invoked, returned)
        refusal = self.account.refusal(request) if is_checked else None
        operation.answers.append(refusal or self.perform(request, number))
        self.history.operations.append(operation)
        return operation

    def perform(self, request, number):
        reply = self.account.perform(request, f"entry-{number}", f"made-{number}")
        reply.lots = [(lot.name, micros) for lot, micros in reply.lots]
        for lot in self.account.lots:
            lot.name = lot.name or f"regrant-{number}"
        if request.kind == "hold":
            self.made.append(reply.made)
        elif request.kind in ("charge", "capture"):
            self.spent.append(reply.entry)
        return reply

    def read(self, span=None):
        invoked, returned = span or self.span()
        account = self.account
        lots = {lot.name: figures for lot, figures in account.lots_left()}
        read = Read(
            "a", invoked, returned, account.seq, account.balance, account.uncollected,
            account.granted, lots)
        self.history.reads.append(read)
        return read

    def entries(self):
        """The operations that made entries, in order."""
        done = [operation for operation in self.history.operations
                if not isinstance(operation.reply, Refusal)]
        return sorted(done, key=lambda operation: operation.reply.seq)


class CheckerTests(unittest.TestCase):
    def setUp(self):
        self.server = PlainServer(SEED)

    def assert_found(self, *words):
        """Some sentence of the checker has each of these words."""
        told = check(self.server.history)
        for word in words:
            self.assertTrue(any(word in line for line in told), f"no {word} in {told[:5]}")

    def test_what_one_request_after_the_other_could_give_is_accepted(self):
        kinds = set()
        for seed in range(40):
            history = PlainServer(seed).history
            self.assertEqual(check(history), [], f"seed {seed}")
            kinds |= {operation.reply.code for operation in history.operations
                      if isinstance(operation.reply, Refusal)}
        self.assertEqual(
            kinds, {"insufficient_credits", "hold_not_open", "refund_exceeds_charge"})

    def test_a_stale_read_is_found(self):
        read = self.server.history.reads[5]
        read.invoked, read.returned = self.server.span()
        self.assert_found("a read of seq", "comes before it")

    def test_a_read_that_goes_back_is_found(self):
        start = self.server.time + 10_000
        early = self.server.read()
        self.server.ask(Request("charge", 0, True), (start, start + 10_000))
        self.server.read((start + 1000, start + 2000))
        early.invoked, early.returned = start + 500, start + 600
        self.assertEqual(check(self.server.history), [])
        early.invoked, early.returned = start + 2500, start + 2600
        self.assert_found("comes before it")

    def test_a_read_of_no_state_is_found(self):
        self.server.read().seq += 1
        self.assert_found("at which there is no state")

    def test_a_read_of_half_a_change_is_found(self):
        read = self.server.read()
        read.balance = (read.balance[0] - 1, *read.balance[1:])
        self.assert_found("a read of seq", "not (")

    def test_a_read_with_credits_in_another_lot_is_found(self):
        self.server.ask(Request("grant", 2 * CREDIT))
        self.server.ask(Request("grant", CREDIT))
        read = self.server.read()
        first, second = list(read.lots)[:2]
        read.lots[first], read.lots[second] = read.lots[second], read.lots[first]
        self.assert_found("shows other lots")

    def test_an_entry_that_was_lost_is_found(self):
        self.server.history.operations.remove(self.server.entries()[100])
        self.assert_found("which comes after")

    def test_a_lost_entry_whose_number_was_used_again_is_found(self):
        lost = self.server.entries()[-1]
        self.server.history.operations.append(
            dataclasses.replace(lost, key="other", answers=list(lost.answers)))
        self.assert_found("which comes after")

    def test_a_key_with_two_outcomes_is_found(self):
        operation = self.server.entries()[7]
        operation.answers.append(dataclasses.replace(operation.reply, seq=1000))
        self.assert_found("two outcomes")

    def test_a_charge_that_was_taken_twice_is_found(self):
        self.server.ask(Request("grant", 9 * CREDIT))
        self.server.ask(Request("charge", CREDIT))
        self.server.account.perform(Request("charge", CREDIT), "hidden", None)
        self.server.account.seq -= 1
        self.server.ask(Request("charge", 0))
        self.assert_found("says balance")

    def test_two_entries_in_the_wrong_order_are_found(self):
        entries = self.server.entries()
        first, second = entries[50], entries[80]
        first.invoked, second.invoked = second.invoked, first.invoked
        first.returned, second.returned = second.returned, first.returned
        self.assert_found("and comes before it")

    def test_a_refusal_with_enough_credits_is_found(self):
        self.server.ask(Request("grant", 9 * CREDIT))
        operation = self.server.ask(Request("charge", CREDIT, True))
        refusal = Refusal(402, "insufficient_credits", (CREDIT, 0))
        seq = operation.reply.seq
        self.server.history.operations.append(Operation(
            "a", "refused", Request("charge", CREDIT), operation.returned + 5000,
            operation.returned + 6000, [refusal]))
        self.assert_found("for which there is no reason", f"from seq {seq} to")

    def test_a_refusal_by_a_balance_that_was_is_found(self):
        server = self.server
        server.ask(Request("charge", 10_000 * CREDIT, True))
        refused = server.ask(Request("charge", CREDIT))
        self.assertIsInstance(refused.reply, Refusal)
        server.time += 10_000
        server.ask(Request("grant", 100 * CREDIT))
        server.time += 10_000
        refused.invoked, refused.returned = server.span()
        self.assert_found("for which there is no reason")

    def test_refusals_that_go_back_are_found(self):
        server = self.server
        span = (server.time + 10_000, server.time + 90_000)
        server.ask(Request("charge", 10_000 * CREDIT, True), span)
        first = server.ask(Request("charge", CREDIT), span)
        server.ask(Request("grant", 100 * CREDIT), span)
        second = server.ask(Request("charge", 10_000 * CREDIT), span)
        times = [(span[0] + 1, span[0] + 2), (span[0] + 3, span[0] + 4)]
        first.invoked, first.returned = times[0]
        second.invoked, second.returned = times[1]
        self.assertEqual(check(server.history), [])
        first.invoked, first.returned = times[1]
        second.invoked, second.returned = times[0]
        self.assert_found("for which there is no reason")

    def test_a_charge_beyond_the_balance_is_found(self):
        self.server.ask(Request("charge", 10_000 * CREDIT), is_checked=False)
        self.assert_found("was done, not")

    def test_a_hold_that_was_settled_twice_is_found(self):
        self.server.ask(Request("grant", 9 * CREDIT))
        hold = self.server.ask(Request("hold", CREDIT)).reply.made
        released = self.server.ask(Request("release", target=hold))
        again = dataclasses.replace(
            released.reply, seq=released.reply.seq + 1, entry="again")
        self.server.history.operations.append(dataclasses.replace(
            released, key="again", answers=[again]))
        self.assert_found("was done, not", "hold_not_open")

    def test_lots_in_another_order_are_found(self):
        entry = next(entry for entry in self.server.entries() if len(entry.reply.lots) > 1)
        entry.reply.lots.reverse()
        self.assert_found("says lots")

    def test_a_poisoned_key_that_did_something_is_found(self):
        self.server.history.poisons.append(Poison("a", "key-1", 201, None))
        self.assert_found("other content under it got 201")

    def test_an_outcome_that_nobody_learned_is_found(self):
        self.server.history.operations[3].answers.clear()
        self.assert_found("its outcome was never learned")


if __name__ == "__main__":
    unittest.main()
