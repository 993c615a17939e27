"""What is in a data folder, as tables that others read."""

import csv
import hashlib
import io
import json
import os
import pathlib
import stat
import subprocess
from decimal import Decimal

from server import BINARY, ROOT, TallyCase, run_tally, threads

EXAMPLE = ROOT / "examples/configuration/tally.yaml"


class ExportTest(TallyCase):
    def setUp(self):
        super().setUp()
        self.server = self.start()
        self.operator = self.client(self.server, self.server.make_key())
        self.options = ["--url", self.server.url, "--key", self.operator.key]
        done = run_tally("apply", EXAMPLE, *self.options)
        self.assertEqual(done.returncode, 0, done.stderr)

    def export(self, kind, *options, code=0):
        done = run_tally("export", kind, "--data", self.folder, *options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def lines(self, kind, *options):
        text = self.export(kind, "--format", "ndjson", *options)
        return [json.loads(line, parse_float=Decimal, parse_int=Decimal)
                for line in text.splitlines()]

    def rows(self, kind, *options):
        return list(csv.DictReader(io.StringIO(self.export(kind, *options), newline="")))

    def post(self, path, body, key):
        answer = self.operator.post(path, body, key)
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def batches(self, first, count):
        """Charges in so many segments, one after the other."""
        for number in range(first, first + count):
            charges = [{"idempotency_key": f"b{number}-{index}", "account": "acme", "action": "tick",
                        "amount": 0, "metadata": {"text": f"{number}-{index}" * 10}}
                       for index in range(100)]
            answer = self.operator.post("/v1/charges/batch", {"charges": charges})
            self.assertEqual(answer.status, 200, answer)

    def test_an_export_goes_on_while_the_server_is_restarted(self):
        for is_killed in (False, True):
            first = 1000 * is_killed
            self.batches(first, 150)
            before = len(self.rows("entries"))
            # It waits for somebody to read what it has written.
            export = subprocess.Popen(
                [BINARY, "export", "entries", "--data", self.folder], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE)
            begun = os.read(export.stdout.fileno(), 1)
            if is_killed:
                self.server.kill()
            else:
                self.assertEqual(self.server.stop(), 0)
            self.server = self.start()
            self.operator = self.client(self.server, self.operator.key)
            self.batches(first + 500, 150)
            text, errors = export.communicate(timeout=60)
            self.assertEqual((export.returncode, errors), (0, b""))
            rows = list(csv.DictReader(io.StringIO((begun + text).decode(), newline="")))
            self.assertGreaterEqual(len(rows), before)
            self.assertEqual(len({row["entry_id"] for row in rows}), len(rows))

    def work(self):
        """A key, a grant with all that can be said of it, charges, a hold, a refund, a refusal."""
        made = self.post("/v1/accounts/acme/keys",
                         {"name": 'a "b", c', "scopes": ["read", "search"]}, None)
        self.post("/v1/accounts/acme/grants", {
            "amount": 17.25, "kind": "promo", "expires_at": "2120-01-01T00:00:00Z",
            "package": "welcome", "price_paid": {"amount": 9.99, "currency": "EUR"},
            "payment_reference": "pay 1", "note": 'two; "quoted", yes'}, "g")
        for index in range(20):
            charged = self.post("/v1/charges", {
                "customer_key": made["key"], "action": "search", "team": f"t{index % 3}",
                "parameters": {"q": "a,b"}, "metadata": {"n": str(index)}}, f"c{index}")
        self.post("/v1/refunds", {"entry_id": charged["entry_id"]}, "r")
        self.post("/v1/holds", {"account": "acme", "action": "search"}, "h")
        refused = self.operator.post(
            "/v1/charges", {"account": "trial", "action": "x", "amount": 10 ** 6}, "no")
        self.assertEqual(refused.status, 402)
        return made

    def test_entries_are_those_that_are_listed(self):
        self.work()
        listed = []
        for account in ("acme", "trial"):
            page = self.operator.get(f"/v1/entries?account={account}&limit=1000").json
            self.assertIsNone(page["next_cursor"])
            listed += page["data"]
        by_id = {entry["entry_id"]: entry for entry in listed if entry["kind"] != "period"}
        exported = self.lines("entries")
        self.assertEqual({entry["entry_id"]: entry for entry in exported}, by_id)
        self.assertEqual(
            [entry["entry_id"] for entry in exported],
            sorted(entry["entry_id"] for entry in exported))
        rows = self.rows("entries")
        self.assertEqual([row["entry_id"] for row in rows], [e["entry_id"] for e in exported])
        for row, entry in zip(rows, exported):
            self.assertEqual(row["account"], entry["account"])
            self.assertEqual(Decimal(row["credits"]), entry["credits"])
            if entry["kind"] == "charge":
                self.assertEqual(json.loads(row["parameters"]), entry["parameters"])
        middle = exported[10]["created_at"]
        first = self.lines("entries", "--to", middle)
        second = self.lines("entries", "--from", middle)
        self.assertTrue(first and second)
        self.assertEqual(first + second, exported)
        trial = self.lines("entries", "--account", "trial")
        self.assertEqual(trial, [one for one in exported if one["account"] == "trial"])

    def test_balances_add_up_to_the_accounts(self):
        self.work()
        accounts = {row["id"]: row for row in self.lines("accounts")}
        balance = self.balance(self.operator, "acme")
        for name in ("available", "held", "negative"):
            self.assertEqual(accounts["acme"][name], balance[name])
        lots = [row for row in self.lines("balances") if row["account"] == "acme"]
        self.assertEqual(sum(lot["credits"] for lot in lots), balance["available"])
        self.assertEqual(sum(lot["held"] for lot in lots), balance["held"])
        promo = next(lot for lot in lots if lot["kind"] == "promo")
        self.assertEqual(
            (promo["granted"], promo["package"], promo["price_paid"], promo["note"],
             promo["payment_reference"], promo["priority"], promo["expires_at"]),
            (Decimal("17.25"), "welcome", {"amount": Decimal("9.99"), "currency": "EUR"},
             'two; "quoted", yes', "pay 1", 5, "2120-01-01T00:00:00Z"))
        row = next(row for row in self.rows("balances") if row["kind"] == "promo")
        self.assertEqual(row["note"], 'two; "quoted", yes')

    def test_keys_are_hashes(self):
        made = self.work()
        text = self.export("keys") + self.export("keys", "--format", "ndjson")
        self.assertNotIn(made["key"], text)
        self.assertNotIn(self.operator.key, text)
        [row] = self.rows("keys")
        self.assertEqual(row["sha256"], hashlib.sha256(made["key"].encode()).hexdigest())
        self.assertEqual((row["name"], row["scopes"]), ('a "b", c', "read search"))

    def test_the_configuration_applies_to_what_it_is_of(self):
        file = pathlib.Path(self.folder) / "all.yaml"
        self.export("configuration", "--output", file)
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        done = run_tally("apply", file, *self.options)
        self.assertEqual(done.stdout, "created: 0, changed: 0, as they are: 7\n", done.stderr)

    def test_what_is_no_file_is_written_to_and_not_replaced(self):
        pipe = pathlib.Path(self.folder) / "pipe"
        os.mkfifo(pipe)
        found = []
        with threads(1, lambda _: found.append(pipe.read_bytes())):
            self.export("accounts", "--output", pipe)
        self.assertTrue(found[0].startswith(b"id,name,plan"))
        self.assertTrue(pipe.is_fifo())
        target, link = pathlib.Path(self.folder) / "t.csv", pathlib.Path(self.folder) / "l.csv"
        target.write_text("old")
        link.symlink_to(target)
        self.export("accounts", "--output", link)
        self.assertTrue(link.is_symlink())
        self.assertTrue(target.read_text().startswith("id,name,plan"))

    def test_what_is_wrong_is_told_before_anything_is_written(self):
        file = pathlib.Path(self.folder) / "out.csv"
        for options, code, told in [
                (["things"], 2, "not things"), (["entries", "--format", "xml"], 2, "csv or ndjson"),
                (["entries", "--account", "nope"], 1, "there is no account nope"),
                (["keys", "--from", "2026-01-01T00:00:00Z"], 2, "only entries"),
                (["entries", "--account", "a b"], 2, "no id of an account"),
                (["entries", "--from", "yesterday"], 2, "--from is a time"),
                (["configuration", "--format", "csv"], 2, "takes no --format")]:
            errors = self.export(*options, "--output", file, code=code)
            self.assertIn(told, errors)
            self.assertFalse(file.exists())
        done = run_tally("export", "entries", "--data", "/nowhere")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
