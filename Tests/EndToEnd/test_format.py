"""docs/journal-format.md is enough to read a journal: a second reader written from it agrees."""

import base64
import json
import pathlib
import sqlite3
import sys
import unittest

from server import ROOT, TallyCase

sys.path.insert(0, str(ROOT / "Tests/oracle"))
import journal  # noqa: E402  (a folder beside this one)

GOLDEN = ROOT / "Tests/Golden"
MICRO = 1_000_000


def golden(name):
    for line in (GOLDEN / name).read_text().splitlines():
        number, *parts = line.split(" ")
        yield int(number), *(base64.b64decode(part) for part in parts)


class Balances:
    """Follows the figures that entries say of their accounts."""

    def __init__(self, test):
        self.test = test
        self.names = []
        self.last = {}

    def add(self, event):
        if event["kind"] == "account created":
            self.names.append(event["id"])
        head = event.get("head", event if "sequence" in event else None)
        if head is None:
            return
        slot = head["account"]
        before = self.last.get(slot, {"sequence": 0, "time": -1 << 63})
        self.test.assertEqual(head["sequence"], before["sequence"] + 1)
        self.test.assertGreaterEqual(head["time"], before["time"])
        self.last[slot] = {name: head[name] for name in
                           ("sequence", "time", "available", "held", "negative")}


class FormatTests(TallyCase):
    def test_the_golden_journal_gives_the_balances_of_then(self):
        balances = Balances(self)
        kinds = set()
        for segment in journal.segments(golden("journal-1.txt")):
            for event in segment.events:
                balances.add(event)
                kinds.add(event["kind"])
        for slot, line in enumerate((GOLDEN / "balances-1.txt").read_text().splitlines()):
            name, available, held, debt, sequence, *_, time = line.split(" ")[:10]
            self.assertEqual(balances.names[slot], name)
            self.assertEqual(balances.last[slot], {
                "available": int(available), "held": int(held), "negative": int(debt),
                "sequence": int(sequence), "time": int(time)})
        for segment in journal.segments(golden("samples-1.txt")):
            kinds |= {event["kind"] for event in segment.events}
        self.assertEqual(
            kinds, {kind for kind, _ in journal.KINDS.values()} | {"charge", "hold", "capture"})

    def test_what_a_server_stored_is_what_it_answered(self):
        server = self.start()
        client = self.client(server, server.make_key())
        self.make_account(client, "acme", 1000)
        answers = []
        for number in range(40):
            body = {
                "account": "acme", "action": f"search.{number % 3}", "amount": number,
                "team": "red", "scenario": "nightly", "run": f"run-{number % 5}",
                "module": "filter", "request_id": f"r{number}", "results": number,
                "bytes": number * 1000, "duration_ms": 7 * number,
                "parameters": {"size": number, "deep": {"at": [number, 2, "x"]}, "mode": "fast"},
                "metadata": {"order": str(number)}}
            if number % 4 == 0:
                del body["parameters"], body["results"]
            answer = client.post("/v1/charges", body, idempotency_key=f"k{number}")
            self.assertEqual(answer.status, 201, answer)
            answers.append((body, answer.json))
        self.assertEqual(server.stop(), 0)
        database = sqlite3.connect(pathlib.Path(self.folder) / "journal.db")
        rows = database.execute("SELECT number, money, details, hash FROM segment ORDER BY number")
        charges = [
            event for segment in journal.segments(rows) for event in segment.events
            if event["kind"] == "charge"]
        database.close()
        self.assertEqual(len(charges), len(answers))
        for charge, (body, answer) in zip(charges, answers):
            self.assertEqual(charge["credits"], body["amount"] * MICRO)
            self.assertEqual(charge["available"], int(answer["balance"]["available"] * MICRO))
            self.assertEqual(charge["sequence"], answer["seq"])
            for name in ("action", "team", "scenario", "run", "module", "request_id"):
                self.assertEqual(charge[name].decode(), body[name])
            self.assertEqual(charge["results"], body.get("results"))
            self.assertEqual(charge["bytes"], body["bytes"])
            self.assertEqual(charge["duration"], body["duration_ms"])
            stored = charge["parameters"].decode()
            self.assertEqual(json.loads(stored) if stored else None, body.get("parameters"))
            self.assertEqual(json.loads(charge["metadata"]), body["metadata"])


if __name__ == "__main__":
    unittest.main()
