"""What /metrics says, as Prometheus' own tool sees it and as the work that was done must show."""

import os
import subprocess
import unittest

from server import TallyCase


def values(text):
    """Every sample by its name and labels."""
    return {name: float(value) for name, value in (
        line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))}


class MetricsTests(TallyCase):
    def test_promtool_finds_nothing_to_mend(self):
        server = self.start()
        client = self.client(server, server.make_key())
        self.make_account(client, "acme", 100)
        text = client.get("/metrics").body
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=text, capture_output=True, timeout=60)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, b"", b""))

    def test_figures_follow_what_was_done(self):
        server = self.start()
        client = self.client(server, server.make_key())
        self.make_account(client, "acme", 100)
        before = values(client.get("/metrics").body.decode())
        charges = [{"idempotency_key": f"k{number}", "account": "acme", "action": "x", "amount": 1}
                   for number in range(40)]
        self.assertEqual(client.post("/v1/charges/batch", {"charges": charges}).status, 200)
        after = values(client.get("/metrics").body.decode())
        self.assertEqual(after["tally_charges_total"] - before["tally_charges_total"], 40)
        self.assertEqual(after["tally_commit_events_sum"] - before["tally_commit_events_sum"], 40)
        commits = after["tally_commit_duration_seconds_count"]
        self.assertEqual(commits, after["tally_segments_total"])
        self.assertEqual(commits, after['tally_commit_duration_seconds_bucket{le="+Inf"}'])
        self.assertGreater(after["tally_commit_duration_seconds_sum"], 0)
        files = sum(os.path.getsize(f"{self.folder}/journal.db{end}") for end in ["", "-wal"])
        self.assertEqual(values(client.get("/metrics").body.decode())["tally_journal_bytes"], files)
        self.assertEqual(after["tally_waiting_commands"], 0)
        self.assertEqual(after["tally_checkpoint_failures_total"], 0)
        self.assertLess(after["tally_checkpoint_age_seconds"], 600)


if __name__ == "__main__":
    unittest.main()
