"""Plans delete details of calls when their time has come: texts go everywhere, figures stay everywhere."""

import datetime
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from server import ROOT, TallyCase, run_tally, wait_until
from test_metrics import values

sys.path.insert(0, str(ROOT / "Tests/oracle"))
import journal  # noqa: E402  (a folder beside this one)

CLOCK = pathlib.Path(__file__).with_name("clock.c")
DAY = 86_400
ACCOUNTS = {"short": 7, "long": 60, "none": None}
GROUPS = [
    "action", "key", "team", "scenario", "status", "plan_or_extra", "run", "module",
    "parameter:query"]
PRICES = {"rules": [
    {"id": "rows", "action": "fetch", "parts": [{"parameter": "rows", "price": 2}]},
    {"id": "call", "action": "look", "per_call": 1}]}


def rfc3339(seconds):
    time = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


class RetentionTests(TallyCase):
    def setUp(self):
        super().setUp()
        self.library = f"{self.folder}.so"
        self.clock = pathlib.Path(f"{self.folder}.clock")
        for path in [self.library, self.clock]:
            self.addCleanup(pathlib.Path(path).unlink, missing_ok=True)
        subprocess.run(
            ["clang", "-shared", "-fPIC", "-O1", "-Werror", "-o", self.library, CLOCK], check=True)
        beside = tempfile.mkdtemp(prefix="tally-")
        self.addCleanup(shutil.rmtree, beside, ignore_errors=True)
        self.copy, self.restored = f"{beside}/copy", f"{beside}/restored"
        self.begin = None
        self.key = None

    def start_after(self, days, data=None):
        self.clock.write_text(f"{days * DAY}\n")
        server = self.start(data=data, environment={
            "LD_PRELOAD": self.library, "TALLY_TEST_CLOCK": str(self.clock)})
        self.key = self.key or server.make_key()
        return server, self.client(server, self.key)

    def send(self, client, method, path, body=None, key=None, status=(200, 201)):
        answer = client.send(method, path, body, key)
        self.assertIn(answer.status, status, answer)
        return answer.json

    def configure(self, client):
        self.send(client, "PUT", "/v1/price-lists/default", PRICES)
        for name, days in ACCOUNTS.items():
            if days:
                self.send(client, "PUT", f"/v1/plans/{name}", {
                    "name": name, "credits": 50, "period": "none", "retention_days": days})
            self.make_account(client, name, 100_000)
            if days:
                self.send(client, "POST", f"/v1/accounts/{name}/plan", {
                    "plan": name, "when": "now"}, f"plan-{name}")

    @staticmethod
    def charge(account, number):
        return {
            "account": account, "action": ["fetch", "look"][number % 3 == 2],
            "idempotency_key": f"{account}-{number}", "team": ["red", "blue"][number % 2],
            "scenario": f"s{number % 2}", "run": f"run-{number % 5}",
            "module": f"module-secret-{account}-{number % 3}",
            "request_id": f"request-secret-{account}-{number}",
            "parameters": {"rows": number, "query": f"query-secret-{account}-{number % 4}"},
            "metadata": {"user": f"user-secret-{account}-{number}"},
            "status": ["succeeded", "failed"][number % 7 == 6], "results": number,
            "bytes": 1000 * number, "duration_ms": 7 * number}

    def fill(self, client, count=21):
        """Charges of all accounts, in segments that they share."""
        self.bodies = {}
        for number in range(count):
            charges = [self.charge(account, number) for account in ACCOUNTS]
            answer = self.send(client, "POST", "/v1/charges/batch", {"charges": charges})
            for charge, result in zip(charges, answer["results"]):
                self.assertIn("entry_id", str(result), result)
            single = self.charge("short", 1000 + number)
            name = single.pop("idempotency_key")
            answer = client.post("/v1/charges", single, idempotency_key=name)
            self.assertEqual(answer.status, 201, answer)
            self.bodies[name] = (single, answer.body)
        hold = self.send(client, "POST", "/v1/holds", {
            "account": "short", "action": "look", "request_id": "request-secret-short-hold",
            "ttl_seconds": 60}, "hold")
        self.send(client, "POST", f"/v1/holds/{hold['hold_id']}/capture", {}, "capture")

    def usage(self, client, account, group=None, resolution="month"):
        path = (f"/v1/usage?account={account}&from={rfc3339(self.begin - 3700)}"
                f"&to={rfc3339(self.begin + 3700)}&resolution={resolution}")
        return self.send(client, "GET", path + (f"&group_by={group}" if group else ""))

    def figures(self, client):
        """What must be the same before and after."""
        found = {"runs": [], "balances": []}
        for account in ACCOUNTS:
            found["balances"].append(self.balance(client, account)["available"])
            for run in range(5):
                answer = self.send(client, "GET", f"/v1/runs/run-{run}?account={account}")
                answer.pop("modules", None)
                found["runs"].append(answer)
            for group in [None, *GROUPS]:
                for resolution in ["month", "minute"]:
                    answer = self.usage(client, account, group, resolution)
                    if group in ("module", "parameter:query") and account == "short":
                        answer = self.summed(answer)
                    found[account, group, resolution] = answer
        return found

    def summed(self, answer):
        """Buckets without their groups, which must add up to them."""
        for bucket in answer["buckets"]:
            groups = bucket.pop("groups")
            for name in ["credits", "calls", "bytes"]:
                if name in bucket:
                    self.assertEqual(sum(group[name] for group in groups), bucket[name], groups)
        return answer

    @staticmethod
    def bytes_of(folder):
        return b"".join(path.read_bytes() for path in sorted(pathlib.Path(folder).glob("*.db*")))

    def wait_until_gone(self, folder):
        wait_until(lambda: b"secret-short" not in self.bytes_of(folder))
        self.assertIn(b"secret-long", self.bytes_of(folder))
        self.assertIn(b"secret-none", self.bytes_of(folder))

    def metrics(self, client):
        return values(client.get("/metrics").body.decode())

    def backup(self):
        done = run_tally("backup", "--data", self.folder, "--json", self.copy)
        self.assertEqual(done.returncode, 0, done)

    def verify(self, folder):
        done = run_tally("verify", "--data", folder, "--json")
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)

    def assert_deleted(self, client, entry, days=7):
        self.assertEqual((entry["details"], entry["retention_days"]), ("deleted", days))
        for name in ["module", "request_id", "duration_ms", "occurred_at", "scenario_type"]:
            self.assertIsNone(entry[name], name)
        self.assertFalse({"parameters", "metadata", "check_run"} & set(entry))
        self.assertIsNotNone(entry["team"])
        receipt = self.send(client, "GET", f"/v1/receipts/{entry['entry_id']}")
        self.assertEqual(receipt["entry"], entry)
        self.assertEqual((receipt["details"], receipt["retention_days"]), ("deleted", days))
        self.assertEqual(
            (receipt["recomputed"], receipt["not_recomputed"]), (False, "details_deleted"))
        self.assertNotIn("difference", receipt)

    def check_answers(self, client):
        entries = self.entries(client, "short", "charge")
        self.assertEqual(len(entries), 42)
        for entry in entries:
            self.assert_deleted(client, entry)
        for account in ["long", "none"]:
            for entry in self.entries(client, account, "charge"):
                self.assertNotIn("details", entry)
                self.assertIn(f"secret-{account}", entry["metadata"]["user"])
                receipt = self.send(client, "GET", f"/v1/receipts/{entry['entry_id']}")
                self.assertTrue(receipt["recomputed"], receipt)
        for name, (body, first) in self.bodies.items():
            again = client.post("/v1/charges", body, idempotency_key=name)
            self.assertEqual((again.status, again.body), (201, first), name)
        self.assert_audited(client)
        metrics = self.metrics(client)
        self.assertEqual(metrics["tally_receipts_differing_total"], 0)

    def test_an_archive_that_is_locked_loses_its_texts_when_it_is_free(self):
        server, client = self.start_after(0)
        self.configure(client)
        self.fill(client, 6)
        self.assertEqual(server.stop(), 0)
        server, client = self.start_after(8)
        lock = sqlite3.connect(f"{self.folder}/archive.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        wait_until(lambda: self.metrics(client)["tally_archive_failures_total"] > 0)
        lock.execute("ROLLBACK")
        lock.close()
        self.wait_until_gone(self.folder)

    def simulate(self, client):
        return self.send(client, "POST", "/v1/price-lists/default/simulate", {
            "rules": [{"id": "a", "action": "fetch", "per_call": 3},
                      {"id": "b", "action": "look", "per_call": 3}],
            "from": rfc3339(self.begin - 3700), "to": rfc3339(self.begin + 3700)})

    def test_texts_go_and_figures_stay(self):
        server, client = self.start_after(0)
        self.begin = datetime.datetime.now().timestamp()
        self.configure(client)
        self.fill(client)
        before = self.figures(client)
        self.assertEqual(self.simulate(client)["details_deleted_calls"], 0)
        self.assertEqual(server.stop(), 0)
        self.assertIn(b"secret-short", self.bytes_of(self.folder))
        self.backup()
        head = self.verify(self.folder)["head"]

        server, client = self.start_after(8)
        wait_until(lambda: self.metrics(client)["tally_details_deleted_total"] == 44)
        self.wait_until_gone(self.folder)
        self.assertEqual(self.figures(client), before)
        self.check_answers(client)
        metrics = self.metrics(client)
        self.assertGreater(metrics["tally_details_deleted_segments_total"], 20)
        self.assertEqual(metrics["tally_retention_failures_total"], 0)
        self.assertGreater(metrics['tally_retention_through_segment{days="7"}'], 40)
        self.assertLess(metrics["tally_retention_age_seconds"], 600)
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=client.get("/metrics").body,
            capture_output=True, timeout=60)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, b"", b""))
        simulated = self.simulate(client)
        self.assertEqual(simulated["details_deleted_calls"], 43)
        server.kill()

        # After a crash, and with what is derived made anew from the journal.
        for files in ["nothing", "state.db*", "archive.db*"]:
            for path in pathlib.Path(self.folder).glob(files):
                path.unlink()
            server, client = self.start_after(8)
            self.assertEqual(self.figures(client), before)
            self.check_answers(client)
            self.wait_until_gone(self.folder)
            self.assertEqual(server.stop(), 0)
            self.wait_until_gone(self.folder)
        verified = self.verify(self.folder)
        self.assertEqual(verified["calls_without_details"], 44)
        self.assertGreaterEqual(verified["segments_with_deleted_details"], 43)
        again = run_tally("verify", "--data", self.folder, "--head", head)
        self.assertEqual(again.returncode, 0, again)
        self.assertIn("of 44 calls", again.stdout)
        self.check_copies(before)

    def check_copies(self, before):
        """An earlier backup loses what was deleted since; so has what is restored from it."""
        self.assertIn(b"secret-short", self.bytes_of(self.copy))
        self.backup()
        self.wait_until_gone(self.copy)
        self.assertEqual(self.verify(self.copy)["calls_without_details"], 44)
        done = run_tally("restore", "--data", self.restored, self.copy)
        self.assertEqual(done.returncode, 0, done)
        self.wait_until_gone(self.restored)
        server, client = self.start_after(8, data=self.restored)
        self.assertEqual(self.figures(client), before)
        self.check_answers(client)
        self.assertEqual(server.stop(), 0)
        done = run_tally("export", "entries", "--data", self.restored, "--format", "ndjson")
        self.assertEqual(done.returncode, 0, done)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(sum(line.get("details") == "deleted" for line in lines), 44)
        with sqlite3.connect(f"{self.restored}/journal.db") as database:
            charges = [charge for segment in journal.segments(journal.rows(database))
                       for charge in segment.charges]
        days = [charge["deleted"] for charge in charges if charge["request_id"] == b""]
        self.assertEqual(days, [7] * 44)
        kept = [charge for charge in charges if charge["deleted"] == 0]
        self.assertEqual(len(kept), 42)
        self.assertTrue(all(b"secret" in charge["parameters"] for charge in kept))
        self.assertTrue(any(charge["deleted"] and charge["bytes"] for charge in charges))

    def test_calls_of_the_past_and_changes_of_plan(self):
        server = self.start()
        client = self.client(server, server.make_key())
        now = datetime.datetime.now().timestamp()
        for name, days in [("week", 7), ("year", 365)]:
            self.send(client, "PUT", f"/v1/plans/{name}", {
                "name": name, "credits": 0, "period": "none", "retention_days": days})
        self.send(client, "POST", "/v1/accounts", {"id": "acme", "name": "Acme"})
        self.send(client, "POST", "/v1/accounts/acme/grants", {
            "amount": 100, "posted_at": rfc3339(now - 40 * DAY)}, "g")
        for days in [30, 20, 10, 3]:
            self.send(client, "POST", "/v1/charges", {
                "account": "acme", "action": "x", "amount": 1, "request_id": f"secret-{days}",
                "posted_at": rfc3339(now - days * DAY)}, f"k{days}")
        self.send(client, "POST", "/v1/accounts/acme/plan", {"plan": "year", "when": "now"}, "p1")
        self.assertEqual(server.stop(), 0)

        def ids(client):
            return [entry["request_id"] for entry in self.entries(client, "acme", "charge")]

        server = self.start()
        client = self.client(server, key := server.make_key())
        wait_until(lambda: self.metrics(client)["tally_retention_sweeps_total"] == 1)
        self.assertEqual(ids(client), ["secret-3", "secret-10", "secret-20", "secret-30"])
        self.send(client, "POST", "/v1/accounts/acme/plan", {"plan": "week", "when": "now"}, "p2")
        self.assertEqual(server.stop(), 0)

        server = self.start()
        client = self.client(server, key)
        wait_until(lambda: self.metrics(client)["tally_details_deleted_total"] == 3)
        self.assertEqual(ids(client), ["secret-3", None, None, None])
        wait_until(lambda: b"secret-10" not in self.bytes_of(self.folder))
        self.assertIn(b"secret-3", self.bytes_of(self.folder))
        self.assertEqual(self.usage_total(client), 4)
        self.assert_audited(client)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.verify(self.folder)["calls_without_details"], 3)

    def usage_total(self, client):
        now = datetime.datetime.now().timestamp()
        answer = self.send(
            client, "GET", f"/v1/usage?account=acme&from={rfc3339(now - 50 * DAY)}"
            f"&to={rfc3339(now + DAY)}&resolution=day")
        return sum(bucket["credits"] for bucket in answer["buckets"])

    def test_without_a_plan_that_says_days_nothing_is_swept(self):
        server = self.start()
        client = self.client(server, server.make_key())
        self.make_account(client, "acme", 10)
        self.send(client, "POST", "/v1/charges", {
            "account": "acme", "action": "x", "amount": 1}, "k")
        self.assertEqual(server.stop(), 0)
        server = self.start()
        client = self.client(server, server.make_key())
        self.send(client, "GET", "/v1/balance?account=acme")
        self.assertEqual(self.metrics(client)["tally_retention_sweeps_total"], 0)
        self.assertEqual(server.stop(), 0)
        with sqlite3.connect(f"{self.folder}/journal.db") as database:
            self.assertEqual(database.execute("PRAGMA user_version").fetchone(), (1,))


