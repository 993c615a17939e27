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
        for name in ["samples-1.txt", "scenarios-3.txt"]:
            for segment in journal.segments(golden(name)):
                kinds |= {event["kind"] for event in segment.events}
        self.assertEqual(
            kinds, {kind for kind, _ in journal.KINDS.values()} | {"charge", "hold", "capture"})

    def test_golden_numbered_names_can_be_read(self):
        runs = [charge["run"] for segment in journal.segments(golden("numbered-4.txt"))
                for charge in segment.charges]
        self.assertEqual(len(runs), 6 * 64)
        self.assertEqual(len(set(runs)), len(runs))
        self.assertEqual(runs[0], b"run-1141000")

    def test_golden_kept_details_can_be_read(self):
        kept = dict(golden("kept-1.txt"))
        rows = list(golden("samples-1.txt"))
        whole = journal.segments(rows)
        pruned = journal.segments((*row[:2], None, row[3], kept[row[0]]) for row in rows)
        count = 0
        for before, after in zip(whole, pruned):
            self.assertEqual(len(before.charges), len(after.charges))
            for place, (left, right) in enumerate(zip(before.charges, after.charges)):
                if place % 3 == 1:
                    count += 1
                    left |= {
                        "deleted": 30, "module": b"", "request_id": b"", "metadata": b"",
                        "parameters": b"", "duration": None, "occurred": None, "flags": 0,
                        "is_agent": False, "is_check": False}
                self.assertEqual(left, right)
            self.assertEqual(before.events, after.events)
        self.assertGreater(count, 20)

    def test_golden_uses_of_budgets_can_be_read(self):
        uses = [use for segment in journal.segments(golden("uses-2.txt"))
                for charge in segment.charges for use in charge.get("budgets", [])]
        self.assertGreater(len(uses), 30)
        self.assertTrue(all(use["budget"].startswith("name-") for use in uses), uses)
        self.assertTrue(any(use["resets_after"] == 0 for use in uses))

    def test_what_budgets_had_used_is_stored_with_the_call(self):
        server = self.start()
        client = self.client(server, server.make_key())
        self.make_account(client, "acme", 1000)
        for name, scope, limit, window in [("all", {}, 100, "none"), ("team", {"team": "*"}, 50, "day")]:
            answer = client.send("PUT", f"/v1/accounts/acme/budgets/{name}", {
                "scope": scope, "limit": limit, "window": window})
            self.assertEqual(answer.status, 200, answer)
        entries = []
        for number, team in enumerate(["red", "blue", "red", None]):
            body = {"account": "acme", "action": "x", "amount": number + 1.5, **({"team": team} if team else {})}
            entries.append(client.post("/v1/charges", body, f"k{number}").json["entry_id"])
        hold = client.post("/v1/holds", {"account": "acme", "action": "x", "amount": 10, "team": "red"}, "h").json
        capture = client.post(f"/v1/holds/{hold['hold_id']}/capture", {"amount": 4}, "c").json
        told = [client.get(f"/v1/receipts/{entry}").json["budgets"]
                for entry in [*entries, hold["entry_id"], capture["entry_id"]]]
        self.assertEqual(
            [[(use["budget"], use["limit"], use["used_before"], use["used_after"]) for use in uses] for uses in told],
            [[("all", 100, 0, 1.5), ("team", 50, 0, 1.5)], [("all", 100, 1.5, 4), ("team", 50, 0, 2.5)],
             [("all", 100, 4, 7.5), ("team", 50, 1.5, 5)], [("all", 100, 7.5, 12)],
             [("all", 100, 12, 22), ("team", 50, 5, 15)], [("all", 100, 22, 16), ("team", 50, 15, 9)]])
        self.assertIsNone(told[0][0]["resets_at"])
        self.assertRegex(told[0][1]["resets_at"], r"T00:00:00Z$")
        server.stop()
        with sqlite3.connect(f"{self.folder}/journal.db") as database:
            rows = database.execute("SELECT number, money, details, hash FROM segment ORDER BY number").fetchall()
        stored = [[(use["budget"], use["limit"], use["before"], use["before"] + use["change"])
                   for use in charge["budgets"]]
                  for segment in journal.segments(rows) for charge in segment.charges]
        self.assertEqual(stored, [
            [(use["budget"], *(int(use[name] * MICRO) for name in ["limit", "used_before", "used_after"]))
             for use in uses] for uses in told])

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
