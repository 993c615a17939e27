public import Credit

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
    @inline(__always)
    func includes(_ call: ScopeRanges, in bytes: Span<UInt8>) -> Bool {
        guard window != .run || !call.isSilent(of: .run) else { return false }
        for index in 0..<min(scope.count, BudgetDimension.count) {
            let dimension = Self.dimension(index)
            switch scope[index] {
            case .any: break
            case .each: if call.isSilent(of: dimension) { return false }
            case .only(let value):
                guard call.says(value.span, of: dimension, in: bytes) else { return false }
            }
        }
        return true
    }

    @inline(__always)
    private static func dimension(_ index: Int) -> BudgetDimension {
        BudgetDimension(rawValue: UInt8(truncatingIfNeeded: index)) ?? .action
    }

    /// True when each value of a dimension has a limit of its own.
    @inline(__always)
    private func hasCounters(of dimension: BudgetDimension) -> Bool {
        if dimension == .run, window == .run { return true }
        guard scope.count > Int(dimension.rawValue),
            case .each = scope[Int(dimension.rawValue)]
        else { return false }
        return true
    }

    /// What tells the counter of a call from the others: each value that has a limit of its own, after
    /// its length.
    func counterKey(of call: ScopeRanges, in bytes: Span<UInt8>) -> [UInt8] {
        var key: [UInt8] = []
        for dimension in BudgetDimension.allCases where hasCounters(of: dimension) {
            let value = call.value(of: dimension, in: bytes)
            key.append(UInt8(truncatingIfNeeded: value.count))
            key += value
        }
        return key
    }

    /// The hash of that key.
    @inline(__always)
    func counterHash(of call: ScopeRanges, in bytes: Span<UInt8>, seed: UInt64) -> UInt32 {
        var hash = KeyedHash(seed: seed)
        for index in 0..<BudgetDimension.count where hasCounters(of: Self.dimension(index)) {
            call.mix(Self.dimension(index), in: bytes, to: &hash)
        }
        return UInt32(truncatingIfNeeded: hash.finished.low)
    }

    /// True for that key.
    @inline(__always)
    func isCounterKey(
        _ key: [UInt8], of call: ScopeRanges, in bytes: Span<UInt8>
    ) -> Bool {
        let key = key.span
        var place = 0
        for index in 0..<BudgetDimension.count where hasCounters(of: Self.dimension(index)) {
            guard place < key.count else { return false }
            let end = place + 1 + Int(key[place])
            guard end <= key.count,
                call.says(
                    key.extracting(place + 1..<end), of: Self.dimension(index), in: bytes)
            else { return false }
            place = end
        }
        return place == key.count
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
    var counted: BudgetCounters

    /// The counters in the order of their first use.
    public var counters: [(key: [UInt8], used: Int128)] { counted.all }

    public init(
        _ terms: BudgetTerms, since: Position, windowStart: Instant, windowEnd: Instant,
        counters: [(key: [UInt8], used: Int128)] = []
    ) {
        self.terms = terms
        self.since = since
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        counted = BudgetCounters(counters, terms)
    }

    /// Begins to count from zero.
    mutating func restart(_ range: Range<Instant>, at position: Position) {
        since = position
        windowStart = range.lowerBound
        windowEnd = range.upperBound
        counted = BudgetCounters()
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

    /// A call that says the values of a counter's key, and nothing else.
    func scope(of counter: [UInt8]) -> CallScope {
        var values = [[UInt8]](repeating: [], count: BudgetDimension.count)
        for (dimension, value) in self.values(of: counter) {
            values[Int(dimension.rawValue)] = value
        }
        return CallScope(values: values)
    }
}
