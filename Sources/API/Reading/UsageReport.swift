internal import CivilTime
internal import Credit
internal import Engine
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// Sums usage up into buckets: cells that lie within one bucket as they are, and what a bucket or the
/// range cuts in two entry by entry, so that every bucket is exact in any zone.
struct UsageReport: Sendable {
    private static let quarterMicros: Int64 = 900_000_000

    let services: APIServices
    let query: UsageQuery
    let view: ReadView

    /// Nothing is later than now.
    private var to: Instant { query.to ?? Instant(micros: view.now.micros + 1) }

    func answer() throws(Problem) -> UsageAnswer {
        guard let profile = services.directory.profile(view.slot) else { throw .nothingHere }
        let timeZone = query.timeZone ?? profile.timeZone
        let directory = services.directory
        var sums = UsageBuckets(
            starts: try starts(in: timeZone), end: to, group: query.group
        ) { directory.apiKey($0)?.id.text }
        do throws(StoreError) {
            try add(to: &sums)
        } catch {
            throw Problem(error)
        }
        guard !sums.isIncomplete else {
            throw .invalidParameter(
                "from",
                "the account has more than \(services.limits.usageEdgeEntriesMax) entries that would "
                    + "have to be read one by one")
        }
        return UsageAnswer(
            account: view.id, from: query.from, to: query.to ?? view.now,
            resolution: query.resolution.rawValue, timeZone: timeZone,
            groupBy: query.groupText, buckets: sums.buckets)
    }

    private func starts(in timeZone: String) throws(Problem) -> [Instant] {
        guard let rules = services.zones.rules(of: timeZone) else {
            throw .invalidParameter("time_zone", "it is no time zone that this system knows")
        }
        guard query.from < to else { return [] }
        let from = query.from.floor(toSeconds: 1).micros / 1_000_000
        let last = Instant(micros: to.micros - 1).floor(toSeconds: 1).micros / 1_000_000
        let limit = services.limits.usageBucketsMax
        guard
            let starts = rules.bucketStarts(
                of: query.resolution.unit, from: from, to: last + 1, limit: limit)
        else { throw .invalidParameter("from", "a report has at most \(limit) buckets") }
        return starts.enumerated().map { index, start in
            index == 0 ? query.from : Instant(micros: start * 1_000_000)
        }
    }

    private static func quarter(_ time: Instant) -> Int64 {
        time.floor(toSeconds: 900).micros / quarterMicros
    }

    private func add(to sums: inout UsageBuckets) throws(StoreError) {
        guard query.from < to else { return }
        let quarters = Self.quarter(query.from)..<Self.quarter(Instant(micros: to.micros - 1)) + 1
        if let group = query.group, !group.isKeptInCells {
            let newest = try services.readModel.usage(of: view.slot, quarters: 0..<0)
            return try add(query.from..<to, through: newest.through, &sums)
        }
        let (through, found) = try services.readModel.usage(of: view.slot, quarters: quarters)
        let names = found.names
        let wanted = CellFilter(query.filter, query.group, names)
        var whole: [(cell: UsageCell, bucket: Int)] = []
        var cut: Set<Range<Int64>> = []
        let end = try endOfCells()
        for cell in found.cells {
            let match = wanted.match(cell.key)
            guard match != .none else { continue }
            let start = Instant(micros: cell.key.start * Self.quarterMicros)
            let cellEnd = min(Instant(micros: cell.key.end * Self.quarterMicros), end)
            if match == .all, let bucket = sums.bucket(holding: start..<max(start, cellEnd)) {
                whole.append((cell, bucket))
            } else {
                cut.insert(cell.key.start..<cell.key.end)
            }
        }
        let ranges = Self.ranges(cut, among: &whole)
        for (cell, bucket) in whole { sums.add(cell, to: bucket, names) }
        for range in ranges {
            let start = max(Instant(micros: range.lowerBound * Self.quarterMicros), query.from)
            let end = min(Instant(micros: range.upperBound * Self.quarterMicros), to)
            if start < end { try add(start..<end, through: through, &sums) }
        }
    }

    /// Nothing in cells that have been read is later: the end of the range where the account surely has
    /// no entry after it, else now.
    private func endOfCells() throws(StoreError) -> Instant {
        let nowEnd = Instant(micros: view.now.micros + 1)
        guard to < nowEnd else { return nowEnd }
        let entries = AccountEntries(of: view.slot, services.readModel, services.segments)
        return try entries.endSurely(before: to) ? to : nowEnd
    }

