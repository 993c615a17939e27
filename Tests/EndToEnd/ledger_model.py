"""One account of the ledger by its written rules, one request after the other, in whole numbers.

The rules are those of docs/charging.md and of the decision pages on holds, refunds and burn order;
no code is shared with the server. Amounts are micro-credits. Nothing here expires or waits: the
requests of `storm.py` ask for nothing that would within a run.
"""

import bisect
import dataclasses

PRIORITIES = {"promo": 5, "rollover": 8, "plan": 10, "top_up": 20, "adjustment": 20}
# When a lot expires, by rank: those that refunds make, then far dates, then never.
SOON, FAR, NEVER = 0, 1, 2


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for; `amount` is None where it leaves it out."""

    kind: str
    amount: int | None = None
    collects: bool = False
    source: str = "top_up"
    expires: bool = False
    target: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused, and the two figures of a 402: what it takes, what there is."""

    status: int
    code: str
    figures: tuple = ()


@dataclasses.dataclass(slots=True)
class Reply:
    """What an entry says: its place and ids, its amounts by name, and the balance after it."""

    seq: int
    entry: str | None
    made: str | None
    amounts: dict
    lots: list
    balance: tuple


@dataclasses.dataclass(slots=True)
class Lot:
    """The credits of a grant; `name` is None until an answer tells the id."""

    name: str | None
    order: tuple
    left: int
    held: int = 0
    is_listed: bool = False


@dataclasses.dataclass(slots=True)
class Hold:
    """What a hold reserves: of lots, of the overdraft, and all of it."""

    parts: list
    overdraft: int
    total: int


@dataclasses.dataclass(slots=True)
class Charge:
    """A charge or capture from its end: uncollected, overdrawn, then the lots, last first."""

    slices: list
    credits: int
    refunded: int = 0


