public import Credit

/// What a budget can be about.
public enum BudgetDimension: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case team
    case key
    case scenario
    case run
    case action

    /// The name in JSON.
    public var text: StaticString {
        switch self {
        case .team: "team"
        case .key: "key"
        case .scenario: "scenario"
        case .run: "run"
        case .action: "action"
        }
    }
}

/// What a call says of each dimension; no bytes where it says nothing.
public struct CallScope: Hashable, Sendable {
    private var values: [[UInt8]]

    /// What a call says whose texts lie in `bytes`.
    public init(
        action: ByteRange, key: APIKeySlot, details: CallDetails, in bytes: Span<UInt8>
    ) {
        func text(_ range: ByteRange) -> [UInt8] {
            var text: [UInt8] = []
            _ = text.appending(bytes.extracting(range.indices))
            return text
        }
        values = [
            text(details.team), Self.value(of: key), text(details.scenario), text(details.run),
            text(action),
        ]
    }

    /// These values, one for each dimension.
    public init(values: [[UInt8]]) {
        self.values = values
    }

    /// What it says of one dimension.
    public subscript(dimension: BudgetDimension) -> [UInt8] {
        let index = Int(dimension.rawValue)
        return index < values.count ? values[index] : []
    }

    /// An API key as a value: its slot in four bytes, low first.
    public static func value(of key: APIKeySlot) -> [UInt8] {
        guard key != ChargeCommand.noKey else { return [] }
        return (0..<4).map { UInt8(truncatingIfNeeded: key >> ($0 * 8)) }
    }

    /// The API key that a value stands for, or ``ChargeCommand/noKey``.
    public static func key(of value: [UInt8]) -> APIKeySlot {
        guard !value.isEmpty else { return ChargeCommand.noKey }
        return value.reversed().reduce(0) { $0 << 8 | APIKeySlot($1) }
    }

    /// The API key of the call, or ``ChargeCommand/noKey``.
    public var key: APIKeySlot { Self.key(of: self[.key]) }
}

/// Which values of a dimension a budget is about.
public enum BudgetMatch: Hashable, Sendable {
    /// All calls, whatever they say or whether they say anything.
    case any
    /// Each value has a limit of its own; calls that say nothing have none.
    case each
    case only([UInt8])
}

/// The stretch of time or work after which a budget's use counts from zero again.
public enum BudgetWindow: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// Never.
    case none
    /// Each run has a limit of its own.
    case run
    case hour
    case day
    case week
    case month
    /// The billing period of the account.
    case period

    /// The name in JSON.
    public var text: String {
        switch self {
        case .none: "none"
        case .run: "run"
        case .hour: "hour"
        case .day: "day"
        case .week: "week"
        case .month: "month"
        case .period: "period"
        }
    }
}

/// A cap on what calls of a scope may cost in a window.
public struct BudgetTerms: Hashable, Sendable {
    public var name: Name
    /// One for each dimension.
    public var scope: [BudgetMatch]
    /// Micro-credits.
    public var limit: Int64
    public var window: BudgetWindow
    /// A budget that must allow what this one allows, whatever its own scope.
    public var parent: Name?

    public init(
        name: Name, scope: [BudgetMatch], limit: Int64, window: BudgetWindow, parent: Name?
    ) {
        self.name = name
        self.scope = scope
        self.limit = limit
        self.window = window
        self.parent = parent
    }

    /// True when both are about the same use: only the limit may differ.
    func hasShape(of other: Self) -> Bool {
        scope == other.scope && window == other.window && parent == other.parent
    }

    /// True for calls that it is about by itself.
    func includes(_ call: CallScope) -> Bool {
        guard window != .run || !call[.run].isEmpty else { return false }
        for (match, dimension) in zip(scope, BudgetDimension.allCases) {
            switch match {
            case .any: break
            case .each: if call[dimension].isEmpty { return false }
            case .only(let value): if call[dimension] != value { return false }
            }
        }
        return true
    }

