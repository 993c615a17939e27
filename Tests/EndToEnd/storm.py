"""Clients that race, cut their connections and retry, and a server that is killed under them.

`run` gives what happened as a `history.History`, with every outcome learned in the end.
"""

import collections
import http.client
import itertools
import json
import random
import tempfile
import threading
import time

from history import History, Operation, Poison, Read
from ledger_model import Refusal, Reply, Request
from server import ANSWER_SECONDS, Client, Server, threads

CLIENTS = 16
SECONDS_BETWEEN_ENDS = 5
ATTEMPTS_MAX = 50
# Overdraft limits in credits; the first account is the hot one.
ACCOUNTS = {"hot": 0, "warm": 0, "owing": 40, "poor": 3}
ACCOUNT_WEIGHTS = [6, 2, 3, 1]
KINDS = {"charge": 30, "hold": 13, "capture": 13, "release": 7, "refund": 9, "grant": 9, "read": 20}
MICROS = 1_000_000
# A 64th of a credit is exact in binary too, so that json.dumps writes it as it is.
STEP = MICROS // 64
AMOUNT_NAMES = (
    "credits", "uncollected", "held", "reserved", "released", "repaid", "lapsed", "forgiven",
    "regranted")
FINAL_CODES = ("hold_not_open", "refund_exceeds_charge")
# What a run is worth nothing without.
EXPECTED = (
    "grants", "charges", "holds", "captures", "releases", "refunds", "reads", "regrants",
    "repayments", "uncollected", "insufficient_credits", *FINAL_CODES, "replays", "poisons",
    "kills", "stops", "cuts", "unknowns")


def run(seed, seconds):
    """One server on a folder of its own; the storm, over and settled."""
    with tempfile.TemporaryDirectory(prefix="tally-") as folder:
        storm = Storm(seed, folder)
        try:
            storm.rage(seconds)
            storm.settle()
        finally:
            if storm.server is not None:
                storm.server.stop()
    return storm


class Storm:
    """A server, its accounts, what clients know of them, and what happened."""

    def __init__(self, seed, folder):
        self.seed = seed
        self.folder = folder
        self.server = Server(folder, "--loops", "2")
        self.key = self.server.make_key()
        self.history = History({name: limit * MICROS for name, limit in ACCOUNTS.items()})
        self.holds = {name: [] for name in ACCOUNTS}
        self.charges = {name: [] for name in ACCOUNTS}
        # What an answer said last of each.
        self.available = dict.fromkeys(ACCOUNTS, 0)
        self.counts = collections.Counter()
        self._is_up = threading.Condition()
        self._is_over = threading.Event()
        client = Client(self.server, self.key)
        for name, limit in ACCOUNTS.items():
            answer = client.post(
                "/v1/accounts", {"id": name, "name": name, "overdraft_limit": limit})
            assert answer.status == 201, answer
        client.close()

    def current(self):
        """The server, once there is one; at the end there may be none."""
        with self._is_up:
            self._is_up.wait_for(lambda: self.server is not None or self._is_over.is_set())
            if self.server is None:
                raise ConnectionError("the server did not start again")
            return self.server

    def rage(self, seconds):
        """Lets the clients loose for a time; every third end of the server is a clean one."""
        end = time.monotonic() + seconds
        racers = [Racer(self, number) for number in range(CLIENTS)]
        chance = random.Random(self.seed)
        with threads(CLIENTS, lambda index: racers[index].run(self._is_over)):
            try:
                pause = min(SECONDS_BETWEEN_ENDS, seconds / 4)
                for number in itertools.count():
                    if time.monotonic() + pause > end:
                        break
                    time.sleep(pause * (0.5 + chance.random() / 2))
                    self.restart(is_kill=number % 3 != 1)
                time.sleep(max(0, end - time.monotonic()))
            finally:
                self.end()
        for racer in racers:
            self.history.operations += racer.operations
            self.history.reads += racer.reads
            self.history.poisons += racer.poisons
            self.counts += racer.counts

    def end(self):
        """Tells the clients to stop, those too that wait for a server."""
        self._is_over.set()
        with self._is_up:
            self._is_up.notify_all()

    def restart(self, is_kill):
        """Kills or stops the server and starts it again; clients wait meanwhile."""
        with self._is_up:
            server, self.server = self.server, None
        if is_kill:
            server.kill()
        else:
            code = server.stop()
            assert code == 0, f"stopped with {code}: {server.errors}"
        self.counts["kills" if is_kill else "stops"] += 1
        server = Server(self.folder, "--loops", "2")
        with self._is_up:
            self.server = server
            self._is_up.notify_all()

    def settle(self):
        """Learns every outcome that is still unknown, and reads every balance last."""
        racer = Racer(self, CLIENTS)
        for operation in self.history.operations:
            if operation.answers:
                continue
            self.counts["settled"] += 1
            for _ in range(ATTEMPTS_MAX):
                if racer.attempt(operation):
                    break
        for name in ACCOUNTS:
            racer.read(name)
        racer.close()
        self.history.reads += racer.reads
        self.counts += racer.counts
        self.count_replies()

    def count_replies(self):
        """Counts what clients were told, by its kind."""
        self.counts["reads"] = len(self.history.reads)
        self.counts["poisons"] = len(self.history.poisons)
        for operation in self.history.operations:
            reply = operation.reply
            if isinstance(reply, Refusal):
                self.counts[reply.code] += 1
            elif reply is not None:
                self.counts[f"{operation.request.kind}s"] += 1
                self.counts["regrants"] += bool(reply.amounts.get("regranted"))
                self.counts["repayments"] += bool(reply.amounts.get("repaid"))
                self.counts["uncollected"] += bool(reply.amounts.get("uncollected"))

    def summary(self):
        """What it came to, in one line."""
        checked = len(self.history.operations) + len(self.history.reads)
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
        return f"{checked} operations checked: {counts}"

    def lacking(self):
        """What did not happen and must, for the run to mean something."""
        return [f"no {name}: the run proves nothing" for name in EXPECTED
                if not self.counts[name]]


