"""A server killed in mid-work loses nothing that it acknowledged and charges nothing twice."""

import http.client
import itertools
import json
import random
import sqlite3
import unittest
from decimal import Decimal

from server import Client, TallyCase, threads, wait_until
from test_metrics import values

GRANT = 1_000_000
THREADS = 4
ROUNDS = 3
# Exact in binary too, so that json.dumps writes them as they are.
AMOUNTS = [0, 0.125, 0.5, 1, 2.75, 10]
SEED = 20261121


class Charger:
    """Charges an account from a thread until the server is gone; keeps what it was told."""

    def __init__(self, round_number, thread, account):
        self.name = f"{round_number}-{thread}"
        self.account = account
        self.random = random.Random(SEED + round_number * THREADS + thread)
        self.acknowledged = {}
        self.unanswered = {}

    def run(self, server, key):
        client = Client(server, key)
        try:
            while True:
                self.charge(client)
        except (OSError, http.client.HTTPException):
            client.close()

    def charge(self, client):
        number = len(self.acknowledged)
        name = f"{self.name}-{number}"
        body = {
            "account": self.account, "action": "kill.test",
            "amount": self.random.choice(AMOUNTS), "request_id": name,
        }
        self.unanswered = {name: body}
        answer = client.post("/v1/charges", body, idempotency_key=name)
        if answer.status != 201:
            # Only a server that is about to stop may say that it does not know.
            if answer.status == 503 and answer.json["code"] == "outcome_unknown":
                raise ConnectionError(answer.json["code"])
            raise AssertionError(f"{name}: {answer}")
        self.acknowledged[name] = (body, answer.body)
        self.unanswered = {}


class KillTests(TallyCase):
    def test_what_was_acknowledged_survives_a_kill(self):
        server = self.start()
        key = server.make_key()
        operator = self.client(server, key)
        self.make_account(operator, "kill", GRANT)
        chargers = []
        for round_number in range(ROUNDS):
            fresh = [Charger(round_number, thread, "kill") for thread in range(THREADS)]
            with threads(THREADS, lambda index: fresh[index].run(server, key)):
                wait_until(lambda: sum(len(c.acknowledged) for c in fresh) > 400)
                server.kill()
            chargers += fresh
            server = self.start()
            operator = self.client(server, key)
            self.check(operator, chargers)
        self.assertEqual(server.stop(), 0)
        operator = self.client(self.start(), key)
        self.check(operator, chargers)

    def check(self, client, chargers):
        """Every key has one outcome, and the balance is the grant less all of them."""
        spent = Decimal(0)
        for charger in chargers:
            for name, (body, first) in charger.acknowledged.items():
                again = client.post("/v1/charges", body, idempotency_key=name)
                self.assertEqual(again.status, 201, again)
                self.assertEqual(again.body, first, name)
                self.assertTrue(again.was_replayed, name)
                spent += again.json["credits"]
            for name, body in charger.unanswered.items():
                answer = client.post("/v1/charges", body, idempotency_key=name)
                self.assertEqual(answer.status, 201, answer)
                self.assertEqual(answer.json["credits"], Decimal(str(body["amount"])))
                charger.acknowledged[name] = (body, answer.body)
                spent += answer.json["credits"]
            charger.unanswered = {}
        self.assertEqual(self.balance(client, "kill")["available"], GRANT - spent)
        charged = self.entries(client, "kill", "charge")
        names = [name for charger in chargers for name in charger.acknowledged]
        self.assertEqual(sorted(entry["request_id"] for entry in charged), sorted(names))
        self.assertEqual(sum(entry["credits"] for entry in charged), spent)
        sequence = [int(entry["seq"]) for entry in charged]
        self.assertEqual(sequence, list(range(len(charged) + 1, 1, -1)))
        self.assert_audited(client)

    def test_a_commit_that_fails_while_it_drains_is_told_by_the_exit_code(self):
        server = self.start()
        client = self.client(server, server.make_key())
        self.make_account(client, "acme", 100)
        other = self.client(server, client.key)
        requests = lambda: values(other.get("/metrics").body.decode())["tally_http_requests_total"]
        before, polls = requests(), itertools.count(1)
        lock = sqlite3.connect(f"{self.folder}/journal.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        client.connection.request(
            "POST", "/v1/charges", json.dumps({"account": "acme", "action": "x", "amount": 1}),
            {"Authorization": f"Bearer {client.key}", "Content-Type": "application/json",
             "Idempotency-Key": "k"})
        wait_until(lambda: requests() > before + next(polls))
        server.ask_to_stop()
        self.assertEqual(json.load(client.connection.getresponse())["code"], "outcome_unknown")
        self.assertEqual(server.wait(), 1)
        self.assertNotIn("stopped", "".join(server.errors))


if __name__ == "__main__":
    unittest.main()
