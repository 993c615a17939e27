public import Credit
public import Ledger

/// A question about the ledger, answered in order with the commands around it.
public struct LedgerQuery: Sendable {
    /// The account whose due events become entries first, if it is about one.
    public let account: Name?
    /// Makes the answer; must neither block nor keep the ledger or the prices.
    public let answer: @Sendable (Ledger, PriceBook, Instant) -> any Sendable

    public init(
        account: Name?, answer: @escaping @Sendable (Ledger, PriceBook, Instant) -> any Sendable
    ) {
        self.account = account
        self.answer = answer
    }

    /// A question that needs no prices.
    public init(
        account: Name?, answer: @escaping @Sendable (Ledger, Instant) -> any Sendable
    ) {
        self.init(account: account) { ledger, _, now in answer(ledger, now) }
    }
}

/// What became of one item of a batch; valid once its segment is durable.
///
/// Small, because a batch has one for each charge: what is rare or large lies elsewhere.
public enum Outcome: Sendable {
    /// Not decided yet.
    case waiting
    /// Recorded at this position of the batch's segment: an entry or a refusal.
    case recorded(Position)
    /// The key was seen before: the event at this position is final for it, if what was sent then
    /// is the same.
    case seenBefore(Position)
    /// Refused without a record; the key stays free.
    indirect case rejected(Rejection)
    /// The answer to a query.
    indirect case answered(any Sendable)
    /// Storage failed: it may have happened or not.
    case unknown
}

/// Commands and queries that one caller submits together, and then what became of them.
///
/// A value that crosses threads whole: from the caller to the writer, to the committer, back.
public struct CommandBatch: Sendable {
    /// One command or query of a batch.
    public enum Item: Sendable, BitwiseCopyable {
        /// The place in `charges`.
        case charge(Int)
        /// The place in `charges` of the call, and in `holds` of what is asked beside it.
        case hold(Int, Int)
        /// The place in `charges` of what the call became, and where its hold was placed.
        case capture(Int, of: Position)
        /// The place in `commands`.
        case command(Int)
        /// The place in `queries`.
        case query(Int)
    }

    /// The place in `charges` of the call that an item is about, nil for commands and queries.
    public func call(of item: Item) -> Int? {
        switch item {
        case .charge(let place), .hold(let place, _), .capture(let place, of: _): place
        case .command, .query: nil
        }
    }

    /// The most items of a batch, so that a batch always fits a segment.
    public static let itemsMax = 16_384

    /// The texts that the charges' ranges refer to.
    public var bytes: [UInt8] = []
    public private(set) var charges: [ChargeCommand] = []
    public private(set) var holds: [HoldRequest] = []
    public private(set) var commands: [Command] = []
    public private(set) var queries: [LedgerQuery] = []
    public private(set) var items: [Item] = []
    /// What the caller knows each item by.
    public private(set) var tags: [UInt64] = []
    /// What became of each item.
    public internal(set) var outcomes: [Outcome] = []
    /// What is known of the items' keys that only disk has.
    public internal(set) var keys = KeyProof.unneeded
    /// Whose batch it is; chosen by the caller.
    public let origin: Int

    public init(origin: Int) {
        self.origin = origin
    }

    /// How many items there are.
    public var count: Int { items.count }

    /// Adds a charge whose texts lie in `bytes`.
    public mutating func append(_ charge: ChargeCommand, tag: UInt64) {
        items.append(.charge(charges.count))
        charges.append(charge)
        tags.append(tag)
    }

    /// Adds a hold for a call whose texts lie in `bytes`.
    public mutating func append(_ call: ChargeCommand, _ hold: HoldRequest, tag: UInt64) {
        items.append(.hold(charges.count, holds.count))
        charges.append(call)
        holds.append(hold)
        tags.append(tag)
    }

    /// Adds the capture of the hold placed at `hold`; what it leaves out is as the hold says.
    ///
    /// `call` names the account of the hold; its texts lie in `bytes`.
    public mutating func append(_ call: ChargeCommand, capturing hold: Position, tag: UInt64) {
        items.append(.capture(charges.count, of: hold))
        charges.append(call)
        tags.append(tag)
    }

    /// Adds a command that is no charge.
    public mutating func append(_ command: Command, tag: UInt64) {
        items.append(.command(commands.count))
        commands.append(command)
        tags.append(tag)
    }

    /// Adds a query.
    public mutating func append(_ query: LedgerQuery, tag: UInt64) {
        items.append(.query(queries.count))
        queries.append(query)
        tags.append(tag)
    }
}