    /// The stretches that are read entry by entry, and removes the cells that these have a part of.
    ///
    /// A narrow cell can lie within a wide one; the entries of what is read have both.
    private static func ranges(
        _ cut: Set<Range<Int64>>, among whole: inout [(cell: UsageCell, bucket: Int)]
    ) -> [Range<Int64>] {
        var cut = cut
        while true {
            let ranges = joined(cut)
            let count = whole.count
            whole.removeAll { cell, _ in
                guard overlaps(ranges, cell.key.start..<cell.key.end) else { return false }
                cut.insert(cell.key.start..<cell.key.end)
                return true
            }
            if whole.count == count { return ranges }
        }
    }

    /// True when some quarters are in one of the ranges, which rise and do not touch.
    private static func overlaps(_ ranges: [Range<Int64>], _ quarters: Range<Int64>) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].lowerBound < quarters.upperBound {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low > 0 && ranges[low - 1].overlaps(quarters)
    }

    /// The same quarters in as few ranges as there can be; none is twice in them.
    private static func joined(_ ranges: Set<Range<Int64>>) -> [Range<Int64>] {
        var joined: [Range<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, range.lowerBound <= last.upperBound {
                let end = max(last.upperBound, range.upperBound)
                joined[joined.count - 1] = last.lowerBound..<end
            } else {
                joined.append(range)
            }
        }
        return joined
    }

    /// Adds the entries of a stretch of time, newest first.
    private func add(
        _ range: Range<Instant>, through: UInt64, _ sums: inout UsageBuckets
    ) throws(StoreError) {
        let entries = AccountEntries(of: view.slot, services.readModel, services.segments)
        var filter = query.filter
        (filter.from, filter.to) = (range.lowerBound, range.upperBound)
        let newest = Position(segment: through + 1, index: 0)
        let end = try entries.end(before: range.upperBound).map { min($0, newest) } ?? newest
        var isWhole = false
        let last = try entries.visit(
            before: end, limit: services.limits.usageEdgeEntriesMax,
            parameters: query.group?.isParameter ?? false
        ) { (entry, summaries) throws(StoreError) in
            if entry.kind == .refund {
                try addRefund(entry, of: summaries, from: entries, filter, &sums)
            } else if entry.isUsage, filter.includes(entry, of: summaries) {
                sums.add(entry, of: summaries)
            }
            isWhole = entry.kind.isEntry && entry.time < range.lowerBound
            return !isWhole
        }
        if !isWhole, last != nil { sums.isIncomplete = true }
    }

    /// Adds a refund as its charge was: with the status, module and parameters that refunds do not
    /// repeat.
    private func addRefund(
        _ refund: EntrySummary, of summaries: borrowing EntrySummaries,
        from entries: AccountEntries, _ filter: EntryFilter, _ sums: inout UsageBuckets
    ) throws(StoreError) {
        let needsCall = filter.status != nil || query.group?.isOfCallAlone ?? false
        let parameters = query.group?.isParameter ?? false
        guard needsCall,
            var called = try entries.call(ofRefundAt: refund.position, parameters: parameters),
            var entry = called.entries.first
        else {
            if filter.includes(refund, of: summaries) { sums.add(refund, of: summaries) }
            return
        }
        (entry.kind, entry.position, entry.time) = (.refund, refund.position, refund.time)
        (entry.credits, entry.extra) = (refund.credits, refund.extra)
        called.entries = [entry]
        if filter.includes(entry, of: called) { sums.add(entry, of: called) }
    }
}

extension UsageQuery.Group {
    /// False when only entries tell what is grouped.
    var isKeptInCells: Bool {
        switch self {
        case .run, .module, .parameter: false
        case .action, .key, .team, .scenario, .status, .planOrExtra: true
        }
    }

    /// True for what a call says and a refund of it does not repeat.
    var isOfCallAlone: Bool {
        switch self {
        case .status, .module, .parameter: true
        case .action, .key, .team, .scenario, .planOrExtra, .run: false
        }
    }

    /// True when the parameters of calls tell what is grouped.
    var isParameter: Bool {
        if case .parameter = self { true } else { false }
    }
}
