public import Credit

/// One account as a checkpoint keeps it.
///
/// What follows from the lots (their links, and when something is next due) is left out, so that
/// two accounts that hold the same are equal.
public struct AccountImage: Hashable, Sendable {
    public let slot: AccountSlot
    public let profile: AccountProfile
    public let record: AccountRecord
    /// The lots that may pay now or later in burn order, then the others.
    public let lots: [Lot]
    /// The open holds in the order in which they were placed.
    public let holds: [Hold]
    /// What has been taken back of which charges, by position.
    public let refunds: [RefundTotal]
    /// The budgets in the order of their names.
    public let budgets: [Budget]
    /// Nil when it never had a plan.
    public let subscription: Subscription?

    public init(
        slot: AccountSlot, profile: AccountProfile, record: AccountRecord, lots: [Lot],
        holds: [Hold], refunds: [RefundTotal], budgets: [Budget],
        subscription: Subscription?
    ) {
        self.slot = slot
        var profile = profile
        profile.periodEnd = subscription?.end ?? .never
        self.profile = profile
        self.record = record.withoutLinks
        self.lots = lots.map(\.withoutLink)
        self.holds = holds
        self.refunds = refunds
        self.budgets = budgets
        self.subscription = subscription
    }
}

extension AccountRecord {
    fileprivate var withoutLinks: Self {
        var record = self
        record.firstLot = Lot.none
        record.firstClosedLot = Lot.none
        record.nextDue = .never
        record.nextReset = .never
        record.hasBudgets = false
        return record
    }
}

extension Lot {
    fileprivate var withoutLink: Self {
        var lot = self
        lot.next = Lot.none
        return lot
    }
}

/// A copy of the accounts and the catalogue as they were after one segment.
///
/// Taking it costs the writer little: it shares its pages with the ledger until they change. Of the
/// idempotency keys it holds those that the window has sealed.
public struct LedgerImage: Sendable {
    private let ledger: Ledger
    /// The keys of segments that have not been dropped from memory, oldest first.
    public let sealedKeys: [KeyWindow.Part]

    fileprivate init(_ ledger: Ledger, sealedKeys: [KeyWindow.Part]) {
        self.ledger = ledger
        self.sealedKeys = sealedKeys
    }

    /// What rarely changes, in which nothing can be looked up by its id.
    public var catalogue: Catalogue { ledger.catalogue }
    public var accountCount: Int { ledger.accountCount }

    /// The account at `slot`, or nil when no segment after `segment` changed it.
    public func account(_ slot: AccountSlot, changedAfter segment: UInt64) -> AccountImage? {
        let record = ledger.record(slot)
        guard record.changedIn > segment else { return nil }
        return AccountImage(
            slot: slot, profile: ledger.catalogue.accounts[Int(slot)], record: record,
            lots: ledger.lots(of: slot), holds: ledger.holds(of: slot),
            refunds: ledger.refunds.totals(of: slot), budgets: ledger.budgets(of: slot),
            subscription: ledger.subscription(slot))
    }
}

extension Ledger {
    /// The accounts and the catalogue as they are now.
    public var image: LedgerImage {
        var copy = Ledger(seed: 0)
        copy.catalogue = catalogue.withoutIndices
        copy.records = records
        copy.lots = lots
        copy.holds = holds
        copy.refunds = refunds
        copy.budgets = budgets
        copy.subscriptions = subscriptions
        return LedgerImage(copy, sealedKeys: keyWindow.sealed)
    }

    /// A ledger restored from the images of all accounts in the order of their slots, as they were
    /// after the segment `through`, which disk has the idempotency keys of.
    public init(
        seed: UInt64, through: UInt64, accounts: [AccountImage], apiKeys: [APIKeyRecord],
        priceLists: [Catalogue.PriceListVersion], plans: [PlanEvent],
        scenarios: [ScenarioRecord]
    ) {
        self.init(seed: seed)
        keyWindow = KeyWindow(seed: seed, after: through)
        for image in accounts { restore(image) }
        for key in apiKeys { catalogue.append(key) }
        catalogue.priceLists = priceLists
        for plan in plans { catalogue.append(plan) }
        for scenario in scenarios { catalogue.put(scenario) }
    }

