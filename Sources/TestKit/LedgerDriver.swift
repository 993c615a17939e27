public import Credit
public import Ledger

/// A ledger by itself, driven with few words; each request is a segment of its own.
public struct LedgerDriver: Sendable {
    public private(set) var ledger: Ledger
    public private(set) var events: [(position: Position, event: Event)] = []
    public private(set) var lastCharge: ChargeEvent?
    /// The last charge, as a refund needs to know it.
    public private(set) var lastFacts: RefundedCharge?
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
        begin(at: time)
        var shares: [LotShare] = []
        let decision = try ledger.decideCharge(
            Credits(micros: amount), on: 0, onShort: onShort, at: Instant(micros: time),
            shares: &shares)
        let event = event(decision, shares)
        let position = next()
        ledger.apply(event, shares: shares, bytes: [], at: position)
        lastCharge = event
        lastFacts = RefundedCharge(event, shares: shares, bytes: [], at: position)
        return shares
    }

    /// Begins a segment and makes entries of what is due.
    private mutating func begin(at time: Int64) {
        segment += 1
        index = 0
        settle(at: time)
    }

    private func event(_ decision: ChargeDecision, _ shares: [LotShare]) -> ChargeEvent {
        var event = ChargeEvent.blank
        event.head = decision.head
        event.credits = decision.credits
        event.overdrawn = decision.overdrawn
        event.uncollected = decision.uncollected
        event.sharesCount = UInt32(shares.count)
        return event
    }

    @discardableResult
    private mutating func record(
        _ event: ChargeEvent, _ role: HoldRole, _ shares: [LotShare]
    ) -> Position {
        let position = next()
        ledger.apply(event, role, shares: shares, bytes: [], at: position)
        lastCharge = event
        lastFacts = RefundedCharge(event, shares: shares, bytes: [], at: position)
        return position
    }

    /// Reserves credits of `a`; gives the hold.
    @discardableResult
    public mutating func hold(_ terms: HoldAsk, at time: Int64) throws(Rejection) -> Hold {
        begin(at: time)
        var shares: [LotShare] = []
        let decision = try ledger.decideHold(
            Credits(micros: terms.amount), on: 0, at: Instant(micros: time), shares: &shares)
        let request = HoldRequest(terms)
        let placed = HoldTerms(
            expiresAt: decision.head.time.advanced(seconds: request.seconds),
            onExpiry: request.onExpiry, minimum: request.minimum)
        let position = record(event(decision, shares), .placed(placed), shares)
        guard let hold = ledger.hold(at: position) else { throw .holdNotOpen }
        return hold
    }

    /// Charges for a hold of `a`; gives the lots that paid.
    @discardableResult
    public mutating func capture(
        _ hold: Hold, _ amount: Int64, onShort: ShortPolicy = .collect, at time: Int64
    ) throws(Rejection) -> [LotShare] {
        begin(at: time)
        guard let open = ledger.hold(at: hold.position) else { throw .holdNotOpen }
        return try capture(open, amount, cause: .requested, onShort: onShort, at: time)
    }

    private mutating func capture(
        _ hold: Hold, _ amount: Int64, cause: HoldSettlement.Cause,
        onShort: ShortPolicy = .collect, at time: Int64
    ) throws(Rejection) -> [LotShare] {
        var shares: [LotShare] = []
        let (decision, settlement) = try ledger.decideCapture(
            Credits(micros: amount), of: hold, cause: cause, onShort: onShort,
            at: Instant(micros: time), shares: &shares)
        record(event(decision, shares), .captured(settlement), shares)
        return shares
    }

    /// Gives back what a hold of `a` reserves.
    @discardableResult
    public mutating func release(_ hold: Hold, at time: Int64) throws -> Position {
        try perform(.money(try money(.release(hold.position))), at: time)
    }

    /// Takes back some of the last charge of `a`, or all that is left of it; gives the refund.
    @discardableResult
    public mutating func refund(_ amount: Int64? = nil, of charge: RefundedCharge, at time: Int64)
        throws -> RefundEvent
    {
        let refund = Refund(
            charge: charge, amount: amount.map(Credits.init(micros:)),
            validSeconds: ModelLedger.regrantSeconds, memo: [])
        let position = try perform(.money(try money(.refund(refund))), at: time)
        guard case .refunded(let event)? = events.last?.event else {
            throw Rejection.grantNotFound
        }
        if let grant = ledger.regrant(
            after: event, at: position, validSeconds: refund.validSeconds)
        {
            record(.granted(grant))
        }
        return event
    }

    /// Makes entries of what is due on `a`.
    public mutating func settle(at time: Int64) {
        while let step = ledger.due(on: 0, at: Instant(micros: time)) {
            switch step {
            case .event(let event): record(event)
            case .capture(let hold, let micros):
                _ = try? capture(hold, micros, cause: .expired, at: hold.terms.expiresAt.micros)
            case .period: return
            }
        }
    }

    /// Goes on with another ledger.
    mutating func replace(by ledger: Ledger) {
        self.ledger = ledger
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