class Account:
    """The balance of an account and what is open on it."""

    def __init__(self, overdraft=0):
        self.overdraft = overdraft
        self.lots = []
        self.holds = {}
        self.charges = {}
        self.debt = 0
        self.uncollected = 0
        self.granted = 0
        self.seq = 0

    @property
    def available(self):
        return sum(lot.left for lot in self.lots)

    @property
    def held(self):
        return sum(hold.total for hold in self.holds.values())

    @property
    def room(self):
        """What is left of the overdraft."""
        return max(0, self.overdraft - self.debt - sum(h.overdraft for h in self.holds.values()))

    @property
    def balance(self):
        return (self.available, self.held, self.debt)

    @property
    def spendable(self):
        held = sum(hold.overdraft for hold in self.holds.values())
        return self.available + self.overdraft - self.debt - held

    def lots_left(self):
        """What a balance lists: remaining and held of each lot that has either."""
        return [(lot, (lot.left, lot.held)) for lot in self.lots]

    def refusal(self, request):
        """Why the request would be refused now; None when it would not."""
        kind, amount = request.kind, request.amount
        if kind in ("capture", "release"):
            hold = self.holds.get(request.target)
            if hold is None:
                return Refusal(409, "hold_not_open")
            return self._capture_refusal(hold, request) if kind == "capture" else None
        if kind == "refund":
            charge = self.charges.get(request.target)
            left = charge.credits - charge.refunded if charge else 0
            asked = left if amount is None else amount
            if 0 < asked <= left:
                return None
            return Refusal(422, "refund_exceeds_charge")
        if kind == "grant" or request.collects or amount <= max(0, self.spendable):
            return None
        return Refusal(402, "insufficient_credits", (amount, self.spendable))

    def _capture_refusal(self, hold, request):
        asked = hold.total if request.amount is None else request.amount
        covered = hold.total + self.available + self.room
        if request.collects or asked <= covered:
            return None
        return Refusal(402, "insufficient_credits", (asked, covered))

    def perform(self, request, entry, made):
        """Carries out what is not refused; gives the reply, `entry` and `made` being its ids."""
        self.seq += 1
        amounts, lots = getattr(self, f"_{request.kind}")(request, entry, made)
        reply = Reply(self.seq, entry, made, amounts, lots, self.balance)
        regranted = amounts.get("regranted", 0)
        if regranted:
            # An entry of its own, in the same commit.
            self.seq += 1
            self._add_lot(None, "adjustment", SOON, regranted, regranted)
        self._drop_empty_lots()
        return reply

    def _add_lot(self, name, source, rank, granted, left):
        self.granted += granted
        self._give(Lot(name, (PRIORITIES[source], rank, self.seq), 0), left)

    def _give(self, lot, micros):
        """Adds to a lot, which is in the list while it has something."""
        lot.left += micros
        if not lot.is_listed:
            lot.is_listed = True
            bisect.insort(self.lots, lot, key=lambda lot: lot.order)

    def _drop_empty_lots(self):
        for lot in self.lots:
            lot.is_listed = bool(lot.left or lot.held)
        self.lots = [lot for lot in self.lots if lot.is_listed]

    def _grant(self, request, _entry, made):
        repaid = min(self.debt, request.amount)
        self.debt -= repaid
        rank = FAR if request.expires else NEVER
        self._add_lot(made, request.source, rank, request.amount, request.amount - repaid)
        return {"credits": request.amount, "repaid": repaid}, []

    def _take(self, amount):
        """Takes from the lots in burn order what they have; gives the parts."""
        parts = []
        for lot in self.lots:
            part = min(amount, lot.left)
            if part:
                lot.left -= part
                amount -= part
                parts.append((lot, part))
        return parts

    def _charge(self, request, entry, _made):
        parts = self._take(request.amount)
        rest = request.amount - total(parts)
        overdrawn = min(rest, self.room)
        return self._spend(entry, request.amount, parts, overdrawn, rest - overdrawn)

    def _spend(self, entry, amount, parts, overdrawn, uncollected):
        """Records what an entry spent, for refunds."""
        self.debt += overdrawn
        self.uncollected += uncollected
        slices = [("nobody", uncollected), ("overdraft", overdrawn), *reversed(parts)]
        self.charges[entry] = Charge(slices, amount)
        return {"credits": amount, "uncollected": uncollected}, parts

    def _hold(self, request, _entry, made):
        parts = self._take(request.amount)
        for lot, part in parts:
            lot.held += part
        self.holds[made] = Hold(parts, request.amount - total(parts), request.amount)
        return {"credits": 0, "uncollected": 0, "held": request.amount}, parts

    def _give_back(self, parts):
        """Gives credits back to their lots, debt first; gives what repaid it."""
        repaid = 0
        for lot, micros in parts:
            part = min(micros, self.debt)
            self.debt -= part
            repaid += part
            self._give(lot, micros - part)
        return repaid

    def _end_hold(self, request):
        hold = self.holds[request.target]
        for lot, part in hold.parts:
            lot.held -= part
        return hold

    def _release(self, request, _entry, _made):
        hold = self._end_hold(request)
        del self.holds[request.target]
        repaid = self._give_back(hold.parts)
        return {"credits": 0, "reserved": hold.total, "released": hold.total,
                "repaid": repaid, "lapsed": 0}, []

    def _capture(self, request, entry, _made):
        hold = self._end_hold(request)
        amount = hold.total if request.amount is None else request.amount
        room = hold.overdraft + self.room
        del self.holds[request.target]
        paid, back = split(hold.parts, amount)
        more = self._take(amount - total(paid))
        rest = amount - total(paid) - total(more)
        overdrawn = min(rest, room)
        repaid = self._give_back(back)
        amounts, lots = self._spend(entry, amount, paid + more, overdrawn, rest - overdrawn)
        return {**amounts, "reserved": hold.total, "released": max(0, hold.total - amount),
                "repaid": repaid, "lapsed": 0}, lots

    def _refund(self, request, _entry, _made):
        charge = self.charges[request.target]
        left = charge.credits - charge.refunded
        amount = left if request.amount is None else request.amount
        figures = {"credits": amount, "forgiven": 0, "repaid": 0, "regranted": 0}
        lots = []
        _, rest = split(charge.slices, charge.refunded)
        for origin, micros in split(rest, amount)[0]:
            if origin == "nobody":
                figures["forgiven"] += micros
                self.uncollected -= micros
                continue
            repaid = min(micros, self.debt)
            self.debt -= repaid
            figures["repaid"] += repaid
            if origin == "overdraft":
                figures["regranted"] += micros - repaid
            elif micros > repaid:
                self._give(origin, micros - repaid)
                lots.append((origin, micros - repaid))
        charge.refunded += amount
        return figures, lots


def total(parts):
    return sum(micros for _, micros in parts)


def split(parts, amount):
    """Parts in two lists: their first `amount` micro-credits, and the rest."""
    first, rest = [], []
    for origin, micros in parts:
        part = min(micros, amount)
        amount -= part
        if part:
            first.append((origin, part))
        if micros > part:
            rest.append((origin, micros - part))
    return first, rest
