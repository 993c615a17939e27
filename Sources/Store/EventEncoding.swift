internal import Credit
internal import Ledger

/// The first byte of an event that is no charge; a number is never used again.
enum EventTag {
    static let accountCreated: UInt8 = 1
    static let accountChanged: UInt8 = 2
    static let accountSuspended: UInt8 = 3
    static let accountResumed: UInt8 = 4
    static let apiKeyCreated: UInt8 = 5
    static let apiKeyChanged: UInt8 = 6
    static let apiKeyRevoked: UInt8 = 7
    static let priceListPut: UInt8 = 8
    static let granted: UInt8 = 9
    static let lot: UInt8 = 10
    static let adjusted: UInt8 = 11
    static let refused: UInt8 = 12
    static let released: UInt8 = 13
    static let refunded: UInt8 = 14
    static let budgetPut: UInt8 = 15
    static let budgetDeleted: UInt8 = 16
    static let budgetRestarted: UInt8 = 17
    static let planPut: UInt8 = 18
    static let periodStarted: UInt8 = 19
    static let planPending: UInt8 = 20
    static let scenarioPut: UInt8 = 21
    static let runStarted: UInt8 = 22
    static let runFinished: UInt8 = 23
}

extension [UInt8] {
    /// Appends an event: its tag, then its fields in the order of docs/journal-format.md.
    mutating func append(event: Event) {
        switch event {
        case .accountCreated(let new, let time):
            append(EventTag.accountCreated)
            append(new)
            append(time: time)
        case .accountChanged(let slot, let change, let time):
            append(EventTag.accountChanged)
            append(varint: UInt64(slot))
            append(change)
            append(time: time)
        case .accountSuspended(let slot, let time):
            append(EventTag.accountSuspended, slot, time)
        case .accountResumed(let slot, let time): append(EventTag.accountResumed, slot, time)
        case .apiKeyCreated(let new, let time):
            append(EventTag.apiKeyCreated)
            append(new)
            append(time: time)
        case .apiKeyChanged(let slot, let change, let time):
            append(EventTag.apiKeyChanged)
            append(varint: UInt64(slot))
            append(change)
            append(time: time)
        case .apiKeyRevoked(let slot, let time): append(EventTag.apiKeyRevoked, slot, time)
        case .priceListPut(let event): append(event)
        case .planPut(let event): append(event)
        case .periodStarted(let event): append(event)
        case .planPending(let event): append(event)
        case .budgetPut(let event): append(event)
        case .budgetDeleted(let slot, let name, let time):
            append(EventTag.budgetDeleted, budget: name, of: slot, window: nil, time)
        case .budgetRestarted(let slot, let name, let window, let time):
            append(EventTag.budgetRestarted, budget: name, of: slot, window: window, time)
        case .granted(let event): append(event)
        case .lot(let event): append(event)
        case .adjusted(let event): append(event)
        case .released(let event): append(event)
        case .refunded(let event): append(event)
        case .refused(let event): append(event)
        case .scenarioPut(let event): append(event)
        case .runStarted(let event): append(event)
        case .runFinished(let event): append(event)
        }
    }

    private mutating func append(_ tag: UInt8, _ slot: UInt32, _ time: Instant) {
        append(tag)
        append(varint: UInt64(slot))
        append(time: time)
    }

    mutating func append(time: Instant) {
        append(fixed: time.micros)
    }

    mutating func append(signed value: Int64) {
        append(varint: ZigZag.encode(value))
    }

    mutating func append(position: Position) {
        append(varint: position.segment)
        append(varint: UInt64(position.index))
    }

    /// Appends 0, or 1 and the value.
    mutating func append<Value>(
        optional value: Value?, _ body: (inout [UInt8], Value) -> Void
    ) {
        append(value == nil ? 0 : 1)
        if let value { body(&self, value) }
    }

    mutating func append(_ new: NewAccount) {
        append(byteString: new.id.text)
        append(byteString: new.name)
        append(byteString: new.timeZone)
        append(optional: new.anchor) { $0.append(time: $1) }
        append(signed: new.overdraftLimit.micros)
        append(optional: new.priceList) { $0.append(byteString: $1.text) }
        append(byteString: new.metadata)
        append(optional: new.plan) { $0.append(byteString: $1.text) }
    }

    private mutating func append(_ change: AccountChange) {
        append(optional: change.name) { $0.append(byteString: $1) }
        append(optional: change.timeZone) { $0.append(byteString: $1) }
        append(optional: change.overdraftLimit) { $0.append(signed: $1.micros) }
        append(optional: change.priceList) { bytes, list in
            bytes.append(optional: list) { $0.append(byteString: $1.text) }
        }
        append(optional: change.metadata) { $0.append(byteString: $1) }
    }