class Racer(Client):
    """A client with a connection of its own, which it also cuts."""

    def __init__(self, storm, number):
        super().__init__(storm.current(), storm.key)
        self.storm = storm
        self.server = storm.current()
        self.name = f"{number}"
        self.random = random.Random(f"{storm.seed} {number}")
        self.numbers = itertools.count()
        self.operations = []
        self.reads = []
        self.poisons = []
        self.counts = collections.Counter()

    def run(self, is_over):
        while not is_over.is_set():
            account = self.random.choices(list(ACCOUNTS), ACCOUNT_WEIGHTS)[0]
            kind = self.random.choices(list(KINDS), KINDS.values())[0]
            if kind == "read":
                self.read(account)
                continue
            request = self.request(kind, account)
            if request is not None:
                self.carry_out(account, request, is_over)
        self.close()

    def amount(self, most):
        """Up to so many credits, in 64ths; sometimes nothing."""
        return self.random.randrange(most * 64) * STEP

    def request(self, kind, account):
        """A request of a kind; None when there is nothing it could be about."""
        if kind == "grant":
            source = self.random.choice(["promo", "plan", "top_up"])
            return Request(
                kind, STEP + self.amount(20), source=source, expires=self.random.random() < 0.3)
        if kind in ("charge", "hold"):
            collects = kind == "charge" and self.random.random() < 0.15
            # All that there is, or a little more, is where a comparison would be wrong.
            last = self.storm.available[account] + self.random.choice([0, 0, STEP])
            amount = last if self.random.random() < 0.05 else self.amount(5)
            return Request(kind, amount, collects)
        known = (self.storm.charges if kind == "refund" else self.storm.holds)[account]
        target = self.pick(known)
        if target is None:
            return None
        if kind == "release":
            return Request(kind, target=target)
        if kind == "refund":
            amount = None if self.random.random() < 0.5 else STEP + self.amount(3)
            return Request(kind, amount, target=target)
        amount = None if self.random.random() < 0.3 else self.amount(7)
        return Request(kind, amount, self.random.random() < 0.7, target=target)

    def pick(self, known):
        """One of those known; mostly it is forgotten with that, else others may take it too."""
        try:
            if self.random.random() < 0.8:
                return known.pop(self.random.randrange(len(known)))
            return self.random.choice(known)
        except (IndexError, ValueError):
            # Another thread took the last.
            return None

    def carry_out(self, account, request, is_over):
        """Sends a request until its outcome is known, mostly; then perhaps again, or poisoned."""
        operation = Operation(
            account, f"{self.name}-{next(self.numbers)}", request, time.monotonic_ns())
        self.operations.append(operation)
        fault = self.random.choices(["", "cut", "half"], [92, 6, 2])[0]
        if not self.attempt(operation, fault):
            self.counts["unknowns"] += 1
            while self.random.random() < 0.95 and not is_over.is_set():
                if self.attempt(operation):
                    break
        if not operation.answers:
            return
        self.learn(operation)
        chance = self.random.random()
        if chance < 0.1:
            self.poison(operation)
        elif chance < 0.15:
            self.counts["resends"] += 1
            self.attempt(operation)

    def learn(self, operation):
        """Tells the others of what can be settled or refunded now."""
        reply, account = operation.reply, operation.account
        if isinstance(reply, Refusal):
            return
        self.storm.available[account] = reply.balance[0]
        if operation.request.kind == "hold":
            self.storm.holds[account].append(reply.made)
        elif operation.request.kind in ("charge", "capture") and self.random.random() < 0.4:
            self.storm.charges[account].append(reply.entry)

    def attempt(self, operation, fault=""):
        """Sends the request of an operation; true when an answer says what became of it."""
        path, body = wire(operation.account, operation.request)
        answer = self.ask("POST", path, body, operation.key, fault)
        if answer is None or answer.status in (429, 503):
            return False
        reply = read_reply(operation.request.kind, answer)
        if not operation.answers:
            operation.returned = time.monotonic_ns()
        operation.answers.append(reply)
        self.counts["replays"] += answer.was_replayed
        return True

    def poison(self, operation):
        """Sends something else under the key."""
        amount = (operation.request.amount or 0) + MICROS
        path, body = wire(operation.account, Request("charge", amount))
        answer = self.ask("POST", path, body, operation.key)
        if answer is not None and answer.status not in (429, 503):
            self.poisons.append(Poison(
                operation.account, operation.key, answer.status, answer.json.get("code")))

    def read(self, account):
        invoked = time.monotonic_ns()
        answer = self.ask("GET", f"/v1/balance?account={account}")
        if answer is None or answer.status == 503:
            return
        returned = time.monotonic_ns()
        assert answer.status == 200, answer
        told = answer.json
        self.reads.append(Read(
            account, invoked, returned, int(told["seq"]), balance(told),
            micros(told["uncollected"]), micros(told["granted"]),
            {lot["id"]: (micros(lot["remaining"]), micros(lot["held"]))
             for lot in told["grants"]}))

    def ask(self, method, path, body=None, key=None, fault=""):
        """An answer; None when the connection, or the client's patience, broke before it."""
        try:
            self.follow(self.storm.current())
            if not fault:
                return self.send(method, path, body, key)
            self.counts["cuts"] += 1
            self.leave(path, json.dumps(body).encode(), key, is_half=fault == "half")
        except (OSError, http.client.HTTPException):
            pass
        self.connection.close()
        return None

    def follow(self, server):
        """Connects to the server that there is now."""
        if server is not self.server:
            self.connection.close()
            self.connection = http.client.HTTPConnection(*server.address, timeout=ANSWER_SECONDS)
            self.server = server

    def leave(self, path, body, key, is_half):
        """Sends a request, or half of it, and does not wait for the answer."""
        fields = {
            "Authorization": f"Bearer {self.key}", "Idempotency-Key": key,
            "Content-Type": "application/json", "Content-Length": str(len(body))}
        self.connection.request("POST", path, body[:len(body) // 2] if is_half else body, fields)
        if self.random.random() < 0.5:
            time.sleep(self.random.random() * 0.002)


def wire(account, request):
    """The route and the body of a request."""
    body = {} if request.amount is None else {"amount": request.amount / MICROS}
    match request.kind:
        case "charge":
            policy = "collect" if request.collects else "refuse"
            return "/v1/charges", {
                "account": account, "action": "storm", "on_short": policy, **body}
        case "hold":
            return "/v1/holds", {
                "account": account, "action": "storm", "ttl_seconds": 86_400, **body}
        case "capture":
            policy = "collect" if request.collects else "refuse"
            return f"/v1/holds/{request.target}/capture", {"on_short": policy, **body}
        case "release":
            return f"/v1/holds/{request.target}/release", {}
        case "refund":
            return "/v1/refunds", {"entry_id": request.target, **body}
        case _:
            body["kind"] = request.source
            if request.expires:
                body["expires_at"] = "2099-01-01T00:00:00Z"
            return f"/v1/accounts/{account}/grants", body


def micros(credits):
    return int(credits * MICROS)


def balance(told):
    return tuple(micros(told[name]) for name in ("available", "held", "negative"))


def read_reply(kind, answer):
    """What an answer says, in the words of the model."""
    told = answer.json
    if answer.status == 402 and told["code"] == "insufficient_credits":
        return Refusal(402, told["code"], (micros(told["required"]), micros(told["available"])))
    if answer.status != 201:
        return Refusal(answer.status, told.get("code"))
    made = told.get("hold_id") if kind == "hold" else told.get("grant_id")
    return Reply(
        int(told["seq"]), told["entry_id"], made,
        {name: micros(told[name]) for name in AMOUNT_NAMES if name in told},
        [(lot["grant"], micros(lot["credits"])) for lot in told.get("lots", ())],
        balance(told["balance"]))
