public import Credit

/// The accounts of one partition: a pure state machine in two halves.
///
/// `decide` gives the event that a command causes, or a ``Rejection``, and changes nothing;
/// `apply` changes the state by a decided event and cannot fail. It reads no clock, disk or random
/// source: folding the same events gives the same state. Before a command at time t is decided,
/// whatever is due on its account at or before t becomes entries (``due(on:at:)``).
/// See docs/adr/0002-layout-and-layers.md.
public struct Ledger: Sendable {
    public internal(set) var catalogue: Catalogue
    /// The events that recent keys of accounts are final for.
    public var keyWindow: KeyWindow
    /// Every account falls due at this time or later.
    public var firstDue: Instant { dueQueue.first?.time ?? .never }
    var dueQueue = DueQueue()
    var records = PagedArray<AccountRecord>()
    var lots = PagedArray<Lot>()
    /// The places of lots that were forgotten, linked as those of an account are.
    var firstFreeLot = Lot.none
    var holds = HoldTable()
    var refunds = RefundTable()
    var budgets = SlotTable<AccountBudgets>(empty: .none)
    var subscriptions = SlotTable<Subscription?>(empty: nil)

    /// How many stale entries of ``dueQueue`` are kept beside two for each account.
    static let staleDuesMax = 1024
    /// The most open holds of an account.
    public static let openHoldsMax = 100_000

    /// An empty ledger; `seed` makes its hash tables unforeseeable and changes no decision.
    public init(seed: UInt64) {
        keyWindow = KeyWindow(seed: seed)
        catalogue = Catalogue(seed: seed)
    }

    /// How many accounts there are; their slots are 0 to this, exclusive.
    public var accountCount: Int { records.count }

    /// The hash under which a key of the account at `slot` is kept.
    public func keyHash(of key: Span<UInt8>, on slot: AccountSlot) -> IdempotencyIndex.Hash {
        let id = catalogue.accounts[Int(slot)].id.text
        return keyWindow.hash(of: key, account: id.utf8.span)
    }

    /// How much overdraft each account has, in micro-credits, by slot.
    public var overdraftLimits: [Int64] { (0..<accountCount).map { records[$0].overdraftLimit } }

    /// The balance of the account at `slot`.
    public func record(_ slot: AccountSlot) -> AccountRecord { records[Int(slot)] }

    /// The slot of the account with this id.
    public func slot(of id: Span<UInt8>) -> AccountSlot? { catalogue.slot(of: id) }

    /// The slot of the account with this id.
    public func slot(of id: Name) -> AccountSlot? { catalogue.slot(of: id) }

    /// The lots of an account: those that may pay now or later in burn order, then the others.
    ///
    /// Those that have ended are one lot together (``Lot/isEnded``).
    public func lots(of slot: AccountSlot) -> [Lot] {
        let record = records[Int(slot)]
        return chain(from: record.firstLot) + chain(from: record.firstClosedLot)
    }

    private func chain(from first: UInt32) -> [Lot] {
        var found: [Lot] = []
        var next = first
        while next != Lot.none {
            let lot = lots[Int(next)]
            found.append(lot)
            next = lot.next
        }
        return found
    }

    /// The time of an entry decided now: never before the account's last entry.
    func entryTime(_ now: Instant, on slot: AccountSlot) -> Instant {
        max(now, records[Int(slot)].lastTime)
    }

    /// The head of the next entry of an account.
    func head(
        on slot: AccountSlot, at time: Instant, available: Int64, held: Int64? = nil, debt: Int64
    ) -> EntryHead {
        let record = records[Int(slot)]
        return EntryHead(
            account: slot, sequence: record.sequence + 1, time: time,
            balance: Balance(
                available: Credits(micros: available), held: Credits(micros: held ?? record.held),
                negative: Credits(micros: debt)))
    }

    /// Takes over what an entry's head says.
    mutating func apply(head: EntryHead, in segment: UInt64) {
        records[Int(head.account)].apply(head, in: segment)
    }
}
