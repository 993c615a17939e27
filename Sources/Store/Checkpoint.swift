public import Credit
public import Ledger

/// A place in the journal: everything up to and including one segment.
public struct JournalMark: Hashable, Sendable {
    /// The number of the segment; 0 before the first.
    public let number: UInt64
    /// The hash of the segment.
    public let hash: [UInt8]
    /// When the segment was begun.
    public let time: Instant

    public init(number: UInt64, hash: [UInt8], time: Instant) {
        self.number = number
        self.hash = hash
        self.time = time
    }

    /// Before the first segment.
    public static let start = Self(number: 0, hash: SegmentFormat.firstHash, time: .earliest)
}

/// Segments that follow each other.
public struct SegmentRange: Hashable, Sendable {
    /// The last segment before them.
    public let after: UInt64
    /// The last of them.
    public let through: UInt64

    public init(after: UInt64, through: UInt64) {
        self.after = after
        self.through = through
    }
}

/// All that is derived from the journal up to one segment and is new since the last checkpoint.
public struct Checkpoint: Sendable {
    /// The last segment that it includes.
    public let through: JournalMark
    /// The accounts, keys and price lists as they were after that segment.
    public let image: LedgerImage
    /// What was used since the last checkpoint.
    public let usage: any UsageListing

    public init(through: JournalMark, image: LedgerImage, usage: any UsageListing) {
        self.through = through
        self.image = image
        self.usage = usage
    }
}

/// What a checkpoint gives back at the start.
public struct RestoredState: Sendable {
    /// The last segment that it includes.
    public let through: JournalMark
    public let accounts: [AccountImage]
    public let apiKeys: [APIKeyRecord]
    public let priceLists: [Catalogue.PriceListVersion]
    public let plans: [PlanEvent]
    public let scenarios: [ScenarioRecord]

    public init(
        through: JournalMark, accounts: [AccountImage], apiKeys: [APIKeyRecord],
        priceLists: [Catalogue.PriceListVersion], plans: [PlanEvent],
        scenarios: [ScenarioRecord]
    ) {
        self.through = through
        self.accounts = accounts
        self.apiKeys = apiKeys
        self.priceLists = priceLists
        self.plans = plans
        self.scenarios = scenarios
    }
}

/// Keeps checkpoints: derived from the journal, so that damage costs time and nothing else.
public protocol StateStore: ~Copyable {
    /// Adds a checkpoint; all of it or nothing is there after a crash.
    mutating func write(_ checkpoint: Checkpoint) throws(StoreError)
}

/// Reads what checkpoints hold of usage.
public protocol UsageReader: Sendable {
    /// The usage of an account, or of all together for nil, in all cells that a range of quarters
    /// has a part of; and up to which segment it reaches, so that the caller can add what came later.
    func usage(
        of account: AccountSlot?, quarters: Range<Int64>
    ) throws(StoreError) -> (through: UInt64, cells: UsageCells)
}

/// Reads the archive of entries.
///
/// Each answer says up to which segment the archive reaches, so that the caller can add exactly what
/// came later.
public protocol EntryReader: Sendable {
    /// The newest entries of an account before `end`, as many of at most `limit` as lie together, in
    /// their order; none when there are no more.
    func entries(
        of account: AccountSlot, before end: Position?, limit: Int, parameters: Bool
    ) throws(StoreError) -> (through: UInt64, entries: EntrySummaries)

    /// What is known of some runs of an account: for each its parts, oldest first, none for one that
    /// has no entries.
    func runs(
        _ names: [[UInt8]], of account: AccountSlot
    ) throws(StoreError) -> (through: UInt64, parts: [[RunSummary]])
}
