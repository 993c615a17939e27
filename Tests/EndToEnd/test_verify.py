"""Whatever is changed in the stored journal, `tally verify` notices and names the segment."""

import os
import pathlib
import random
import re
import shutil
import sqlite3
import unittest

from server import TallyCase, run_tally

# Of the thousand that the promise is about; scripts set it higher.
CHANGES = int(os.environ.get("TALLY_CHANGES", "120"))
SEED = 20261121
PARTS = ["money", "details", "hash"]


class VerifyTests(TallyCase):
    def test_every_change_is_noticed(self):
        last = self.make_journal()
        self.assertEqual(run_tally("verify", "--data", self.folder).returncode, 0)
        journal = pathlib.Path(self.folder) / "journal.db"
        sound = journal.read_bytes()
        chance = random.Random(SEED)
        for number in range(CHANGES):
            change = [
                self.flip, self.flip, self.flip, self.flip, self.cut, self.swap, self.drop,
                self.behead][number % 8]
            with self.subTest(number=number, change=change.__name__):
                database = sqlite3.connect(journal)
                segment, place = change(database, last, chance)
                database.commit()
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                database.close()
                verified = run_tally("verify", "--data", self.folder)
                self.assertEqual(verified.returncode, 1, verified)
                named = re.search(r"segment (\d+)", verified.stderr)
                self.assertIsNotNone(named, verified)
                self.assertIn(int(named[1]), segment, verified)
                if place is not None:
                    self.assertIn(f": {place}: ", verified.stderr)
                for path in journal.parent.glob("journal.db-*"):
                    path.unlink()
                journal.write_bytes(sound)
        self.assertEqual(run_tally("verify", "--data", self.folder).returncode, 0)

    def make_journal(self):
        """A journal with events of many kinds; gives the number of its last segment."""
        server = self.start()
        operator = self.client(server, server.make_key())
        self.make_account(operator, "acme", 1000)
        operator.send(
            "PUT", "/v1/accounts/acme/budgets/b",
            {"scope": {"team": "*"}, "limit": 900, "window": "day"})
        for number in range(12):
            call = {
                "account": "acme", "action": "search", "amount": 2, "team": "red",
                "metadata": {"n": str(number)}}
            entry = operator.post("/v1/charges", call, idempotency_key=f"c{number}").json
            hold = operator.post("/v1/holds", call, idempotency_key=f"h{number}").json
            operator.post(
                f"/v1/holds/{hold['hold_id']}/capture", {"amount": 1},
                idempotency_key=f"s{number}")
            operator.post(
                "/v1/refunds", {"entry_id": entry["entry_id"], "amount": 1},
                idempotency_key=f"r{number}")
        self.assertEqual(server.stop(), 0)
        folder = pathlib.Path(self.folder)
        database = sqlite3.connect(folder / "journal.db")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        last = database.execute("SELECT max(number) FROM segment").fetchone()[0]
        database.close()
        shutil.rmtree(folder / "logs", ignore_errors=True)
        return last

    @staticmethod
    def part(database, last, chance):
        number, part = chance.randint(1, last), chance.choice(PARTS)
        (data,) = database.execute(
            f"SELECT {part} FROM segment WHERE number = ?", (number,)).fetchone()
        return number, part, bytearray(data)

    @staticmethod
    def put(database, number, part, data):
        database.execute(
            f"UPDATE segment SET {part} = ? WHERE number = ?", (bytes(data), number))
        return {number}

    def flip(self, database, last, chance):
        """One bit."""
        number, part, data = self.part(database, last, chance)
        place = chance.randrange(len(data))
        data[place] ^= 1 << chance.randrange(8)
        return self.put(database, number, part, data), f"{part} byte {place}"

    def cut(self, database, last, chance):
        """The end of a part."""
        number, part, data = self.part(database, last, chance)
        return self.put(database, number, part, data[:chance.randrange(len(data))]), None

    @staticmethod
    def swap(database, last, chance):
        """Two segments."""
        one, other = chance.sample(range(1, last + 1), 2)
        for start, end in [(one, -1), (other, one), (-1, other)]:
            database.execute("UPDATE segment SET number = ? WHERE number = ?", (end, start))
        return {one, other, one + 1, other + 1}, None

    @staticmethod
    def drop(database, last, chance):
        """A segment before the last one."""
        number = chance.randint(1, last - 1)
        database.execute("DELETE FROM segment WHERE number = ?", (number,))
        return {number, number + 1}, None

    @staticmethod
    def behead(database, last, chance):
        """The last segments: the checkpoint was made from them."""
        number = chance.randint(2, last)
        database.execute("DELETE FROM segment WHERE number >= ?", (number,))
        return {last}, None


class HeadTests(TallyCase):
    def test_a_head_kept_elsewhere_shows_that_the_end_was_cut_off(self):
        server = self.start()
        operator = self.client(server, server.make_key())
        self.make_account(operator, "acme", 1000)
        self.assertEqual(server.stop(), 0)
        done = run_tally("verify", "--data", self.folder)
        head = re.search(r"^head (\d+:[0-9a-f]{64})$", done.stdout, re.MULTILINE)[1]
        server = self.start()
        operator = self.client(server, server.make_key())
        self.make_account(operator, "other", 1000)
        self.assertEqual(server.stop(), 0)
        good = run_tally("verify", "--data", self.folder, "--head", head)
        self.assertEqual(good.returncode, 0, good)
        journal = pathlib.Path(self.folder) / "journal.db"
        database = sqlite3.connect(journal)
        number = int(head.split(":")[0])
        database.execute("DELETE FROM segment WHERE number >= ?", (number,))
        database.commit()
        database.close()
        for path in journal.parent.glob("state.db*"):
            path.unlink()
        self.assertEqual(run_tally("verify", "--data", self.folder).returncode, 0)
        bad = run_tally("verify", "--data", self.folder, "--head", head)
        self.assertEqual(bad.returncode, 1, bad)
        self.assertIn(f"segment {number} is missing", bad.stderr)
        wrong = run_tally("verify", "--data", self.folder, "--head", "1:zz")
        self.assertEqual(wrong.returncode, 2, wrong)


if __name__ == "__main__":
    unittest.main()
