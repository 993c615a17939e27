"""Reads segments by docs/journal-format.md alone: a second reader that shares no code with ours."""

import hashlib

from journal_pieces import Reader, Wrong, as_signed, checked, unzigzag

VERSIONS = (1, 2, 3, 4)
CHARGE_COLUMNS = [
    "account", "sequence", "time", "credits", "overdrawn", "uncollected", "shares", "version",
    "rule", "key", "units", "status", "available", "held", "negative"]
TEXT_COLUMNS = ["action", "idempotency_key", "team", "scenario", "run"]
SCOPE_COLUMNS = ["team", "scenario", "run"]
SIGNED = {"credits", "overdrawn", "uncollected", "available", "held", "negative"}


class Events(Reader):
    """The events that are no charges."""

    def head(self):
        return {
            "account": self.varint(), "sequence": self.varint(), "time": self.time(),
            "available": self.signed(), "held": self.signed(), "negative": self.signed()}

    def key(self):
        return self.bytes(), self.take(16)

    def shares(self):
        return [
            {"grant": self.position(), "source": self.take(1)[0], "amount": self.signed()}
            for _ in range(self.varint())]

    def event(self):
        tag = self.take(1)[0]
        kind, read = KINDS.get(tag, (None, None))
        if kind is None:
            raise Wrong(f"an event with tag {tag}")
        return {"kind": kind, **read(self)}

    def account_created(self):
        return {
            "id": self.text(), "name": self.text(), "zone": self.text(),
            "anchor": self.optional(self.time), "overdraft": self.signed(),
            "price_list": self.optional(self.text), "metadata": self.bytes(),
            "plan": self.optional(self.text), "time": self.time()}

    def account_changed(self):
        return {
            "account": self.varint(), "name": self.optional(self.text),
            "zone": self.optional(self.text), "overdraft": self.optional(self.signed),
            "price_list": self.optional(lambda: self.optional(self.text)),
            "metadata": self.optional(self.bytes), "time": self.time()}

    def slot_and_time(self):
        return {"account": self.varint(), "time": self.time()}

    def api_key_created(self):
        role = self.take(1)[0]
        return {
            "role": role, "owner": self.text() if role == 2 else None, "name": self.text(),
            "secret": self.bytes(), "hint": self.text(), "scopes": self.scopes(),
            "expires": self.optional(self.time), "time": self.time()}

    def scopes(self):
        return [self.text() for _ in range(self.varint())]

    def api_key_changed(self):
        return {
            "key": self.varint(), "name": self.optional(self.text),
            "scopes": self.optional(self.scopes),
            "expires": self.optional(lambda: self.optional(self.time)), "time": self.time()}

    def price_list_put(self):
        return {
            "name": self.text(), "version": self.varint(), "effective": self.time(),
            "json": self.bytes(), "time": self.time()}

    def granted(self):
        return {
            "head": self.head(), "key": self.optional(self.key), "amount": self.signed(),
            "source": self.take(1)[0], "priority": self.signed(), "effective": self.time(),
            "expires": self.time(), "repaid": self.signed(), "is_adjustment": self.take(1)[0],
            "memo": self.bytes()}

    def lot_changed(self):
        return {
            "cause": self.take(1)[0], "head": self.head(), "grant": self.position(),
            "amount": self.signed(), "repaid": self.signed(), "key": self.optional(self.key)}

    def adjusted(self):
        return {
            "head": self.head(), "key": self.key(), "amount": self.signed(),
            "shares": self.shares(), "overdrawn": self.signed(), "memo": self.bytes()}

    def refused(self):
        event = {"account": self.varint(), "time": self.time(), "key": self.key()}
        event["reason"] = reason = self.take(1)[0]
        if reason == 0:
            event |= {"required": self.signed(), "spendable": self.signed()}
        elif reason == 3:
            event["refundable"] = self.signed()
        elif reason == 4:
            event |= {
                "budget": self.text(), "limit": self.signed(),
                "used": int.from_bytes(self.take(16), "little", signed=True),
                "resets": self.time()}
        elif reason not in (1, 2):
            raise Wrong(f"refused for reason {reason}")
        return event | {"action": self.bytes(), "api_key": self.varint()}

    def released(self):
        return {
            "head": self.head(), "key": self.optional(self.key), "hold": self.position(),
            "cause": self.take(1)[0], "reserved": self.signed(), "repaid": self.signed(),
            "lapsed": self.signed()}

    def refunded(self):
        return {
            "head": self.head(), "key": self.key(), "charge": self.position(),
            "amount": self.signed(), "forgiven": self.signed(), "repaid": self.signed(),
            "shares": self.shares(), "regranted": self.signed(), "counted": self.position(),
            "call": [self.bytes() for _ in range(5)], "memo": self.bytes()}

    def budget(self):
        name = self.text()
        scope = []
        for _ in range(5):
            match = self.take(1)[0]
            scope.append(self.bytes() if match == 2 else match)
        return {
            "name": name, "scope": scope, "limit": self.signed(), "window": self.take(1)[0],
            "parent": self.optional(self.text)}

    def window(self):
        return self.time(), self.time()

    def budget_put(self):
        return {
            "account": self.varint(), "budget": self.budget(), "window": self.window(),
            "time": self.time()}

    def budget_deleted(self):
        return {"account": self.varint(), "name": self.text(), "time": self.time()}

    def budget_restarted(self):
        return {
            "account": self.varint(), "name": self.text(), "window": self.window(),
            "time": self.time()}

    def plan_put(self):
        return {
            "id": self.text(), "version": self.varint(), "name": self.text(),
            "credits": self.signed(), "period": self.take(1)[0],
            "rollover": self.optional(lambda: (self.signed(), self.varint())),
            "price_list": self.optional(self.text), "retention": self.varint(),
            "requests": self.varint(), "time": self.time()}

    def period_started(self):
        return {
            "account": self.varint(), "key": self.optional(self.key),
            "plan": self.optional(lambda: (self.text(), self.varint())), "anchor": self.time(),
            "number": self.signed(), "window": self.window(), "time": self.time()}

    def plan_pending(self):
        return {
            "account": self.varint(), "key": self.key(), "plan": self.optional(self.text),
            "when": self.time(), "time": self.time()}


    def scenario_put(self):
        return {
            "account": self.varint(), "id": self.text(), "description": self.bytes(),
            "time": self.time()}

    def run_started(self):
        return {
            "account": self.varint(), "run": self.text(), "scenario": self.text(),
            "started": self.time(), "time": self.time()}

    def run_finished(self):
        return {
            "account": self.varint(), "run": self.text(), "status": self.varint(),
            "time": self.time()}


