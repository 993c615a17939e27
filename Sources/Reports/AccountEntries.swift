public import Credit
public import Ledger
public import Store

/// The entries of one account, newest first: from memory what is new, from the archive the rest.
public struct AccountEntries: Sendable {
    /// How many entries are read at once: few first, as a page needs, then as many as lie together.
    private static let batchMin = 128
    private static let batchMax = 4096
    /// How many are read at once to find a place in time.
    private static let probeMax = 64
    /// How many times as many others are looked behind.
    private static let probesMax = 1000

    private let readModel: ReadModel
    private let segments: SegmentCache
    private let account: AccountSlot

    public init(of account: AccountSlot, _ readModel: ReadModel, _ segments: SegmentCache) {
        self.account = account
        self.readModel = readModel
        self.segments = segments
    }

    /// Calls `body` with the entries before `end`, newest first, until it returns false.
    ///
    /// The texts of an entry lie in the summaries beside it. Gives the last position looked at when
    /// `limit` or `body` ended it, nil when the account's end did.
    @discardableResult
    public func visit(
        before end: Position?, limit: Int, parameters: Bool = false,
        _ body: (EntrySummary, borrowing EntrySummaries) throws(StoreError) -> Bool
    ) throws(StoreError) -> Position? {
        var place = end
        var left = limit
        var size = Self.batchMin
        while left > 0 {
            let batch = try batch(before: place, min(left, size), parameters: parameters)
            size = min(size * 4, Self.batchMax)
            for entry in batch.entries.reversed() {
                place = entry.position
                guard try body(entry, batch) else { return place }
            }
            left -= batch.entries.count
            if batch.entries.isEmpty { return nil }
        }
        return place
    }

    /// The call that the refund at a position took back, alone among summaries; nil where no refund is.
    ///
    /// Refunds repeat what budgets go by of a call, and no more. It is read from where the call itself is
    /// read, so that both say the same.
    public func call(
        ofRefundAt position: Position, parameters: Bool = false
    ) throws(StoreError) -> EntrySummaries? {
        guard let charge = try segments.charge(ofRefundAt: position) else { return nil }
        let behind = Position(
            segment: charge.segment, index: charge.index + 1, partition: charge.partition)
        var found = try batch(before: behind, 1, parameters: parameters)
        found.entries.removeAll { $0.position != charge }
        return found.entries.isEmpty ? nil : found
    }

    /// The module of the call that the refund at a position took back; nil for none.
    public func module(ofRefundAt position: Position) throws(StoreError) -> String? {
        guard let called = try call(ofRefundAt: position), let entry = called.entries.first,
            !entry.module.isEmpty
        else { return nil }
        return called.text(entry.module)
    }

    private func batch(
        before end: Position?, _ limit: Int, parameters: Bool = false
    ) throws(StoreError) -> EntrySummaries {
        try readModel.entries(
            of: account, before: end, limit: limit, parameters: parameters, from: segments)
    }

    /// A place before which all entries earlier than `time` stand, and few later ones; nil for the end.
    ///
    /// Entries are in the order of time along positions, so that halving the segments finds it.
    /// Refusals and the starts and ends of runs have times of their own, even when imports give
    /// entries earlier ones.
    public func end(before time: Instant) throws(StoreError) -> Position? {
        guard let newest = try probe(before: nil).last, newest.time >= time else { return nil }
        // All entries before segment `low` are earlier, of those before `high` not all.
        var low: UInt64 = 1
        var high = newest.position.segment + 1
        while high - low > 1 {
            let middle = low + (high - low) / 2
            let probe = try probe(before: Position(segment: middle, index: 0))
            guard let newest = probe.last, newest.time >= time else {
                low = middle
                continue
            }
            // What has a time of its own and stands before the first later entry may be earlier too.
            if let last = probe.lastIndex(where: { $0.time < time }) {
                return probe[last + 1].position
            }
            high = min(middle, probe[0].position.segment + 1)
        }
        return Position(segment: low + 1, index: 0)
    }

    /// True when no entry is at or after `time`; false also when that cannot be told at once.
    public func endSurely(before time: Instant) throws(StoreError) -> Bool {
        guard let newest = try probe(before: nil).last else { return false }
        return newest.time < time
    }

    /// Some of the newest entries before a place in their order, without what has a time of its own;
    /// none when only so many of that are found.
    private func probe(before end: Position?) throws(StoreError) -> [EntrySummary] {
        var place = end
        for _ in 0..<Self.probesMax {
            let found = try batch(before: place, Self.probeMax).entries
            let entries = found.filter { $0.kind.isEntry }
            guard entries.isEmpty, let first = found.first else { return entries }
            place = first.position
        }
        return []
    }
}
