"""Writers that charge, hold, capture and refund until the server is gone, and keep the answers."""

import collections
import http.client
import json
import random

from server import Client

WRITERS = 8
ACCOUNTS = 4
GRANT = 1_000_000_000
# Exact in binary too, so that json.dumps writes them as they are.
AMOUNTS = [0.125, 0.5, 1, 2.75, 10]
# So long that the log is copied into the file within a fraction of a second.
BALLAST = {"text": "x" * 50_000}


def account(number):
    return f"account-{number % ACCOUNTS}"


# A request that moves credits, what it does to the balance, and the acknowledged answer.
Move = collections.namedtuple("Move", "path body key available held")
Told = collections.namedtuple("Told", "move status body")


class Writer:
    """One connection; what it was told is kept here, outside of the disk that loses power."""

    def __init__(self, number, seed):
        self.account = account(number)
        self.random = random.Random(f"{seed}-{number}")
        self.told = []
        self.unanswered = None
        self.holds = []
        self.charges = []

    def run(self, server, key):
        """Writes until the connection ends or the server no longer knows."""
        client = Client(server, key)
        try:
            while self.write(client):
                pass
        except (OSError, http.client.HTTPException):
            pass
        finally:
            client.close()

    def write(self, client):
        """One request; false when its outcome is unknown, or the server takes no more."""
        move = self.next_move()
        self.unanswered = move
        answer = client.post(move.path, move.body, idempotency_key=move.key)
        if answer.status == 503 and answer.json["code"] in ["outcome_unknown", "overloaded"]:
            return False
        if answer.status != 201:
            raise AssertionError(f"{move.path}: {answer}")
        self.unanswered = None
        self.note(move, answer)
        return True

    def next_move(self):
        """A charge, a hold, a capture of an open hold or a refund of a charge."""
        dice = self.random.random()
        if dice < 0.2 and self.holds:
            return self.capture(*self.holds.pop(self.random.randrange(len(self.holds))))
        if dice < 0.35 and self.charges:
            return self.refund(*self.charges.pop(self.random.randrange(len(self.charges))))
        amount = self.random.choice(AMOUNTS)
        body = {"account": self.account, "action": "load", "amount": amount}
        if self.random.random() < 0.3:
            body["parameters"] = BALLAST
        if dice < 0.6:
            body["ttl_seconds"] = 3600
            return self.move("/v1/holds", body, -amount, amount)
        return self.move("/v1/charges", body, -amount)

    def capture(self, hold, held):
        amount = self.random.choice([0, held / 2, held])
        return self.move(f"/v1/holds/{hold}/capture", {"amount": amount}, held - amount, -held)

    def refund(self, entry, charged):
        amount = self.random.choice([charged / 2, charged])
        return self.move("/v1/refunds", {"entry_id": entry, "amount": amount}, amount)

    def move(self, path, body, available, held=0):
        return Move(path, body, f"{self.random.getrandbits(128):032x}", available, held)

    def note(self, move, answer):
        """Keeps an acknowledgement, and what can be captured or refunded from now on."""
        self.told.append(Told(move, answer.status, answer.body))
        said = json.loads(answer.body)
        if move.path == "/v1/holds":
            self.holds.append((said["hold_id"], move.held))
        elif move.path == "/v1/charges":
            self.charges.append((said["entry_id"], -move.available))