class KillTests(RetentionTests):
    """A process that is killed while it deletes leaves each segment whole or done."""

    test_texts_go_and_figures_stay = None
    test_calls_of_the_past_and_changes_of_plan = None
    test_without_a_plan_that_says_days_nothing_is_swept = None

    def test_a_kill_at_any_step_leaves_it_done_or_not_begun(self):
        server, client = self.start_after(0)
        self.begin = datetime.datetime.now().timestamp()
        self.configure(client)
        # Large texts, so that each segment is a step of its own.
        for number in range(12):
            charges = [
                {**self.charge(account, 10 * number + place), "parameters": {
                    "rows": 1, "query": f"query-secret-{account}-" + "x" * 30_000}}
                for place in range(5) for account in ACCOUNTS]
            self.send(client, "POST", "/v1/charges/batch", {"charges": charges})
        self.assertEqual(server.stop(), 0)
        done = 0
        for kills in range(200):
            server, client = self.start_after(8)
            wait_until(lambda: self.metrics(client)["tally_retention_sweeps_total"] == 1
                       or self.metrics(client)["tally_details_deleted_total"] > 5 * (kills % 3))
            isFinished = self.metrics(client)["tally_retention_sweeps_total"] == 1
            server.kill()
            verified = self.verify(self.folder)
            self.assertEqual(verified["calls_without_details"] % 5, 0)
            self.assertGreaterEqual(verified["calls_without_details"], done)
            done = verified["calls_without_details"]
            if isFinished and done == 60:
                break
        self.assertEqual(done, 60)
        self.assertGreater(kills, 2, "it was never killed while it deleted")
        server, client = self.start_after(8)
        self.wait_until_gone(self.folder)
        self.assert_audited(client)


if __name__ == "__main__":
    unittest.main()