    private mutating func restore(_ image: AccountImage) {
        catalogue.append(image.profile)
        var record = image.record
        let open = image.lots.filter { $0.state != .closed }
        let closed = image.lots.filter { $0.state == .closed }
        record.firstLot = chain(open)
        record.firstClosedLot = chain(closed)
        records.append(record)
        for hold in image.holds { holds.insert(hold) }
        for refund in image.refunds { refunds.add(refund, of: image.slot) }
        if !image.budgets.isEmpty {
            budgets[image.slot].replace(by: image.budgets)
            noteBudgets(of: image.slot, in: 0)
        }
        if let subscription = image.subscription { subscriptions[image.slot] = subscription }
        scheduleDue(of: image.slot)
    }

    /// Appends lots as one chain; gives its first place.
    private mutating func chain(_ chained: [Lot]) -> UInt32 {
        guard !chained.isEmpty else { return Lot.none }
        let first = UInt32(truncatingIfNeeded: lots.count)
        for (offset, lot) in chained.enumerated() {
            var linked = lot
            linked.next = offset + 1 < chained.count ? UInt32(lots.count) + 1 : Lot.none
            lots.append(linked)
        }
        return first
    }
}

extension AccountProfile {
    /// A profile read back from a checkpoint.
    public init(
        restoring id: Name, name: String, timeZone: String, anchor: Instant,
        isAnchorFixed: Bool, plan: PlanReference?, priceList: Name?, metadata: [UInt8],
        createdAt: Instant
    ) {
        self.init(
            id: id, name: name, timeZone: timeZone, anchor: anchor, plan: plan,
            isAnchorFixed: isAnchorFixed, priceList: priceList, metadata: metadata,
            createdAt: createdAt)
    }
}

extension APIKeyRecord {
    /// A key read back from a checkpoint.
    public init(
        restoring id: APIKeyID, key: NewAPIKey, account: AccountSlot?, isRevoked: Bool,
        createdAt: Instant
    ) {
        self.init(
            id: id, role: key.role, account: account, name: key.name,
            secretHash: key.secretHash, hint: key.hint, scopes: key.scopes,
            expiresAt: key.expiresAt, isRevoked: isRevoked, createdAt: createdAt)
    }
}

extension Catalogue.PriceListVersion {
    /// A version read back from a checkpoint.
    public init(restoring event: PriceListEvent) {
        self.init(
            name: event.name, version: event.version, effectiveAt: event.effectiveAt,
            json: event.json, createdAt: event.time)
    }
}

extension AccountRecord {
    /// A balance read back from a checkpoint.
    public init(
        restoring balance: Balance, heldOverdraft: Int64, overdraftLimit: Credits,
        charged: Int128, uncollected: Int128, refunded: Int128, granted: Int128, sequence: UInt64,
        lastTime: Instant,
        changedIn: UInt64, isSuspended: Bool
    ) {
        self.init()
        available = balance.available.micros
        held = balance.held.micros
        debt = balance.negative.micros
        self.heldOverdraft = heldOverdraft
        self.refunded = refunded
        self.overdraftLimit = overdraftLimit.micros
        self.charged = charged
        self.uncollected = uncollected
        self.granted = granted
        self.sequence = sequence
        self.lastTime = lastTime
        self.changedIn = changedIn
        self.isSuspended = isSuspended
    }
}

extension Lot {
    /// A lot read back from a checkpoint.
    public init(
        restoring position: Position, source: GrantSource, priority: Int32,
        effectiveAt: Instant, expiresAt: Instant, amounts: [Int64], state: State,
        isVoided: Bool
    ) {
        self.init(
            position: position, source: source, priority: priority, effectiveAt: effectiveAt,
            expiresAt: expiresAt, granted: amounts[0], remaining: amounts[1], held: amounts[2],
            spent: amounts[3], expired: amounts[4], voided: amounts[5], state: state,
            isVoided: isVoided)
    }

    /// Granted, remaining, held, spent, expired, voided.
    public var amounts: [Int64] { [granted, remaining, held, spent, expired, voided] }
}