    mutating func append(_ new: NewAPIKey) {
        switch new.role {
        case .operator: append(0)
        case .service: append(1)
        case .customer(let account):
            append(2)
            append(byteString: account.text)
        }
        append(byteString: new.name)
        append(byteString: new.secretHash)
        append(byteString: new.hint)
        append(scopes: new.scopes)
        append(optional: new.expiresAt) { $0.append(time: $1) }
    }

    private mutating func append(scopes: [String]) {
        append(varint: UInt64(scopes.count))
        for scope in scopes { append(byteString: scope) }
    }

    private mutating func append(_ change: APIKeyChange) {
        append(optional: change.name) { $0.append(byteString: $1) }
        append(optional: change.scopes) { $0.append(scopes: $1) }
        append(optional: change.expiresAt) { bytes, time in
            bytes.append(optional: time) { $0.append(time: $1) }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ event: PriceListEvent) {
        append(EventTag.priceListPut)
        append(byteString: event.name.text)
        append(varint: UInt64(event.version))
        append(time: event.effectiveAt)
        append(byteString: event.json)
        append(time: event.time)
    }

    fileprivate mutating func append(_ event: GrantEvent) {
        append(EventTag.granted)
        append(head: event.head)
        append(optional: event.key) { $0.append(key: $1) }
        append(signed: event.amount.micros)
        append(event.source.rawValue)
        append(signed: Int64(event.priority))
        append(time: event.effectiveAt)
        append(time: event.expiresAt)
        append(signed: event.repaid)
        append(event.isAdjustment ? 1 : 0)
        append(byteString: event.memo)
    }

    fileprivate mutating func append(_ event: LotEvent) {
        append(EventTag.lot)
        append(event.cause.rawValue)
        append(head: event.head)
        append(position: event.grant)
        append(signed: event.amount)
        append(signed: event.repaid)
        append(optional: event.key) { $0.append(key: $1) }
    }

    fileprivate mutating func append(_ event: AdjustmentEvent) {
        append(EventTag.adjusted)
        append(head: event.head)
        append(key: event.key)
        append(signed: event.amount.micros)
        append(shares: event.shares)
        append(signed: event.overdrawn)
        append(byteString: event.memo)
    }

    fileprivate mutating func append(_ event: ReleaseEvent) {
        append(EventTag.released)
        append(head: event.head)
        append(optional: event.key) { $0.append(key: $1) }
        append(position: event.settlement.hold)
        append(event.settlement.cause.rawValue)
        append(signed: event.settlement.reserved)
        append(signed: event.settlement.repaid)
        append(signed: event.settlement.lapsed)
    }

    fileprivate mutating func append(_ event: RefundEvent) {
        append(EventTag.refunded)
        append(head: event.head)
        append(key: event.key)
        append(position: event.charge)
        append(signed: event.amount)
        append(signed: event.forgiven)
        append(signed: event.repaid)
        append(shares: event.shares)
        append(signed: event.regranted)
        append(position: event.countedAt)
        append(event.call)
        append(byteString: event.memo)
    }

    mutating func append(shares: [LotShare]) {
        append(varint: UInt64(shares.count))
        for share in shares {
            append(position: share.grant)
            append(share.source.rawValue)
            append(signed: share.micros)
        }
    }

    fileprivate mutating func append(_ event: RefusalEvent) {
        append(EventTag.refused)
        append(varint: UInt64(event.account))
        append(time: event.time)
        append(key: event.key)
        switch event.reason {
        case .insufficientCredits(let required, let spendable):
            append(0)
            append(signed: required.micros)
            append(signed: spendable.micros)
        case .accountSuspended: append(1)
        case .holdNotOpen: append(2)
        case .refundExceedsCharge(let refundable):
            append(3)
            append(signed: refundable.micros)
        case .budgetExceeded(let excess):
            append(4)
            append(byteString: excess.budget.text)
            append(signed: excess.limit.micros)
            append(fixed: excess.used)
            append(time: excess.resetsAt)
        }
        append(byteString: event.action)
        append(varint: UInt64(event.apiKey &+ 1))
    }

    private mutating func append(head: EntryHead) {
        append(varint: UInt64(head.account))
        append(varint: head.sequence)
        append(time: head.time)
        append(signed: head.balance.available.micros)
        append(signed: head.balance.held.micros)
        append(signed: head.balance.negative.micros)
    }

    mutating func append(key: EntryKey) {
        append(byteString: key.bytes)
        append(fixed: key.fingerprint)
    }
}
