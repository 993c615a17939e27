public import Credit
public import Ledger
public import Store

/// The runs of scenarios of one account, and the entries that make them.
public struct AccountRuns: Sendable {
    /// How many entries are looked at before the runs that they are of are looked up.
    private static let batchMax = 1000

    private let readModel: ReadModel
    private let segments: SegmentCache
    private let account: AccountSlot

    public init(of account: AccountSlot, _ readModel: ReadModel, _ segments: SegmentCache) {
        self.account = account
        self.readModel = readModel
        self.segments = segments
    }

    private var entries: AccountEntries { AccountEntries(of: account, readModel, segments) }

    /// What each of some runs adds up to; nil for one that has no entries.
    public func summaries(_ names: [[UInt8]]) throws(StoreError) -> [RunSummary?] {
        try parts(names).map { parts in
            guard var sum = parts.first else { return nil }
            for part in parts.dropFirst() { sum.append(part) }
            return sum
        }
    }

    private func parts(_ names: [[UInt8]]) throws(StoreError) -> [[RunSummary]] {
        try readModel.runs(names, of: account, from: segments)
    }

    /// Calls `body` with the entries of a run, or of all for nil, before `end`, newest first, until it
    /// returns false.
    ///
    /// Looks at no entries but those between the run's own. Gives the last position looked at when
    /// `limit` or `body` ended it, nil when the first entry did.
    public func visit(
        _ run: [UInt8]?, before end: Position?, limit: Int, parameters: Bool = false,
        _ body: (EntrySummary, borrowing EntrySummaries) throws(StoreError) -> Bool
    ) throws(StoreError) -> Position? {
        guard let run else {
            return try entries.visit(before: end, limit: limit, parameters: parameters, body)
        }
        var left = limit
        for part in try parts([run])[0].reversed() {
            let behind = Position(
                segment: part.last.segment, index: part.last.index + 1,
                partition: part.last.partition)
            let start = end.map { min($0, behind) } ?? behind
            guard part.first < start else { continue }
            var goesOn = true
            let stop = try entries.visit(before: start, limit: left, parameters: parameters) {
                (entry, summaries) throws(StoreError) in
                guard entry.position >= part.first else { return false }
                left -= 1
                guard run.span.isEqual(to: summaries.bytes.span.extracting(entry.run.indices))
                else { return true }
                goesOn = try body(entry, summaries)
                return goesOn
            }
            if let stop, !goesOn || left <= 0 { return stop }
        }
        return nil
    }

    /// The runs that began before `end`, newest first, at most `limit` that `includes` lets through.
    ///
    /// A run stands where its first entry does. Looks at `looked` entries at most; gives where the next
    /// page goes on, nil at the account's end.
    public func list(
        before end: Position?, limit: Int, looking looked: Int, until from: Instant?,
        _ includes: (RunSummary) -> Bool
    ) throws(StoreError) -> (runs: [RunSummary], next: Position?) {
        var found: [RunSummary] = []
        var known: [[UInt8]: RunSummary] = [:]
        var place = end
        var left = looked
        while left > 0 {
            let batch = try batch(before: place, min(left, Self.batchMax))
            let unknown = Set(batch.map(\.run)).filter { !$0.isEmpty && known[$0] == nil }
            for case let summary? in try summaries(Array(unknown)) {
                known[summary.run] = summary
            }
            for entry in batch {
                place = entry.position
                left -= 1
                if let run = known[entry.run], run.first == entry.position, includes(run) {
                    found.append(run)
                    if found.count == limit { return (found, place) }
                }
                if let from, entry.isTimed, entry.time < from { return (found, nil) }
            }
            if batch.isEmpty { return (found, nil) }
        }
        return (found, place)
    }

    private struct Place {
        let position: Position
        let run: [UInt8]
        let time: Instant
        /// False for what has a time of its own.
        let isTimed: Bool
    }

    private func batch(before end: Position?, _ limit: Int) throws(StoreError) -> [Place] {
        var places: [Place] = []
        try entries.visit(before: end, limit: limit) { entry, summaries in
            places.append(
                Place(
                    position: entry.position,
                    run: summaries.bytes(entry.run),
                    time: entry.time, isTimed: entry.kind.isEntry))
            return true
        }
        return places
    }
}
