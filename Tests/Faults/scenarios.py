"""Short scripts of requests whose every outcome is known, and the folders they begin with."""

import collections
import shutil
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from server import Client, Server, wait_until

# Bytes of an item of a batch, so that its commit writes many pages and half of it would be seen.
BALLAST_BYTES = 2500

# A request and what must come of it. `facts` are members of the answer; `{NAME}` in the path and
# the body stands for the id that the step NAME gave. A step without a key is asked anew.
Step = collections.namedtuple(
    "Step", "name path body status facts", defaults=[{"account": "a"}, 201, {}])


def post(name, path, body, status=201, **facts):
    return Step(name, path, body, status, facts)


def call(amount, **more):
    return {"account": "a", "action": "fault", "amount": amount, **more}


def grant(name, amount, **more):
    return post(name, "/v1/accounts/a/grants", {"amount": amount, **more}, credits=amount)


def charge(name, amount, status=201, **facts):
    return post(name, "/v1/charges", call(amount), status, **facts)


def hold(name, amount, **more):
    return post(name, "/v1/holds", call(amount, **more), held=amount)


def capture(name, of, amount, status=201, **facts):
    return post(name, f"/v1/holds/{{{of}}}/capture", {"amount": amount}, status, **facts)


def release(name, of):
    return post(name, f"/v1/holds/{{{of}}}/release", {})


def refund(name, of, amount, status=201, **facts):
    return post(name, "/v1/refunds", {"entry_id": f"{{{of}}}", "amount": amount}, status, **facts)


def batch(name, *items, size=BALLAST_BYTES):
    """Charges in one request; an item is an amount and the status that it gets."""
    charges = [
        call(amount, idempotency_key=f"{name}-{index}", parameters={"text": f"{index} " * size})
        for index, (amount, _) in enumerate(items)]
    return Step(name, BATCH, {"charges": charges}, [status for _, status in items])


def balance(available, held):
    return Step(None, "/v1/balance?account=a", None, 200, {"available": available, "held": held})


BATCH = "/v1/charges/batch"
ACCOUNT = Step(None, "/v1/accounts", {"id": "a", "name": "a"}, 201)

# What the account has at the end, and the kinds of entries that made it so, oldest first.
Scenario = collections.namedtuple(
    "Scenario", "name setup steps available held entries phases", defaults=[["start", "work"]])

SCENARIOS = [
    Scenario(
        "grant", None, [
            ACCOUNT, grant("g1", 100), grant("g2", 50, kind="promo"),
            post("v", "/v1/accounts/a/grants/{g2}/void", {}, credits=50),
            post("d", "/v1/accounts/a/adjustments", {"amount": -5, "note": "less"}),
            grant("g3", Decimal("0.25"), kind="plan"),
        ], Decimal("95.25"), 0, "grant grant void adjustment grant"),
    Scenario(
        "charge", [ACCOUNT, grant("g", 100)], [
            charge("c1", Decimal("7.25"), credits=Decimal("7.25")),
            charge("c2", 500, 402, short_by=Decimal("407.25")),
            batch("b", (1, 201), (2, 201), (500, 402), (4, 201)), charge("c3", 0, credits=0),
            post("c4", "/v1/charges", call(90, on_short="collect"), uncollected=Decimal("4.25")),
            balance(0, 0),
        ], 0, 0, "grant charge refusal charge charge refusal charge charge charge"),
    Scenario(
        "hold", [ACCOUNT, grant("g", 100)], [
            hold("h1", 30), hold("h2", 40, on_expiry="capture", ttl_seconds=86400),
            post("h3", "/v1/holds", call(31), 402, available=30), release("r1", "h1"),
            hold("h4", 60), balance(0, 100),
        ], 0, 100, "grant hold hold refusal release hold"),
    Scenario(
        "capture", [
            ACCOUNT, grant("g1", 20, kind="promo"), grant("g2", 80), hold("h1", 30),
            hold("h2", 10), hold("h3", 5),
        ], [
            capture("s1", "h1", 30, credits=30, released=0),
            capture("s2", "h2", 4, credits=4, released=6),
            capture("s3", "h3", 15, credits=15), capture("s4", "h1", 1, 409),
            capture("s5", "h2", 1, 409), balance(51, 0),
        ], 51, 0, "grant grant hold hold hold capture capture capture refusal refusal"),
    Scenario(
        "expire", [
            ACCOUNT, grant("g", 100, posted_at="{an_hour_ago}"),
            hold("h1", 50, ttl_seconds=1), hold("h2", 20, ttl_seconds=1, on_expiry="capture"),
            hold("h3", 10, ttl_seconds=1, on_expiry="capture_minimum", minimum=3),
        ], [
            balance(77, 0), capture("s1", "h1", 1, 409), capture("s2", "h2", 1, 409),
            charge("c1", 70, credits=70), capture("s3", "h3", 1, 409), balance(7, 0),
        ], 7, 0, "grant hold hold hold hold_expiry capture capture "
        "refusal refusal charge refusal"),
    Scenario(
        "refund", [
            ACCOUNT, grant("g1", 20, kind="promo"), grant("g2", 80), charge("c1", 30),
            charge("c2", 10),
        ], [
            refund("r1", "c1", 25, credits=25), refund("r2", "c1", 6, 422),
            refund("r3", "c1", 5, credits=5), refund("r4", "c2", 10, credits=10),
            refund("r5", "c2", 1, 422), balance(100, 0),
        ], 100, 0, "grant grant charge charge refund refusal refund refund refusal"),
    # A commit of more than four megabytes, after which the log is copied into the file; it starts
    # as the others do.
    Scenario(
        "copy", [ACCOUNT, grant("g", 100)], [
            charge("c1", 7, credits=7), batch("b", *[(1, 201)] * 80, size=20_000),
            charge("c2", 3, credits=3), charge("c3", 4, credits=4), balance(6, 0),
        ], 6, 0, "grant" + " charge" * 83, ["work"]),
]


