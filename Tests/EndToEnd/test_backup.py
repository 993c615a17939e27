"""A backup made under load has all that was acknowledged before, and a restored folder serves it."""

import http.client
import json
import os
import pathlib
import random
import shutil
import sqlite3
import tempfile
import unittest

from server import Client, TallyCase, run_tally, threads, wait_until

WRITERS = 4
SEED = 20261122


class Writer:
    """Charges from a thread until the server is gone; keeps what it was told."""

    def __init__(self, number):
        self.name = f"w{number}"
        self.random = random.Random(SEED + number)
        self.acknowledged = []

    def run(self, server, key):
        client = Client(server, key)
        try:
            while True:
                name = f"{self.name}-{len(self.acknowledged)}"
                body = {
                    "account": "acme", "action": "call", "amount": self.random.randint(0, 4),
                    "parameters": {"n": self.random.randint(0, 99)}, "metadata": {"of": self.name}}
                answer = client.post("/v1/charges", body, idempotency_key=name)
                if answer.status != 201:
                    raise AssertionError(f"{name}: {answer}")
                self.acknowledged.append((name, body, answer.body))
        except (OSError, http.client.HTTPException):
            client.close()


class BackupTest(TallyCase):
    def setUp(self):
        super().setUp()
        self.server = self.start()
        self.key = self.server.make_key()
        self.make_account(self.client(self.server, self.key), "acme", 1_000_000)
        beside = tempfile.mkdtemp(prefix="tally-")
        self.addCleanup(shutil.rmtree, beside, ignore_errors=True)
        self.copy, self.restored, self.other = (f"{beside}/{name}" for name in ("copy", "restored", "other"))

    def backup(self, *options, status=0):
        done = run_tally("backup", "--data", self.folder, "--json", *options, self.copy)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout) if status == 0 else done.stderr

    def restore(self, *options, status=0):
        done = run_tally("restore", "--data", self.restored, "--json", *options, self.copy)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout) if status == 0 else done.stderr

    def test_all_that_was_acknowledged_is_in_a_backup_made_under_load(self):
        writers = [Writer(number) for number in range(WRITERS)]
        with threads(WRITERS, lambda index: writers[index].run(self.server, self.key)):
            wait_until(lambda: all(len(w.acknowledged) > 30 for w in writers))
            first = self.backup()
            before = [len(w.acknowledged) for w in writers]
            wait_until(lambda: all(len(w.acknowledged) > b + 30 for w, b in zip(writers, before)))
            known = [entry for w in writers for entry in list(w.acknowledged)]
            second = self.backup()
            self.server.kill()
        # Only what had been added was copied.
        total = int(second["head"].split(":")[0])
        self.assertEqual(first["segments"] + second["segments"], total)
        self.assertGreater(second["segments"], 0)
        checked = run_tally("verify", "--data", self.copy, "--head", second["head"], "--json")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertTrue(json.loads(checked.stdout)["ok"])
        told = self.restore("--head", second["head"])
        self.assertEqual((told["segments"], told["head"]), (total, second["head"]))
        self.check_restored(known)

    def check_restored(self, known):
        """Every charge gets its first answer again from a server on the restored folder."""
        server = self.start(data=self.restored)
        client = self.client(server, self.key)
        for name, body, answer in known:
            again = client.post("/v1/charges", body, idempotency_key=name)
            self.assertEqual((again.status, again.body), (201, answer))
            self.assertTrue(again.was_replayed, name)
        self.assertTrue(client.get("/v1/audit").json["ok"])
        self.assertEqual(server.stop(), 0)
        checked = run_tally("verify", "--data", self.restored)
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_a_restore_replaces_nothing_and_takes_no_other_backup(self):
        head = self.backup()["head"]
        number, digits = head.split(":")
        self.assertIn("is missing or another one", self.restore(
            "--head", f"{number}:{digits[::-1]}", status=1))
        self.assertFalse(pathlib.Path(self.restored).exists())
        self.restore("--head", head)
        self.assertIn("is a data folder already", self.restore(status=1))
        # The backup of one journal is not gone on with from another.
        other = self.start(data=self.other)
        self.make_account(self.client(other, other.make_key()), "other", 1)
        done = run_tally("backup", "--data", self.other, self.copy)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is a backup of another journal", done.stderr)
        # Nor is the folder of a server a place for a backup.
        done = run_tally("backup", "--data", self.other, self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("in use", done.stderr)

    def test_what_a_restore_left_behind_is_not_taken_from_whoever_uses_it(self):
        self.backup()
        os.mkdir(self.restored)
        pathlib.Path(self.restored, "stray").write_text("x")
        self.assertIn("is not empty", self.restore(status=1))
        left = f"{self.restored}.restoring"
        self.assertFalse(pathlib.Path(left).exists())
        pathlib.Path(self.restored, "stray").unlink()
        shutil.copytree(self.copy, left)
        self.assertEqual(self.start(data=left).stop(), 0)
        before = pathlib.Path(left, "journal.db").read_bytes()
        self.assertIn("has been in use as a data folder", self.restore(status=1))
        self.assertEqual(pathlib.Path(left, "journal.db").read_bytes(), before)

    def test_a_damaged_backup_is_not_restored(self):
        self.backup()
        database = sqlite3.connect(f"{self.copy}/journal.db")
        money, = database.execute("SELECT money FROM segment WHERE number = 2").fetchone()
        flipped = bytes([*money[:50], money[50] ^ 1, *money[51:]])
        database.execute("UPDATE segment SET money = ? WHERE number = 2", (flipped,))
        database.commit()
        database.close()
        self.assertIn("segment 2 is not what was written", self.restore(status=1))
        self.assertFalse(pathlib.Path(self.restored).exists())

    def test_a_backup_whose_older_part_is_damaged_is_not_gone_on_with(self):
        first = self.backup()
        self.client(self.server, self.key).post(
            "/v1/charges", {"account": "acme", "action": "call", "amount": 1}, idempotency_key="later")
        database = sqlite3.connect(f"{self.copy}/journal.db")
        money, = database.execute("SELECT money FROM segment WHERE number = 1").fetchone()
        for changed in (bytes([*money[:50], money[50] ^ 1, *money[51:]]), money):
            database.execute("UPDATE segment SET money = ? WHERE number = 1", (changed,))
            database.commit()
            if changed != money:
                told = self.backup(status=1)
                self.assertIn("is damaged: segment 1 is not what was written: money byte 50", told)
                self.assertIn("Nothing was added", told)
        database.close()
        # Whole again, it is gone on with, and says what was looked at.
        second = self.backup()
        self.assertEqual(second["checked"], int(first["head"].split(":")[0]))
        self.assertGreater(second["segments"], 0)
        self.assertEqual(self.backup("--quick")["checked"], 0)

    def test_details_that_were_erased_stay_erased_in_a_copy(self):
        self.assertEqual(self.server.stop(), 0)
        database = sqlite3.connect(f"{self.folder}/journal.db")
        database.execute("UPDATE segment SET details = NULL WHERE number = 2")
        database.commit()
        database.close()
        self.backup()
        self.restore()
        for folder in (self.copy, self.restored):
            database = sqlite3.connect(f"{folder}/journal.db")
            erased = database.execute("SELECT number FROM segment WHERE details IS NULL").fetchall()
            database.close()
            self.assertEqual(erased, [(2,)])


if __name__ == "__main__":
    unittest.main()
