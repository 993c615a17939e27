public import Credit
public import Ledger

/// A ledger by itself, driven with few words; each request is a segment of its own.
public struct LedgerDriver: Sendable {
    public private(set) var ledger: Ledger
    public private(set) var events: [(position: Position, event: Event)] = []
    public private(set) var lastCharge: ChargeEvent?
    private var segment: UInt64 = 0
    private var index: UInt32 = 0

    /// A ledger with one account, `a`.
    public init(overdraft: Int64 = 0, seed: UInt64 = 1) throws {
        ledger = Ledger(seed: seed)
        var new = NewAccount(id: try Name("a"), name: "A")
        new.overdraftLimit = Credits(micros: overdraft)
        try perform(.createAccount(new), at: 0)
    }

    /// The account's balance.
    public var record: AccountRecord { ledger.record(0) }
    /// The account's lots: those that can still pay in burn order, then the others.
    public var lots: [Lot] { ledger.lots(of: 0) }
    /// The account's figures that do not follow from its lots; none if all is well.
    public var differences: [AuditDifference] { ledger.audit(account: 0) }

    /// Decides and applies a command, after what is due; gives its position.
    @discardableResult
    public mutating func perform(_ command: Command, at time: Int64) throws(Rejection) -> Position {
        let now = Instant(micros: time)
        segment += 1
        index = 0
        if ledger.accountCount > 0 { settle(at: time) }
        return record(try ledger.decide(command, at: now))
    }

    /// Grants credits to `a`; gives the position of the grant.
    @discardableResult
    public mutating func grant(_ terms: GrantTerms, at time: Int64) throws -> Position {
        try perform(.money(try money(.grant(NewGrant(terms)))), at: time)
    }

    /// Voids a grant of `a`.
    @discardableResult
    public mutating func void(_ grant: Position, at time: Int64) throws -> Position {
        try perform(.money(try money(.void(grant.id()))), at: time)
    }

    /// Adjusts the balance of `a`.
    @discardableResult
    public mutating func adjust(_ amount: Int64, at time: Int64) throws -> Position {
        try perform(.money(try money(.adjust(Credits(micros: amount), memo: []))), at: time)
    }

    private func money(_ request: MoneyRequest) throws -> MoneyCommand {
        MoneyCommand(
            account: try Name("a"), idempotencyKey: Array("key-\(segment)".utf8), fingerprint: 1,
            request: request)
    }

    /// Charges `a`; gives the lots that paid and how much each.
    @discardableResult
    public mutating func charge(
        _ amount: Int64, onShort: ShortPolicy = .refuse, at time: Int64
    ) throws(Rejection) -> [LotShare] {
        segment += 1
        index = 0
        settle(at: time)
        var shares: [LotShare] = []
        let decision = try ledger.decideCharge(
            Credits(micros: amount), on: 0, onShort: onShort, at: Instant(micros: time),
            shares: &shares)
        var event = ChargeEvent.blank
        event.head = decision.head
        event.credits = decision.credits
        event.overdrawn = decision.overdrawn
        event.uncollected = decision.uncollected
        event.sharesCount = UInt32(shares.count)
        ledger.apply(event, shares: shares, at: next())
        lastCharge = event
        return shares
    }

    /// Makes entries of what is due on `a`.
    public mutating func settle(at time: Int64) {
        while let event = ledger.due(on: 0, at: Instant(micros: time)) { record(event) }
    }

    /// Applies an event that was decided elsewhere.
    public mutating func apply(_ event: Event, at position: Position) {
        ledger.apply(event, at: position)
    }

    @discardableResult
    private mutating func record(_ event: Event) -> Position {
        let position = next()
        ledger.apply(event, at: position)
        events.append((position, event))
        return position
    }

    private mutating func next() -> Position {
        defer { index += 1 }
        return Position(segment: segment, index: index)
    }
}
