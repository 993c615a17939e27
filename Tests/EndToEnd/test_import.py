"""Moving from elsewhere, and from one Tally to another: what was there is there, and nothing twice."""

import csv
import hashlib
import json
import pathlib
import tempfile
from decimal import Decimal

from server import ROOT, TallyCase, run_tally

EXAMPLE = ROOT / "examples/configuration/tally.yaml"
DAY = "2026-03-{:02}T12:00:00Z"


class ImportTest(TallyCase):
    def setUp(self):
        super().setUp()
        self.server = self.start()
        self.operator = self.client(self.server, self.server.make_key())
        self.tables = pathlib.Path(self.folder) / "tables"
        self.tables.mkdir()

    def apply(self, server, key):
        done = run_tally("apply", EXAMPLE, "--url", server.url, "--key", key)
        self.assertEqual(done.returncode, 0, done.stderr)

    def take(self, *options, code=0, source=None, server=None, key=None):
        """Imports the tables; what was printed, or the errors for another code than 0."""
        done = run_tally(
            "import", source or self.tables, "--url", (server or self.server).url,
            "--key", key or self.operator.key, *options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def table(self, name, rows):
        """Writes a table as CSV."""
        with open(self.tables / f"{name}.csv", "w", newline="") as file:
            columns = sorted({column for row in rows for column in row})
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)

    def post(self, client, path, body, key=None, status=201):
        answer = client.post(path, body, key)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def usage(self, client, account, group):
        answer = client.get(
            f"/v1/usage?account={account}&from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z"
            f"&resolution=month&group_by={group}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["total"]

    def foreign(self):
        """What somebody has who comes from another system."""
        self.table("accounts", [
            {"id": "a", "name": "A, Inc.", "time_zone": "Asia/Kathmandu", "suspended": "false"},
            {"id": "b", "name": "B", "suspended": "true"}])
        hashes = [hashlib.sha256(f"secret-{index}".encode()).hexdigest() for index in range(3)]
        self.table("keys", [
            {"account": "a", "id": "17", "name": "live", "sha256": hashes[0], "scopes": "read search"},
            {"account": "a", "id": "18", "name": "old", "sha256": hashes[1], "revoked": "true"},
            {"account": "b", "id": "19", "name": "gone", "sha256": hashes[2],
             "expires_at": "2026-01-01T00:00:00Z"}])
        rows = []
        for index in range(2500):
            account = "ab"[index % 2]
            rows.append({
                "account": account, "created_at": DAY.format(1 + index // 100), "credits": "0.25",
                "action": "search", "key": {"a": "17", "b": "gone"}[account],
                "parameters": json.dumps({"q": f"{index % 7},"}), "results": index % 10})
        self.table("entries", rows)
        self.table("balances", [
            {"account": "a", "credits": "100.5", "kind": "top_up", "note": 'moved, "whole"'},
            {"account": "a", "credits": "7", "kind": "promo", "expires_at": "2120-01-01T00:00:00Z"},
            {"account": "b", "credits": "-3"}])
        return rows

    def test_customers_of_another_system_go_on(self):
        rows = self.foreign()
        planned = self.take("--dry-run")
        self.assertEqual(planned.splitlines(), [
            "accounts: 2 to create, 0 to change, 0 as they are",
            "keys: 3, of which revoked or expired: 2",
            "entries: 2500 charges of 625 credits, 0 refunds, 2 accounts",
            "balances: 3 grants of 104.5 credits, 2 accounts"])
        self.assertEqual(self.operator.get("/v1/accounts").json["data"], [])
        self.table("accounts", [
            {"id": "a", "name": "A, Inc.", "time_zone": "Asia/Kathmandu"},
            {"id": "b", "name": "B", "suspended": "true", "overdraft_limit": "5"}])
        self.assertIn("entries: 2500 of 2500 are there\n", self.take())
        for _ in range(2):
            self.assertEqual(self.balance(self.operator, "a")["available"], Decimal("107.5"))
            self.assertEqual(self.balance(self.operator, "b")["negative"], 3)
            for account in "ab":
                of_account = [row for row in rows if row["account"] == account]
                total = self.usage(self.operator, account, "key")
                self.assertEqual(total["calls"], len(of_account))
                self.assertEqual(total["credits"], Decimal("0.25") * len(of_account))
            self.assertTrue(self.operator.get("/v1/accounts/b").json["suspended"])
            again = self.take()
            self.assertIn("keys: 0 imported, 3 were there", again)
            self.assertIn("2 accounts had theirs before", again)
            self.assertIn("balances: 0 granted, 3 were granted before", again)
        live = self.client(self.server, "secret-0")
        self.assertEqual(live.get("/v1/balance").json["available"], Decimal("107.5"))
        for secret in ("secret-1", "secret-2"):
            self.assertEqual(self.client(self.server, secret).get("/v1/balance").status, 401)
        self.assert_audited(self.operator)

    def test_one_tally_takes_over_from_another(self):
        old_folder = tempfile.mkdtemp(prefix="tally-old-", dir=self.folder)
        old_server = self.start(data=old_folder)
        old = self.client(old_server, old_server.make_key())
        self.apply(old_server, old.key)
        made = self.post(old, "/v1/accounts/acme/keys", {"name": "k"})
        self.post(old, "/v1/accounts/acme/grants", {"amount": 33, "kind": "promo"}, "g")
        for index in range(300):
            charged = self.post(old, "/v1/charges", {
                "customer_key": made["key"], "action": "search", "team": f"t{index % 3}",
                "run": f"r{index % 5}", "scenario": "s", "module": "m", "status": 200 + index % 2,
                "bytes": index, "metadata": {"n": str(index)}, "parameters": {"q": "x"}}, f"c{index}")
        self.post(old, "/v1/refunds", {"entry_id": charged["entry_id"], "amount": 0.1}, "r1")
        self.post(old, "/v1/charges", {"account": "acme", "action": "search"}, "last")
        self.post(old, "/v1/holds", {"account": "acme", "action": "search"}, "h")
        for name, ending in [("accounts", "csv"), ("keys", "ndjson"), ("entries", "ndjson"),
                             ("balances", "csv")]:
            done = run_tally("export", name, "--data", old_folder, "--format", ending,
                             "--output", self.tables / f"{name}.{ending}")
            self.assertEqual(done.returncode, 0, done.stderr)
        text = EXAMPLE.read_text()
        plans = pathlib.Path(self.folder) / "plans.yaml"
        plans.write_text(text[:text.index("accounts:")])
        done = run_tally("apply", plans, "--url", self.server.url, "--key", self.operator.key)
        self.assertEqual(done.returncode, 0, done.stderr)
        for _ in range(2):
            told = self.take("--replace")
            self.assertIn("entries: 302 of 302 are there", told)
            before, after = (self.balance(client, "acme") for client in (old, self.operator))
            # Holds are not moved: what they reserve is available.
            self.assertEqual(after["available"], before["available"] + before["held"])
            self.assertEqual(after["plan"], "pro")
            for group in ("key", "team", "status", "scenario", "action"):
                self.assertEqual(self.usage(self.operator, "acme", group)["credits"],
                                 self.usage(old, "acme", group)["credits"])
            run = self.operator.get("/v1/runs/r3?account=acme").json
            self.assertEqual(run["credits"], old.get("/v1/runs/r3?account=acme").json["credits"])
        lots = [(lot["kind"], lot["amount"]) for lot in after["grants"] if lot["remaining"] > 0]
        self.assertEqual(len(lots), len([1 for lot in before["grants"] if lot["remaining"] > 0]))
        customer = self.client(self.server, made["key"])
        self.assertEqual(customer.get("/v1/balance").status, 200)
        self.assert_audited(self.operator)

    def test_what_is_wrong_is_told_with_its_line_and_nothing_is_done(self):
        self.foreign()
        good = {"account": "a", "created_at": DAY.format(1), "credits": "1", "action": "x"}
        for name, rows, told in [
                ("entries", [good, {**good, "credits": "-1"}], "entries.csv:3: credits: it is a dec"),
                ("entries", [{**good, "credits": "1.2345678"}], "entries.csv:2: credits: it is"),
                ("entries", [{**good, "credits": "many"}], "entries.csv:2: credits: many is no number"),
                ("entries", [{**good, "account": "zz"}], "there is no such account"),
                ("entries", [{**good, "created_at": "2026"}], "created_at: it is no time"),
                ("entries", [{**good, "created_at": "2126-01-01T00:00:00Z"}], "still to come"),
                ("entries", [{**good, "created_at": DAY.format(2)}, good], "in the order of time"),
                ("entries", [{**good, "key": "nobody"}], "key: nobody is the id or name of no key"),
                ("entries", [{**good, "action": "a b"}], "entries.csv:2: action"),
                ("entries", [{**good, "parameters": "{"}], "parameters: { is no object"),
                ("entries", [{**good, "colour": "red"}], "--skip colour leaves it out"),
                ("entries", [{**good, "kind": "refund", "refunds": "e", "entry_id": "r"}],
                 "entries.csv:2: refunds: no charge of the account before it has the entry_id e"),
                ("keys", [{"account": "a", "name": "k", "sha256": "12"}], "64 hexadecimal digits"),
                ("keys", [{"account": "a", "name": "k", "sha256": "ab" * 32},
                          {"account": "a", "name": "k", "sha256": "cd" * 32}], "has this name"),
                ("keys", [{"account": "a", "name": "k", "sha256": "ab" * 32},
                          {"account": "a", "name": "l", "sha256": "AB" * 32}], "another key has it"),
                ("balances", [{"account": "a", "credits": "1", "kind": "gift"}], "balances.csv:2: kind"),
                ("accounts", [{"id": "a"}, {"id": "a"}], "the account a is there twice"),
                ("accounts", [{"id": "a", "time_zone": "Mars/Base"}], "it is no time zone"),
                ("accounts", [{"id": "a", "plan": "nope"}], "there is no plan nope")]:
            with self.subTest(name=name, told=told):
                before = (self.tables / f"{name}.csv").read_bytes()
                self.table(name, rows)
                self.assertIn(told, self.take(code=1))
                self.assertEqual(self.operator.get("/v1/accounts").json["data"], [])
                (self.tables / f"{name}.csv").write_bytes(before)
        self.table("entries", [good, {**good, "colour": "red"}])
        self.assertIn("2 charges", self.take("--skip", "colour", "--dry-run"))

    def test_csv_that_is_none_is_refused_with_its_line(self):
        for text, told in [
                ("id,name\nu1,Caf\u00e9\n".encode("latin-1"), "accounts.csv:2: it is not UTF-8"),
                ("id,n\u00e4me\nu1,x\n".encode("latin-1"), "accounts.csv:1: it is not UTF-8"),
                (b'id,name\nu1,x\nu2,"a"b\n', "accounts.csv:3: something stands after the quote"),
                (b'id,name\nu3,a"b"\n', "accounts.csv:2: a quote stands within a field"),
                (b'id,name\nu3,a"b\nu4,c\n', "accounts.csv:2: a quote is not closed"),
                (b'id,name\nu3,a\rb\n', "accounts.csv:2: a carriage return"),
                (b'id,skipped\nu3,"a\nb"\nu4,a"\n', "accounts.csv:4: a quote is not closed"),
                (b'{"id":"u1","name":"Caf\xe9"}\n', "accounts.ndjson:1: it is no JSON")]:
            with self.subTest(text=text):
                name = "accounts.ndjson" if text.startswith(b"{") else "accounts.csv"
                path = self.tables / name
                path.write_bytes(text)
                self.assertIn(told, self.take("--skip", "skipped", code=1))
                path.unlink()
        self.assertEqual(self.operator.get("/v1/accounts").json["data"], [])
        quoted = b'\xef\xbb\xbfid,name\r\nu1,"a ""b"", c"\r\n\r\n"u2",Caf\xc3\xa9'
        (self.tables / "accounts.csv").write_bytes(quoted)
        self.take()
        names = [row["name"] for row in self.operator.get("/v1/accounts").json["data"]]
        self.assertEqual(names, ['a "b", c', "Caf\u00e9"])

    def test_entries_of_the_past_come_before_others(self):
        self.make_account(self.operator, "late", 5)
        self.table("entries", [
            {"account": "late", "created_at": DAY.format(1), "credits": "1", "action": "x"}])
        self.table("entries", [
            {"account": account, "created_at": DAY.format(day), "credits": "1", "action": "x"}
            for account, day in (("late", 1), ("new", 1), ("new", 2))])
        self.table("accounts", [{"id": "new"}])
        planned = self.take("--dry-run", code=1)
        self.assertIn("entries.csv:2: created_at: the account has entries up to", planned)
        self.assertIn("1 accounts or grants would not be imported", planned)
        done = run_tally("import", self.tables, "--url", self.server.url, "--key", self.operator.key)
        self.assertIn("entries: 2 of 3 are there\n", done.stdout)
        told = self.take(code=1)
        self.assertIn("entries.csv:2: POST", told)
        self.assertIn("before an account has others", told)
        # What the ledger refuses of one account does not hold up the others.
        self.assertEqual(self.balance(self.operator, "late")["available"], 5)
        self.assertEqual(self.usage(self.operator, "new", "action")["credits"], 2)
        self.assertEqual(self.balance(self.operator, "new")["available"], 0)
        # The same rows once more are known; as another batch they would come too late.
        planned = self.take("--dry-run", code=1)
        self.assertIn("1 accounts or grants would not be imported", planned)
        planned = self.take("--dry-run", "--batch", "other", code=1)
        self.assertIn("entries.csv:3: created_at: the account has entries up to", planned)
        self.assertIn("2 accounts or grants would not be imported", planned)

    def test_the_same_top_up_of_another_month_is_another_batch(self):
        self.make_account(self.operator, "c", 1)
        self.table("balances", [{"account": "c", "credits": "10"}, {"account": "c", "credits": "10"}])
        for batch, available in [("may", 21), ("may", 21), ("june", 41)]:
            self.take("--batch", batch)
            self.assertEqual(self.balance(self.operator, "c")["available"], available)
        self.take("--replace", "--batch", "june")
        self.assertEqual(self.balance(self.operator, "c")["available"], 20)
        # What was bought since stays when it is run once more.
        self.post(self.operator, "/v1/accounts/c/grants", {"amount": 500}, "bought")
        self.take("--replace", "--batch", "june")
        self.assertEqual(self.balance(self.operator, "c")["available"], 520)

    def test_balances_are_whole_with_debts_and_with_nothing(self):
        self.post_plan("free", 100)
        self.table("accounts", [{"id": id, "plan": "free", "overdraft_limit": "50"}
                                for id in ("owes", "empty", "some")])
        self.table("balances", [
            {"account": "owes", "credits": "-40"}, {"account": "empty", "credits": "0"},
            {"account": "some", "credits": "3", "expires_at": "2120-01-01T00:00:00Z"},
            {"account": "some", "credits": "9", "expires_at": "2026-01-01T00:00:00Z"}])
        self.assertIn("left out as expired: 1", self.take("--replace", "--dry-run"))
        for _ in range(2):
            self.take("--replace")
            found = [self.balance(self.operator, id) for id in ("owes", "empty", "some")]
            self.assertEqual([(one["available"], one["negative"]) for one in found],
                             [(0, 40), (0, 0), (3, 0)])

    def test_somebody_may_owe_more_than_the_overdraft_limit(self):
        self.table("accounts", [{"id": "owes", "overdraft_limit": "10"}])
        self.table("balances", [{"account": "owes", "credits": "-40"}])
        for _ in range(2):
            self.take()
            balance = self.balance(self.operator, "owes")
            self.assertEqual((balance["available"], balance["negative"]), (0, 40))
            self.assertEqual(self.operator.get("/v1/accounts/owes").json["overdraft_limit"], 10)

    def test_credits_of_a_plan_that_come_twice_are_told(self):
        self.post_plan("free", 100)
        self.table("accounts", [{"id": id, "plan": "free"} for id in "ab"])
        self.table("balances", [{"account": "a", "credits": "60", "kind": "plan"},
                                {"account": "b", "credits": "5", "kind": "top_up"}])
        for options, told in [(["--dry-run"], True), (["--dry-run", "--replace"], False), ([], True)]:
            done = run_tally("import", self.tables, "--url", self.server.url,
                             "--key", self.operator.key, *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("1 of the accounts with credits of a plan" in done.stderr, told, done)
        self.take("--dry-run", "--replace")
        self.assertEqual(self.balance(self.operator, "a")["available"], 160)

    def post_plan(self, name, credits):
        answer = self.operator.send(
            "PUT", f"/v1/plans/{name}", {"name": name, "credits": credits, "period": "month"})
        self.assertEqual(answer.status, 200, answer)

    def test_entries_change_no_balance_and_are_there_once_however_they_are_spelled(self):
        self.table("accounts", [{"id": "a", "overdraft_limit": "10"}])
        row = {"account": "a", "created_at": "2026-03-01T12:00:00Z", "credits": "5", "action": "x"}
        twice = {"account": "a", "created_at": "2026-03-02T12:00:00Z", "credits": "1", "action": "x",
                 "entry_id": "e1"}
        self.table("entries", [row, {**row, "credits": "2"}, twice, twice])
        self.table("balances", [{"account": "a", "credits": "10"}])
        self.take()
        spelled = {**row, "created_at": "2026-03-01T13:00:00.000+01:00", "credits": "5.00",
                   "check_run": "false", "kind": "charge"}
        for _ in range(2):
            balance = self.balance(self.operator, "a")
            self.assertEqual((balance["available"], balance["negative"]), (10, 0))
            self.assertEqual(self.usage(self.operator, "a", "action")["credits"], 8)
            self.table("entries", [spelled, {**spelled, "credits": "2.0"}, twice, twice])
            self.take()
        self.table("entries", [{**row, "kind": "Charge"}])
        self.assertIn("kind: Charge is no kind of entry", self.take(code=1))

    def test_keys_are_what_the_table_says_in_the_end(self):
        secret = hashlib.sha256(b"k-1").hexdigest()
        # Ids of another Tally mean its own keys, whatever has the same id here.
        self.make_account(self.operator, "other", 1)
        taken = self.post(self.operator, "/v1/accounts/other/keys", {"name": "here"})["id"]
        self.table("keys", [
            {"account": "a", "id": "1", "name": "k", "sha256": secret},
            {"account": "a", "id": "2", "name": "k", "sha256": "ab" * 32, "revoked": "true"},
            {"account": "b1", "id": taken, "name": "there", "sha256": "cd" * 32}])
        self.table("accounts", [{"id": "a"}, {"id": "b1"}])
        self.table("entries", [
            {"account": "b1", "created_at": DAY.format(1), "credits": "1", "action": "x",
             "key": taken}])
        self.take()
        keys = {key["name"]: key for key in
                self.operator.get("/v1/accounts/a/keys").json["data"]}
        self.assertEqual({name: key["revoked"] for name, key in keys.items()},
                         {"k": False, "k (2)": True})
        self.assertEqual(keys["k"]["scopes"], [])
        there = self.operator.get("/v1/accounts/b1/keys").json["data"][0]
        entry = self.entries(self.operator, "b1", "charge")[0]
        self.assertEqual((there["name"], entry["key"]), ("there", there["id"]))
        # A run that was broken off before a key was revoked is made good by the next.
        self.table("keys", [
            {"account": "a", "id": "1", "name": "k", "sha256": secret, "revoked": "true"}])
        (self.tables / "entries.csv").unlink()
        self.take()
        self.assertEqual(self.client(self.server, "k-1").get("/v1/balance").status, 401)