KINDS = {
    1: ("account created", Events.account_created), 2: ("account changed", Events.account_changed),
    3: ("account suspended", Events.slot_and_time), 4: ("account resumed", Events.slot_and_time),
    5: ("API key created", Events.api_key_created), 6: ("API key changed", Events.api_key_changed),
    7: ("API key revoked", Events.slot_and_time), 8: ("price list put", Events.price_list_put),
    9: ("granted", Events.granted), 10: ("lot changed", Events.lot_changed),
    11: ("adjusted", Events.adjusted), 12: ("refused", Events.refused),
    13: ("released", Events.released), 14: ("refunded", Events.refunded),
    15: ("budget put", Events.budget_put), 16: ("budget deleted", Events.budget_deleted),
    17: ("budget restarted", Events.budget_restarted), 18: ("plan put", Events.plan_put),
    19: ("period started", Events.period_started), 20: ("plan pending", Events.plan_pending),
    21: ("scenario put", Events.scenario_put), 22: ("run started", Events.run_started),
    23: ("run finished", Events.run_finished),
}


class Segment:
    """A segment's events in order, each a dictionary with its ``kind``."""

    def __init__(self, number, money, details, digest, previous, kept=None):
        if hashlib.sha256(money).digest() != digest:
            raise Wrong("hash")
        reader = Events(checked(money))
        if reader.take(4) != b"TLYS":
            raise Wrong("magic")
        version = reader.fixed("H")
        if version not in VERSIONS:
            raise Wrong("version")
        if reader.fixed("Q") != number:
            raise Wrong("number")
        self.time = reader.time()
        if reader.take(32) != previous:
            raise Wrong("chain")
        self.details_hash = reader.take(32)
        self.charge_count, self.share_count, self.event_count, self.role_count = (
            reader.varint() for _ in range(4))
        self.use_count = reader.varint() if version > 1 else 0
        self.charges = self._charges(reader, version > 3)
        fingerprints = [reader.take(16) for _ in range(self.charge_count)]
        order = [1] * self.charge_count
        if self.event_count:
            order = reader.integers(self.charge_count + self.event_count)
        others = [reader.event() for _ in range(self.event_count)]
        self._shares(reader)
        self._roles(reader)
        self._uses(reader)
        if reader.place != len(reader.data):
            raise Wrong(f"bytes left at {reader.place}")
        for charge, fingerprint in zip(self.charges, fingerprints):
            charge["fingerprint"] = fingerprint
        if details is not None:
            self._details(details, others)
        elif kept is not None:
            self._kept(number, kept, others)
        charges, others = iter(self.charges), iter(others)
        self.events = [next(charges) if is_charge else next(others) for is_charge in order]

    def _charges(self, reader, may_be_numbered):
        columns = {name: reader.integers(self.charge_count) for name in CHARGE_COLUMNS}
        columns |= {
            name: reader.texts(self.charge_count, may_be_numbered and name in SCOPE_COLUMNS)
            for name in TEXT_COLUMNS}
        charges = []
        for index in range(self.charge_count):
            charge = {name: column[index] for name, column in columns.items()}
            for name in SIGNED:
                charge[name] = as_signed(charge[name])
            charge["time"] = self.time + unzigzag(charge["time"])
            charges.append({"kind": "charge", **charge})
        return charges

    def _shares(self, reader):
        columns = [reader.integers(self.share_count) for _ in range(3)]
        split = [charge for charge in self.charges if charge["shares"] > 1]
        amounts = iter(reader.integers(sum(charge["shares"] for charge in split)))
        rows = iter(zip(*columns))
        for charge in self.charges:
            single = charge["credits"] - charge["overdrawn"] - charge["uncollected"]
            count = charge["shares"]
            charge["shares"] = []
            for _ in range(count):
                segment, index, source = next(rows)
                amount = next(amounts) if count > 1 else single
                charge["shares"].append(
                    {"grant": (segment, index), "source": source, "amount": amount})

    def _roles(self, reader):
        if not self.role_count:
            return
        places, kinds = (reader.integers(self.role_count) for _ in range(2))
        placing = [self.charges[place] for place, kind in zip(places, kinds) if kind == 0]
        capturing = [self.charges[place] for place, kind in zip(places, kinds) if kind > 0]
        for place, kind in zip(places, kinds):
            self.charges[place]["kind"] = "hold" if kind == 0 else "capture"
            self.charges[place]["on_expiry"] = kind == 2
        for names, charges in [
                (["expires_after", "policy", "minimum"], placing),
                (["hold_segment", "hold_index", "reserved", "repaid", "lapsed"], capturing)]:
            for name in names:
                for charge, value in zip(charges, reader.integers(len(charges))):
                    charge[name] = value

    def _uses(self, reader):
        if not self.use_count:
            return
        places = reader.integers(self.use_count)
        columns = [reader.texts(self.use_count)]
        columns += [reader.integers(self.use_count) for _ in range(5)]
        for place, budget, limit, low, high, change, resets_after in zip(places, *columns):
            self.charges[place].setdefault("budgets", []).append({
                "budget": budget.decode(), "limit": limit, "before": as_signed(high) * 2**64 + low,
                "change": as_signed(change), "resets_after": resets_after})

    def _details(self, details, others):
        if hashlib.sha256(details).digest() != self.details_hash:
            raise Wrong("details hash")
        reader = Reader(checked(details))
        reader.take(16)
        for charge in self.charges:
            charge["deleted"] = 0
        self._details_columns(reader, others)

    def _kept(self, number, kept, others):
        reader = Reader(checked(kept, number.to_bytes(8, "little")))
        if reader.take(1) != b"\x01":
            raise Wrong("version of kept details")
        for charge, days in zip(self.charges, reader.integers(self.charge_count)):
            charge["deleted"] = days
        self._details_columns(reader, others)

    def _details_columns(self, reader, others):
        for name in ["module", "request_id", "metadata"]:
            for charge, value in zip(self.charges, reader.texts(self.charge_count)):
                charge[name] = value
        self._parameters(reader)
        for name in ["results", "bytes", "duration", "occurred", "flags"]:
            for charge, value in zip(self.charges, reader.integers(self.charge_count)):
                charge[name] = value
        for charge in self.charges:
            for name in ["results", "bytes", "duration"]:
                charge[name] = charge[name] - 1 if charge[name] else None
            occurred = charge["occurred"]
            charge["occurred"] = charge["time"] - unzigzag(occurred - 1) if occurred else None
            charge["is_agent"] = charge["flags"] >> 1 == 2
            charge["is_check"] = charge["flags"] & 1 == 1
        for event in others:
            for name in PERSONAL.get(event["kind"], []):
                if event[name] is not None:
                    event[name] = reader.bytes()
        if reader.place != len(reader.data):
            raise Wrong(f"bytes of details left at {reader.place}")

    def _parameters(self, reader):
        shapes = reader.texts(self.charge_count)
        values = [[] for _ in shapes]
        for place in range(max((shape.count(b"\x01") for shape in shapes), default=0)):
            having = [index for index, shape in enumerate(shapes) if shape.count(b"\x01") > place]
            for index, value in zip(having, reader.integers(len(having))):
                values[index].append(value)
        for charge, shape, integers in zip(self.charges, shapes, values):
            pieces = shape.split(b"\x01")
            texts = [str(integer).encode() for integer in integers] + [b""]
            charge["parameters"] = b"".join(
                piece + text for piece, text in zip(pieces, texts))


# What stands in the details part of the events that are no charges, in this order.
PERSONAL = {
    "account created": ["name", "metadata"], "account changed": ["name", "metadata"],
    "API key created": ["name"], "API key changed": ["name"],
    "granted": ["memo"], "adjusted": ["memo"], "refunded": ["memo"],
    "scenario put": ["description"],
}


def segments(rows):
    """Reads rows of number, money, details, hash and, where there is any, what is kept of deleted
    details, which follow each other from the first."""
    previous = bytes(32)
    for number, money, details, digest, *kept in rows:
        yield Segment(number, money, details, digest, previous, *kept)
        previous = digest


def rows(database):
    """The rows of a journal, with what is kept of deleted details."""
    if database.execute("PRAGMA user_version").fetchone()[0] < 2:
        return database.execute("SELECT number, money, details, hash FROM segment ORDER BY number")
    return database.execute(
        "SELECT number, money, details, hash, kept_details.body"
        " FROM segment LEFT JOIN kept_details USING (number) ORDER BY number")
