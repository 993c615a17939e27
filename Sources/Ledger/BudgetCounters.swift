internal import Credit

/// What calls have used of one budget: a number for each combination of values that has a limit of its
/// own, found without making its key.
///
/// A counter's key is each such value after its length; the empty key is that of a budget in which
/// all calls count together.
struct BudgetCounters: Sendable {
    private struct Counter: Sendable {
        let key: [UInt8]
        let hash: UInt32
        var used: Int128
    }

    /// The most counters of a budget: beyond, the oldest run is forgotten, and other values count
    /// together.
    static let countMax = 10_000
    /// So few are looked through one by one.
    private static let unindexedMax = 8
    /// The key of the counter under which values count together once there are too many: the one
    /// that was added last.
    private static let sharedKey = [UInt8.max]
    /// Spreads keys over cells and decides nothing: what the standard library seeds its tables with.
    private static let seed = UInt64(truncatingIfNeeded: Hasher().finalize())

    /// In the order of their first use from `oldest` on, and from the start again.
    private var counters: [Counter] = []
    private var oldest = 0
    /// The place of a counter plus one where its hash leads to or in a cell after that; 0 in free ones.
    ///
    /// At most half are taken. Empty for few counters.
    private var cells: [UInt32] = []

    init() {}

    /// These of a budget with these terms, in the order of their first use.
    init(_ all: [(key: [UInt8], used: Int128)], _ terms: BudgetTerms) {
        for (key, used) in all {
            let call = terms.scope(of: key)
            append(Counter(key: key, hash: Self.hash(of: call, terms), used: used))
        }
    }

    /// All of them, in the order of their first use.
    var all: [(key: [UInt8], used: Int128)] {
        (counters[oldest...] + counters[..<oldest]).map { ($0.key, $0.used) }
    }

    /// What was used of the counter that a call counts under.
    @inline(__always)
    func used(by call: ScopeRanges, in bytes: Span<UInt8>, _ terms: BudgetTerms) -> Int128 {
        place(of: call, in: bytes, terms).map { counters[$0].used } ?? 0
    }

    /// The key of the counter that a call counts under; nil before anything was counted.
    func key(of call: ScopeRanges, in bytes: Span<UInt8>, _ terms: BudgetTerms) -> [UInt8]? {
        place(of: call, in: bytes, terms).map { counters[$0].key }
    }

    /// Adds to the counter that a call counts under, which begins with that.
    @inline(__always)
    mutating func add(
        _ micros: Int128, by call: ScopeRanges, in bytes: Span<UInt8>, _ terms: BudgetTerms
    ) {
        if let place = place(of: call, in: bytes, terms) {
            counters[place].used += micros
        } else {
            begin(with: micros, by: call, in: bytes, terms)
        }
    }

    /// Changes the counter that a call counts under, if there is one; never below zero.
    mutating func change(
        by micros: Int128, _ call: ScopeRanges, in bytes: Span<UInt8>, _ terms: BudgetTerms
    ) {
        guard let place = place(of: call, in: bytes, terms) else { return }
        counters[place].used = max(0, counters[place].used + micros)
    }

    /// True when other values count together with all that have no counter.
    private func isShared(_ terms: BudgetTerms) -> Bool {
        counters.count >= Self.countMax && terms.window != .run
    }

    private mutating func begin(
        with micros: Int128, by call: ScopeRanges, in bytes: Span<UInt8>, _ terms: BudgetTerms
    ) {
        let key = isShared(terms) ? Self.sharedKey : terms.counterKey(of: call, in: bytes)
        let hash = terms.counterHash(of: call, in: bytes, seed: Self.seed)
        let counter = Counter(key: key, hash: hash, used: micros)
        guard terms.window == .run, counters.count >= Self.countMax else { return append(counter) }
        removeFromCells(oldest)
        counters[oldest] = counter
        addToCells(oldest)
        oldest = (oldest + 1) % counters.count
    }

    private mutating func append(_ counter: Counter) {
        counters.append(counter)
        guard counters.count > Self.unindexedMax else { return }
        if counters.count * 2 > cells.count {
            cells = [UInt32](repeating: 0, count: max(32, cells.count * 2))
            for place in counters.indices { addToCells(place) }
        } else {
            addToCells(counters.count - 1)
        }
    }
}

// MARK: Finding

extension BudgetCounters {
    @inline(__always)
    private func place(
        of call: ScopeRanges, in bytes: Span<UInt8>, _ terms: BudgetTerms
    ) -> Int? {
        let hash = terms.counterHash(of: call, in: bytes, seed: Self.seed)
        guard !cells.isEmpty else {
            for place in counters.indices where counters[place].hash == hash {
                if terms.isCounterKey(counters[place].key, of: call, in: bytes) {
                    return place
                }
            }
            return nil
        }
        var cell = home(of: hash)
        while cells[cell] != 0 {
            let place = Int(cells[cell]) - 1
            if counters[place].hash == hash,
                terms.isCounterKey(counters[place].key, of: call, in: bytes)
            {
                return place
            }
            cell = (cell + 1) & (cells.count - 1)
        }
        return isShared(terms) && counters.count > Self.countMax ? Self.countMax : nil
    }

    private static func hash(of call: CallScope, _ terms: BudgetTerms) -> UInt32 {
        terms.counterHash(of: call.ranges, in: call.texts.span, seed: seed)
    }

    private func home(of hash: UInt32) -> Int { Int(hash) & (cells.count - 1) }

    private mutating func addToCells(_ place: Int) {
        guard !cells.isEmpty else { return }
        var cell = home(of: counters[place].hash)
        while cells[cell] != 0 { cell = (cell + 1) & (cells.count - 1) }
        cells[cell] = UInt32(truncatingIfNeeded: place + 1)
    }

    /// Frees the cell of a counter, and moves those up that were placed behind it for want of room.
    private mutating func removeFromCells(_ place: Int) {
        guard !cells.isEmpty else { return }
        let mask = cells.count - 1
        var hole = home(of: counters[place].hash)
        while cells[hole] != UInt32(truncatingIfNeeded: place + 1) { hole = (hole + 1) & mask }
        var cell = (hole + 1) & mask
        while cells[cell] != 0 {
            let wanted = home(of: counters[Int(cells[cell]) - 1].hash)
            if (cell - wanted) & mask >= (cell - hole) & mask {
                cells[hole] = cells[cell]
                hole = cell
            }
            cell = (cell + 1) & mask
        }
        cells[hole] = 0
    }
}

extension BudgetCounters: Hashable {
    /// True when both count the same in the same order.
    static func == (left: Self, right: Self) -> Bool {
        left.all.elementsEqual(right.all) { $0 == $1 }
    }

    func hash(into hasher: inout Hasher) {
        for (key, used) in all {
            hasher.combine(key)
            hasher.combine(used)
        }
    }
}