class Prepared:
    """A scenario with a data folder to begin with, made by a server that was killed."""

    def __init__(self, scenario, folder):
        self.scenario = scenario
        self.folder = folder
        hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
        self.ids = {"an_hour_ago": hour_ago.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self.key = None
        self.prepared_at = time.monotonic()
        if scenario.setup is None:
            return
        server = Server(folder)
        self.key = server.make_key()
        client = Client(server, self.key)
        for step in scenario.setup:
            for outcome in outcomes(step, send(client, step, self.ids)):
                check(step, outcome)
                self.ids[outcome.key] = id_of(outcome.said)
        client.close()
        server.kill()
        self.prepared_at = time.monotonic()

    def copy(self, folder):
        """The data folder as it was, elsewhere; a scenario without setup begins with none."""
        if self.scenario.setup is not None:
            shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*.sock"))

    def wait_for_expiry(self):
        """Returns once the holds of a second have expired."""
        if self.scenario.setup is not None:
            wait_until(lambda: time.monotonic() > self.prepared_at + 1.1)


class Wrong(Exception):
    """A promise that was not kept."""


def fill(value, ids):
    """The value with the ids that its texts name."""
    if isinstance(value, str):
        return value.format_map(ids)
    if isinstance(value, dict):
        return {name: fill(member, ids) for name, member in value.items()}
    if isinstance(value, list):
        return [fill(member, ids) for member in value]
    return float(value) if isinstance(value, Decimal) else value


def send(client, step, ids):
    path = fill(step.path, ids)
    if step.body is None:
        return client.get(path)
    key = step.name if step.path != BATCH else None
    return client.post(path, fill(step.body, ids), idempotency_key=key)


# What a request came to: under its key, or under that of each item of a batch.
Outcome = collections.namedtuple("Outcome", "key status expected said")


def outcomes(step, answer):
    """What the answer says, key by key."""
    if step.path != BATCH or answer.status != 200:
        return [Outcome(step.name, answer.status, step.status, answer.json)]
    results = answer.json["results"]
    if len(results) != len(step.status):
        raise Wrong(f"{len(results)} results: {answer}")
    return [
        Outcome(f"{step.name}-{index}", one["status"], status, one.get("entry", one.get("problem")))
        for index, (one, status) in enumerate(zip(results, step.status))]


def check(step, outcome):
    """Compares an outcome with what must come of the step."""
    exists = step == ACCOUNT and outcome.status == 409
    if outcome.status != outcome.expected and not exists:
        raise Wrong(f"{step.path} came to {outcome.status}: {outcome.said}")
    for name, expected in step.facts.items():
        if outcome.said.get(name) != expected:
            raise Wrong(f"{step.path}: {name} is not {expected}: {outcome.said}")


def id_of(said):
    """The id by which later steps name what an answer is of."""
    found = [said[name] for name in ("hold_id", "grant_id", "entry_id") if name in said]
    return found[0] if found else None
