"""Details of the journal can be deleted: every hash, balance and total stays as it was."""

import pathlib
import sqlite3
import unittest

from server import TallyCase, run_tally


class ErasureTests(TallyCase):
    def test_a_journal_without_details_verifies_and_serves(self):
        server = self.start()
        key = server.make_key()
        operator = self.client(server, key)
        self.make_account(operator, "acme", 100)
        for number in range(5):
            operator.post(
                "/v1/charges", {
                    "account": "acme", "action": "search", "amount": 2, "team": "red",
                    "request_id": f"secret-{number}", "metadata": {"user": "secret"}},
                idempotency_key=f"k{number}")
        before = self.balance(operator, "acme")
        self.assertEqual(server.stop(), 0)
        folder = pathlib.Path(self.folder)
        database = sqlite3.connect(folder / "journal.db")
        database.execute("UPDATE segment SET details = NULL")
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("VACUUM")
        database.close()
        for path in folder.glob("state.db*"):
            path.unlink()
        verified = run_tally("verify", "--data", self.folder)
        self.assertEqual(verified.returncode, 0, verified)
        self.assertNotIn(b"secret", b"".join(
            path.read_bytes() for path in folder.glob("*.db*")))
        operator = self.client(self.start(), key)
        after = self.balance(operator, "acme")
        self.assertEqual(before["available"], after["available"])
        entry = self.entries(operator, "acme", "charge")[0]
        self.assertEqual(entry["team"], "red")
        self.assertIsNone(entry["request_id"])
        again = operator.post(
            "/v1/charges", {"account": "acme", "action": "search", "amount": 2},
            idempotency_key="k0")
        self.assertEqual(again.status, 422, again)
        self.assert_audited(operator)


if __name__ == "__main__":
    unittest.main()
