"""Clocks that are wrong, jump or stand still: ledger time never goes back and nothing is lost."""

import datetime
import os
import pathlib
import subprocess
import unittest

from server import TallyCase, run_tally, wait_until

SOURCE = pathlib.Path(__file__).with_name("clock.c")
HOUR = 3600
DAY = 24 * HOUR


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class ClockTests(TallyCase):
    def setUp(self):
        super().setUp()
        self.library = f"{self.folder}.so"
        self.addCleanup(pathlib.Path(self.library).unlink, missing_ok=True)
        subprocess.run(
            ["clang", "-shared", "-fPIC", "-O1", "-Werror", "-o", self.library, SOURCE], check=True)
        self.clock = pathlib.Path(f"{self.folder}.clock")
        self.addCleanup(self.clock.unlink, missing_ok=True)
        self.charges = 0

    def start_at(self, seconds):
        """A server whose wall clock is so far off; ``set_clock`` moves it while it runs."""
        self.set_clock(seconds)
        return self.start(environment={
            "LD_PRELOAD": self.library, "TALLY_TEST_CLOCK": str(self.clock)})

    def set_clock(self, seconds):
        new = pathlib.Path(f"{self.folder}.new")
        new.write_text(f"{seconds}\n")
        os.replace(new, self.clock)

    def charge(self, client, status=201):
        self.charges += 1
        answer = client.post(
            "/v1/charges", {"account": "acme", "action": "tick", "amount": 1},
            idempotency_key=f"c{self.charges}")
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def times(self, client):
        entries = self.entries(client, "acme", "charge")
        return [moment(entry["created_at"]) for entry in reversed(entries)]

    def test_a_clock_that_jumps_while_the_server_runs_changes_nothing(self):
        server = self.start_at(0)
        client = self.client(server, server.make_key())
        self.make_account(client, "acme", 100)
        hold = client.post(
            "/v1/holds", {"account": "acme", "action": "tick", "amount": 5, "ttl_seconds": 600},
            idempotency_key="hold").json
        jumps = [HOUR, -HOUR, 366 * DAY, -366 * DAY, 3660 * DAY, -DAY, 0, 7, -7, 0]
        for seconds in jumps:
            self.set_clock(seconds)
            self.charge(client)
        times = self.times(client)
        self.assertEqual(len(times), len(jumps))
        self.assertEqual(times, sorted(times))
        self.assertLess(times[-1] - times[0], datetime.timedelta(seconds=300))
        answer = client.post(
            f"/v1/holds/{hold['hold_id']}/capture", {"amount": 5}, idempotency_key="capture")
        self.assertEqual(answer.status, 201, answer)

    def test_time_waits_for_a_clock_that_was_ahead_and_goes_on_when_it_has_caught_up(self):
        server = self.start_at(400 * DAY)
        key = server.make_key()
        client = self.client(server, key)
        self.make_account(client, "acme", 100)
        self.charge(client)
        held = client.post(
            "/v1/holds", {"account": "acme", "action": "tick", "amount": 5, "ttl_seconds": 60},
            idempotency_key="hold")
        self.assertEqual(held.status, 201, held)
        self.assertEqual(server.stop(), 0)

        server = self.start_at(0)
        client = self.client(server, key)
        wait_until(lambda: "time waits" in "".join(server.errors))
        for _ in range(3):
            self.charge(client)
        times = self.times(client)
        self.assertEqual(times, sorted(times))
        self.assertEqual(self.balance(client, "acme")["held"], 5)
        self.assertEqual(server.stop(), 0)

        server = self.start_at(800 * DAY)
        client = self.client(server, key)
        self.assertEqual(self.balance(client, "acme")["held"], 0)
        expired = self.entries(client, "acme", "hold_expiry")
        self.assertEqual(len(expired), 1, expired)
        self.assertEqual(
            moment(expired[0]["created_at"]), moment(held.json["expires_at"]), expired)
        self.charge(client)
        self.assertEqual(self.times(client), sorted(self.times(client)))
        self.assertEqual(self.balance(client, "acme")["available"], 95)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(run_tally("verify", "--data", self.folder).returncode, 0)

    def test_a_period_is_granted_once_each_however_far_the_clock_jumps(self):
        server = self.start_at(0)
        key = server.make_key()
        client = self.client(server, key)
        answer = client.send(
            "PUT", "/v1/plans/pro", {"name": "Pro", "credits": 10, "period": "month"})
        self.assertIn(answer.status, (200, 201), answer)
        answer = client.post("/v1/accounts", {"id": "acme", "name": "acme", "plan": "pro"})
        self.assertEqual(answer.status, 201, answer)
        for days in (40, -400, 800, 0, 790, 3660):
            self.assertEqual(server.stop(), 0)
            server = self.start_at(days * DAY)
            client = self.client(server, key)
            self.charge(client)
            grants = self.entries(client, "acme", "grant")
            times = [moment(grant["created_at"]) for grant in grants]
            self.assertEqual(len(times), len(set(times)), "a period was granted twice")
        # Ten years and the month at hand; anchors on the 29th to 31st keep the count.
        self.assertIn(len(times), (121, 122), times)
        gaps = [(one - other).days for one, other in zip(times, times[1:])]
        self.assertTrue(all(28 <= gap <= 31 for gap in gaps), gaps)


if __name__ == "__main__":
    unittest.main()
