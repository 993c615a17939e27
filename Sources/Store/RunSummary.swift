public import Credit
public import Ledger

/// What the entries of a run of a scenario add up to, or those of a part of it.
public struct RunSummary: Hashable, Sendable {
    public var account: AccountSlot
    public var run: [UInt8]
    /// The scenario that was said first; empty when none was.
    public var scenario: [UInt8]
    /// The first and the last of its entries, the reports of its start and end among them.
    public var first: Position
    public var last: Position
    /// The earliest and the latest time of these; refunds do not move the latest, which is
    /// `Instant.earliest` for a part that has nothing but refunds.
    public var firstTime: Instant
    public var lastTime: Instant
    /// When it began as was reported first, else `Instant.never`.
    public var startedAt = Instant.never
    /// When its end was reported last, else `Instant.never`.
    public var finishedAt = Instant.never
    /// How it ended.
    public var status = CallStatus.unsaid
    /// Micro-credits, less what was refunded.
    public var credits: Int128 = 0
    public var calls: Int64 = 0
    /// How many of the calls failed.
    public var failures: Int64 = 0
    /// Data transferred.
    public var bytes: Int128 = 0

    /// A run of which only where it begins is known.
    init(account: AccountSlot, run: [UInt8], first: Position, time: Instant) {
        self.account = account
        self.run = run
        scenario = []
        (self.first, last) = (first, first)
        (firstTime, lastTime) = (time, time)
    }

    /// The summary of one entry.
    public init(_ entry: EntrySummary, of texts: [UInt8]) {
        self.init(
            entry, run: entry.run.bytes(in: texts), scenario: entry.scenario.bytes(in: texts))
    }

    init(_ entry: EntrySummary, run: [UInt8], scenario: [UInt8]) {
        self.init(
            account: entry.account, run: run, first: entry.position, time: entry.time)
        self.scenario = scenario
        if entry.kind == .refund { lastTime = .earliest }
        take(entry)
    }

    /// Adds a later entry of the run.
    public mutating func add(_ entry: EntrySummary, of texts: [UInt8]) {
        if scenario.isEmpty { scenario = entry.scenario.bytes(in: texts) }
        add(entry)
    }

    /// Adds a later entry of the run and the same scenario.
    mutating func add(_ entry: EntrySummary) {
        last = entry.position
        firstTime = min(firstTime, entry.time)
        if entry.kind != .refund { lastTime = max(lastTime, entry.time) }
        take(entry)
    }

    private mutating func take(_ entry: EntrySummary) {
        switch entry.kind {
        case .runStart: if startedAt == .never { startedAt = entry.startedAt }
        case .runFinish:
            finishedAt = entry.time
            status = entry.status
        default:
            let sums = UsageSums(of: entry)
            credits += sums.credits
            calls &+= sums.calls
            bytes += sums.bytes
            if entry.isCall, entry.status.isFailure { failures &+= 1 }
        }
    }

    /// Adds a part of the run that comes later.
    public mutating func append(_ later: Self) {
        last = later.last
        firstTime = min(firstTime, later.firstTime)
        lastTime = max(lastTime, later.lastTime)
        if scenario.isEmpty { scenario = later.scenario }
        if startedAt == .never { startedAt = later.startedAt }
        if later.finishedAt != .never {
            finishedAt = later.finishedAt
            status = later.status
        }
        credits += later.credits
        calls &+= later.calls
        failures &+= later.failures
        bytes += later.bytes
    }

    /// A number that stands for the account and the name in filters.
    public static func hash(_ name: [UInt8], of account: AccountSlot) -> UInt64 {
        // FNV-1a.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(account)
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return KeyFilter.mix(hash)
    }

    /// True when this one is stored before another: by account, then by the bytes of the run.
    public func precedes(_ other: Self) -> Bool { precedes(other.run, of: other.account) }

    /// True when this one is stored before the run of an account that has this name.
    public func precedes(_ name: [UInt8], of other: AccountSlot) -> Bool {
        guard account == other else { return account < other }
        return Bytes.compare(run.span, name.span) < 0
    }
}

extension ByteRange {
    /// The text there; an empty one lies anywhere.
    fileprivate func bytes(in texts: [UInt8]) -> [UInt8] { isEmpty ? [] : Array(texts[indices]) }
}

/// Adds entries up to the runs that they are of; entries come by account, then in their order.
struct RunFold: Sendable {
    private var found: [RunSummary] = []
    private var names = CodeNumbers()
    /// For the number of each name the place of its last run, plus one.
    private var places: [UInt32] = []
    /// Where the runs of the account at hand begin.
    private var start = 0
    /// The place of the run added to last, and what its name is.
    private var latest = 0
    private var latestName = TextCode.empty

    /// Adds an entry of a run, whose name and scenario are codes of a pool.
    mutating func add(
        _ entry: EntrySummary, run: TextCode, scenario: TextCode, of pool: TextPool
    ) {
        if latest < found.count, latestName == run, found[latest].account == entry.account {
            return add(entry, scenario, of: pool)
        }
        if found.last?.account != entry.account { endAccount() }
        latestName = run
        let number = names.number(of: run)
        while places.count <= number { places.append(0) }
        if Int(places[number]) > start {
            latest = Int(places[number]) - 1
            add(entry, scenario, of: pool)
        } else {
            latest = found.count
            found.append(
                RunSummary(entry, run: pool.bytes(run), scenario: pool.bytes(scenario)))
            places[number] = UInt32(truncatingIfNeeded: found.count)
        }
    }

    private mutating func add(_ entry: EntrySummary, _ scenario: TextCode, of pool: TextPool) {
        if found[latest].scenario.isEmpty, scenario != .empty {
            found[latest].scenario = pool.bytes(scenario)
        }
        found[latest].add(entry)
    }

    private mutating func endAccount() {
        found[start...].sort { $0.precedes($1) }
        start = found.count
    }

    /// The runs in the order in which they are stored.
    mutating func finish() -> [RunSummary] {
        endAccount()
        return found
    }
}
