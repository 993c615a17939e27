"""What clients did and were told: the input of `linearizable.check`. Times are in nanoseconds."""

import dataclasses

from ledger_model import Request


@dataclasses.dataclass(slots=True)
class Operation:
    """A request under its key, with what every answer to it said.

    It began with its first attempt and returned with its first answer; an answer is a `Reply` or
    a `Refusal` of `ledger_model`.
    """

    account: str
    key: str
    request: Request
    invoked: int
    returned: int | None = None
    answers: list = dataclasses.field(default_factory=list)

    @property
    def reply(self):
        return self.answers[0] if self.answers else None


@dataclasses.dataclass(slots=True)
class Read:
    """A balance: `lots` has remaining and held by the id of the grant."""

    account: str
    invoked: int
    returned: int
    seq: int
    balance: tuple
    uncollected: int
    granted: int
    lots: dict


@dataclasses.dataclass(slots=True)
class Poison:
    """A key used again for something else, after it had an outcome."""

    account: str
    key: str
    status: int
    code: str | None


@dataclasses.dataclass(slots=True)
class History:
    """All that happened on accounts whose overdraft limits are those of `overdrafts`."""

    overdrafts: dict
    operations: list = dataclasses.field(default_factory=list)
    reads: list = dataclasses.field(default_factory=list)
    poisons: list = dataclasses.field(default_factory=list)
