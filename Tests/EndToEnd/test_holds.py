"""Holds do not leak: whoever dies or comes late, each is settled once and its credits are back."""

import http.client
import random
import unittest

from server import Client, TallyCase, threads, wait_until

GRANT = 100_000
THREADS = 4
SEED = 20261121


class Worker:
    """Places holds and settles most of them, until the server is gone; keeps what it was told."""

    def __init__(self, thread):
        self.name = f"w{thread}"
        self.random = random.Random(SEED + thread)
        self.told = {}

    def run(self, server, key):
        client = Client(server, key)
        try:
            while True:
                self.work(client)
        except (OSError, http.client.HTTPException):
            client.close()

    def work(self, client):
        body = {
            "account": "leak", "action": "hold.test", "amount": self.random.choice([1, 2, 5]),
            "ttl_seconds": self.random.choice([1, 1, 60]),
            "on_expiry": self.random.choice(["release", "capture"]),
        }
        hold = self.ask(client, "/v1/holds", body)["hold_id"]
        if self.random.random() < 0.4:
            body = {"amount": self.random.choice([0, 1, 3])}
            self.ask(client, f"/v1/holds/{hold}/capture", body)
        elif self.random.random() < 0.5:
            self.ask(client, f"/v1/holds/{hold}/release", {})

    def ask(self, client, path, body):
        name = f"{self.name}-{len(self.told)}"
        answer = client.post(path, body, idempotency_key=name)
        if answer.status not in (201, 409):
            raise ConnectionError(answer)
        if answer.status == 409:
            # Its time was over before it could be settled.
            assert answer.json["code"] == "hold_not_open", answer
        self.told[name] = (path, body, answer.status, answer.body)
        return answer.json


class HoldTests(TallyCase):
    def test_no_hold_leaks_when_the_server_is_killed_and_clients_go(self):
        server = self.start()
        key = server.make_key()
        self.make_account(self.client(server, key), "leak", GRANT)
        workers = [Worker(thread) for thread in range(THREADS)]
        with threads(THREADS, lambda index: workers[index].run(server, key)):
            wait_until(lambda: sum(len(worker.told) for worker in workers) > 600)
            server.kill()
        operator = self.client(self.start(), key)
        for worker in workers:
            for name, (path, body, status, first) in worker.told.items():
                again = operator.post(path, body, idempotency_key=name)
                self.assertEqual((again.status, again.body), (status, first), name)
        # Every short hold ends by itself; what is still held belongs to the long ones.
        wait_until(lambda: self.open_holds(operator, seconds=1) == 0)
        balance = self.balance(operator, "leak")
        captured = self.entries(operator, "leak", "capture")
        self.assertEqual(balance["held"], self.held_by_open_holds(operator))
        spent = sum(entry["credits"] for entry in captured)
        self.assertEqual(balance["available"] + balance["held"], GRANT - spent)
        self.assert_audited(operator)

    def test_what_a_hold_said_of_its_call_outlives_a_kill(self):
        server = self.start()
        operator = self.client(server, server.make_key())
        self.make_account(operator, "acme", 100)
        answer = operator.send("PUT", "/v1/price-lists/default", {"rules": [
            {"id": "r", "action": "chat", "parts": [{"parameter": "tokens", "price": 0.3}]}]})
        self.assertEqual(answer.status, 200, answer)
        said = {"parameters": {"tokens": 10}, "module": "m1", "request_id": "r-1",
                "metadata": {"a": "1"}}
        holds = []
        for name in ("before", "after"):
            body = {"account": "acme", "action": "chat", **said}
            answer = operator.post("/v1/holds", body, idempotency_key=name)
            self.assertEqual(answer.status, 201, answer)
            holds.append(answer.json["hold_id"])

        def capture(client, hold):
            answer = client.post(
                f"/v1/holds/{hold}/capture", {"status": 200}, idempotency_key=hold)
            self.assertEqual((answer.status, answer.json["credits"]), (201, 3), answer)
            entry = client.get(f"/v1/entries/{answer.json['entry_id']}?account=acme").json
            self.assertEqual({name: entry[name] for name in said}, said)

        capture(operator, holds[0])
        server.kill()
        operator = self.client(self.start(), operator.key)
        capture(operator, holds[1])
        self.assert_audited(operator)

    def endings(self, client):
        """The holds that have ended, and all holds."""
        ended = set()
        for kind in ("capture", "release", "hold_expiry"):
            for entry in self.entries(client, "leak", kind):
                self.assertNotIn(entry["hold_id"], ended)
                ended.add(entry["hold_id"])
        return ended, self.entries(client, "leak", "hold")

    def open_holds(self, client, seconds):
        ended, holds = self.endings(client)
        return sum(
            1 for hold in holds
            if hold["hold_id"] not in ended and self.lasting(hold) <= seconds)

    def held_by_open_holds(self, client):
        ended, holds = self.endings(client)
        return sum(hold["held"] for hold in holds if hold["hold_id"] not in ended)

    @staticmethod
    def lasting(hold):
        """How many seconds a hold lasts, by the clock times of one hour."""
        def seconds(text):
            return int(text[14:16]) * 60 + float(text[17:].rstrip("Z"))
        return round((seconds(hold["expires_at"]) - seconds(hold["created_at"])) % 3600)


if __name__ == "__main__":
    unittest.main()
