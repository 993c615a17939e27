public import Credit

/// The dense number of an account in its partition, from 0 in order of creation.
public typealias AccountSlot = UInt32

/// The dense number of an API key in its partition, from 0 in order of creation.
public typealias APIKeySlot = UInt32

/// The balance of one account: everything that a charge reads and changes.
///
/// Amounts are micro-credits. `available` is the sum of what remains in open lots, which is kept
/// beside them so that a decision reads one record; ``Ledger/audit(account:)`` recomputes it. What is widest
/// comes first, so that nothing lies between: 160 bytes.
public struct AccountRecord: Hashable, Sendable, BitwiseCopyable {
    /// Sum of the credits of all charges.
    public internal(set) var charged: Int128 = 0
    /// Sum of what charges with `on_short: collect` could not collect.
    public internal(set) var uncollected: Int128 = 0
    /// Sum of all refunds.
    public internal(set) var refunded: Int128 = 0
    /// Sum of all grants.
    public internal(set) var granted: Int128 = 0
    /// Usable and unheld.
    public internal(set) var available: Int64 = 0
    /// Reserved by open holds: of lots and of the overdraft.
    public internal(set) var held: Int64 = 0
    /// The part of it that is of the overdraft.
    public internal(set) var heldOverdraft: Int64 = 0
    /// Owed: overdraft in use.
    public internal(set) var debt: Int64 = 0
    /// How far the account may go below zero.
    public internal(set) var overdraftLimit: Int64 = 0
    /// The sequence number of the last entry; 0 before the first.
    public internal(set) var sequence: UInt64 = 0
    /// The time of the last entry.
    public internal(set) var lastTime: Instant = .earliest
    /// The first time at which a lot becomes usable or expires, or a hold expires.
    public internal(set) var nextDue: Instant = .never
    /// The first time at which the window of a budget ends.
    public internal(set) var nextReset: Instant = .never
    /// The segment that changed the account last; what a checkpoint has yet to write.
    public internal(set) var changedIn: UInt64 = 0
    /// The lots that may pay now or later, in burn order.
    var firstLot: UInt32 = Lot.none
    /// The lots that are done with.
    var firstClosedLot: UInt32 = Lot.none
    /// True when calls are counted against budgets.
    public internal(set) var hasBudgets = false
    /// True while charges are refused with `account_suspended`.
    public internal(set) var isSuspended = false

    init() {}

    /// What a charge may take: available + overdraft limit - debt - what holds reserve of it.
    ///
    /// Every term is at most 10^18 in magnitude, so that the sum fits 64 bits.
    @inlinable
    public var spendable: Int64 { available + (overdraftLimit - debt - heldOverdraft) }

    /// What calls have used: charges less refunds; what is held is not used yet.
    public var used: Int128 { charged - refunded }

    /// The figures that an answer carries.
    @inlinable
    public var balance: Balance {
        Balance(
            available: Credits(micros: available), held: Credits(micros: held),
            negative: Credits(micros: debt))
    }
}

/// The balance after an entry, as answers and entries carry it.
public struct Balance: Hashable, Sendable, BitwiseCopyable {
    /// Usable and unheld.
    public let available: Credits
    /// Reserved by open holds: of lots and of the overdraft.
    public let held: Credits
    /// Overdraft in use, as a positive amount.
    public let negative: Credits

    /// These three figures.
    @inlinable
    public init(available: Credits, held: Credits, negative: Credits) {
        self.available = available
        self.held = held
        self.negative = negative
    }
}