    /// What tells the counter of a call from the others: each value that has a limit of its own, after
    /// its length.
    func counterKey(of call: CallScope) -> [UInt8] {
        var key: [UInt8] = []
        for (match, dimension) in zip(scope, BudgetDimension.allCases) {
            guard match == .each || (dimension == .run && window == .run) else { continue }
            let value = call[dimension]
            key.append(UInt8(truncatingIfNeeded: value.count))
            key += value
        }
        return key
    }
}

/// Why a budget does not allow what is asked.
public struct BudgetExcess: Hashable, Sendable {
    public let budget: Name
    public let limit: Credits
    /// Micro-credits used of it, holds included.
    public let used: Int128
    /// When use counts from zero again, `Instant.never` when it does not.
    public let resetsAt: Instant

    public init(budget: Name, limit: Credits, used: Int128, resetsAt: Instant) {
        self.budget = budget
        self.limit = limit
        self.used = used
        self.resetsAt = resetsAt
    }
}

/// A counter that a hold was added to: of the window that began there, with this key.
public struct BudgetCount: Hashable, Sendable {
    public let since: Position
    public let key: [UInt8]

    public init(since: Position, key: [UInt8]) {
        self.since = since
        self.key = key
    }
}

/// A budget and what has been used of it.
public struct Budget: Hashable, Sendable {
    public internal(set) var terms: BudgetTerms
    /// Where its window began to be counted; no two windows have the same.
    public internal(set) var since: Position
    public internal(set) var windowStart: Instant
    /// `Instant.never` when use is never counted from zero again.
    public internal(set) var windowEnd: Instant
    /// The counters in the order of their first use.
    public internal(set) var counters: [(key: [UInt8], used: Int128)] {
        get { order.map { ($0, used[$0] ?? 0) } }
        set {
            order = newValue.map(\.key)
            used = Dictionary(newValue.map { ($0.key, $0.used) }) { $1 }
        }
    }

    /// The most counters of a budget: beyond, the oldest run is forgotten, and other values count
    /// together.
    static let countersMax = 10_000

    private var used: [[UInt8]: Int128] = [:]
    private var order: [[UInt8]] = []

    public init(
        _ terms: BudgetTerms, since: Position, windowStart: Instant, windowEnd: Instant,
        counters: [(key: [UInt8], used: Int128)] = []
    ) {
        self.terms = terms
        self.since = since
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        self.counters = counters
    }

    /// What has been used by calls with this counter key.
    public func used(_ key: [UInt8]) -> Int128 { used[counted(key)] ?? 0 }

    /// The key that a call counts under, which many share once there are too many.
    private func counted(_ key: [UInt8]) -> [UInt8] {
        let isFull = order.count >= Self.countersMax && used[key] == nil && terms.window != .run
        return isFull ? [UInt8.max] : key
    }

    /// Adds to a counter, which begins with that; gives the key under which it was counted.
    mutating func add(_ micros: Int128, to key: [UInt8]) -> [UInt8] {
        let key = counted(key)
        if let before = used[key] {
            used[key] = before + micros
            return key
        }
        if terms.window == .run, order.count >= Self.countersMax {
            used[order.removeFirst()] = nil
        }
        used[key] = micros
        order.append(key)
        return key
    }

    /// Changes a counter if there is one; never below zero.
    mutating func change(_ key: [UInt8], by micros: Int128) {
        let key = counted(key)
        guard let before = used[key] else { return }
        used[key] = max(0, before + micros)
    }

    /// Begins to count from zero.
    mutating func restart(_ range: Range<Instant>, at position: Position) {
        since = position
        windowStart = range.lowerBound
        windowEnd = range.upperBound
        counters = []
    }
}

extension BudgetTerms {
    /// The values that a counter's key was made of; none for the counter that values share.
    public func values(of counter: [UInt8]) -> [(dimension: BudgetDimension, value: [UInt8])] {
        var found: [(dimension: BudgetDimension, value: [UInt8])] = []
        var rest = counter[...]
        for (match, dimension) in zip(scope, BudgetDimension.allCases) {
            guard match == .each || (dimension == .run && window == .run) else { continue }
            guard let count = rest.popFirst(), count <= rest.count else { return [] }
            found.append((dimension, Array(rest.prefix(Int(count)))))
            rest = rest.dropFirst(Int(count))
        }
        return found
    }
}
