internal import CivilTime
internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// `GET /v1/usage`.
extension APIApplication {
    func showUsage(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: UsageQuery.parameters)
        let account = try readAccount(query, call)
        let wanted = try UsageQuery(query, now: call.now, services.directory)
        let format = ListFormat(request)
        let services = services
        view(account, call) { [self] view in
            report(call) { () throws(Problem) in
                let answer = try UsageReport(services: services, query: wanted, view: view)
                    .answer()
                guard format == .csv else {
                    var body: [UInt8] = []
                    answer.write(to: &body)
                    return call.json(200, body, fields: view.figures)
                }
                return call.response(200, format.contentType, answer.csv, fields: view.figures)
            }
        }
    }
}

/// What a usage report is asked for.
struct UsageQuery: Sendable {
    enum Resolution: String, CaseIterable, Sendable {
        case hour
        case day

        var unit: BucketUnit {
            switch self {
            case .hour: .hour
            case .day: .day
            }
        }

        /// How far back a report goes that does not say from when.
        var usualSeconds: Int64 {
            switch self {
            case .hour: 86_400
            case .day: 30 * 86_400
            }
        }
    }

    enum Group: String, CaseIterable, Sendable {
        case action
        case key
    }

    static let parameters: Set<String> = [
        "account", "from", "to", "resolution", "time_zone", "group_by", "action", "key",
    ]

    let from: Instant
    /// Up to now when nil.
    let to: Instant?
    let resolution: Resolution
    /// The account's own zone when nil.
    let timeZone: String?
    let group: Group?
    let action: Name?
    let key: APIKeySlot?

    init(
        _ query: QueryParameters, now: Instant, _ directory: Directory
    ) throws(Problem) {
        let resolution = try query.word("resolution", as: Resolution.self) ?? .day
        to = try query.instant("to")
        let end = to ?? now
        from = try query.instant("from") ?? end.advanced(seconds: -resolution.usualSeconds)
        self.resolution = resolution
        timeZone = query["time_zone"]
        group = try query.word("group_by")
        action = try query.name("action")
        key = try EntryFilter(query, slotOfKey: directory.slot(of:)).key
        guard from <= end else { throw .invalidParameter("to", "it is not before from") }
    }
}

/// Sums usage up into buckets: from the read model in quarters of an hour, and where the range
/// cuts one in two, entry by entry, so that the range is exact.
struct UsageReport: Sendable {
    static let quarterMicros: Int64 = 900_000_000

    let services: APIServices
    let query: UsageQuery
    let view: ReadView

    private var to: Instant { query.to ?? Instant(micros: view.now.micros + 1) }

    func answer() throws(Problem) -> UsageAnswer {
        guard let profile = services.directory.profile(view.slot) else { throw .nothingHere }
        let timeZone = query.timeZone ?? profile.timeZone
        var sums = UsageBuckets(starts: try starts(in: timeZone), group: query.group)
        do throws(StoreError) {
            try add(to: &sums)
        } catch {
            throw Problem(error)
        }
        guard !sums.isIncomplete else {
            throw .invalidParameter(
                "from", "the account has too many entries to cut a quarter of an hour in two")
        }
        let directory = services.directory
        return UsageAnswer(
            account: view.id, from: query.from, to: query.to ?? view.now,
            resolution: query.resolution.rawValue, timeZone: timeZone,
            groupBy: query.group?.rawValue,
            buckets: sums.buckets { directory.apiKey($0)?.id.text })
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
        guard starts.dropFirst().allSatisfy({ $0 % 900 == 0 }) else {
            throw .invalidParameter(
                "time_zone", "its offset then was no whole number of quarters of an hour")
        }
        return starts.enumerated().map { index, start in
            index == 0 ? query.from : Instant(micros: start * 1_000_000)
        }
    }

    private static func quarter(_ time: Instant) -> Int64 {
        time.floor(toSeconds: 900).micros / quarterMicros
    }

    /// Adds all that is in the range; a quarter that is cut in two is added or left out as a whole,
    /// whichever is nearer, and then put right.
    private func add(to sums: inout UsageBuckets) throws(StoreError) {
        guard query.from < to else { return }
        let first = Cut(query.from, now: view.now)
        let last = Cut(to, now: view.now)
        let start = first.addsWholeQuarter(asStart: true) ? first.quarter : first.nextQuarter
        let end = last.addsWholeQuarter(asStart: false) ? last.nextQuarter : last.quarter
        guard start < end else {
            let newest = try services.readModel.datedUsage(of: view.slot, quarters: 0..<0)
            return try add(query.from, to, times: 1, through: newest.through, &sums)
        }
        let (through, cells) = try services.readModel.datedUsage(
            of: view.slot, quarters: start..<end)
        for cell in cells { add(cell, to: &sums) }
        try correct(query.from, to: Self.start(of: start), through: through, &sums)
        try correct(Self.start(of: end), to: to, through: through, &sums)
    }

    /// Adds the entries between two times, or takes them away when the second is the earlier.
    private func correct(
        _ from: Instant, to: Instant, through: UInt64, _ sums: inout UsageBuckets
    ) throws(StoreError) {
        if from < to { try add(from, to, times: 1, through: through, &sums) }
        if to < from { try add(to, from, times: -1, through: through, &sums) }
    }

    private static func start(of quarter: Int64) -> Instant {
        Instant(micros: quarter * quarterMicros)
    }

    private func add(_ cell: ReadModel.Cell, to sums: inout UsageBuckets) {
        guard query.key == nil || query.key == cell.key,
            query.action == nil || query.action?.text == cell.action
        else { return }
        var part = UsageSums()
        part.add(credits: cell.credits, calls: cell.calls, units: cell.units, bytes: cell.bytes)
        sums.add(part, at: Self.start(of: cell.quarter), action: cell.action, key: cell.key)
    }

    private func add(
        _ from: Instant, _ to: Instant, times factor: Int64, through: UInt64,
        _ sums: inout UsageBuckets
    ) throws(StoreError) {
        let entries = AccountEntries(of: view.slot, services.readModel, services.segments)
        var filter = EntryFilter()
        (filter.from, filter.to, filter.key) = (from, to, query.key)
        filter.action = query.action.map { Array($0.text.utf8) }
        let newest = Position(segment: through + 1, index: 0)
        let end = try entries.end(before: to).map { min($0, newest) } ?? newest
        var isWhole = false
        let last = try entries.visit(before: end, limit: services.limits.usageEdgeEntriesMax) {
            (entry, summaries) throws(StoreError) in
            if entry.isUsage, filter.includes(entry, of: summaries) {
                sums.add(entry, of: summaries, times: factor)
            }
            isWhole = entry.kind != .refusal && entry.time < from
            return !isWhole
        }
        if !isWhole, last != nil { sums.isIncomplete = true }
    }
}

extension UsageReport {
    /// Where an end of the range falls in its quarter of an hour.
    private struct Cut {
        let quarter: Int64
        /// The first quarter that begins no earlier.
        let nextQuarter: Int64
        /// How much of the quarter lies before the end of the range, and how much after it.
        let before: Int64
        let after: Int64

        init(_ time: Instant, now: Instant) {
            quarter = UsageReport.quarter(time)
            before = time.micros - quarter * quarterMicros
            nextQuarter = before > 0 ? quarter + 1 : quarter
            // Nothing is later than now.
            let end = min((quarter + 1) * quarterMicros, max(now.micros, time.micros))
            after = end - time.micros
        }

        /// True when the quarter is added as a whole, and what is outside taken away again.
        func addsWholeQuarter(asStart: Bool) -> Bool {
            asStart ? before < after : before > after
        }
    }
}

/// The sums of a usage report as they grow.
struct UsageBuckets {
    private struct GroupKey: Hashable {
        let bucket: Int
        let action: String
        let key: APIKeySlot
    }

    private let starts: [Instant]
    private let group: UsageQuery.Group?
    private var sums: [UsageSums]
    /// True when there were too many entries to read one by one.
    var isIncomplete = false
    private var groups: [GroupKey: UsageSums] = [:]

    init(starts: [Instant], group: UsageQuery.Group?) {
        self.starts = starts
        self.group = group
        sums = [UsageSums](repeating: UsageSums(), count: starts.count)
    }

    mutating func add(_ part: UsageSums, at time: Instant, action: String, key: APIKeySlot) {
        guard let bucket = bucket(of: time) else { return }
        sums[bucket].add(part)
        guard let group else { return }
        let groupKey =
            switch group {
            case .action: GroupKey(bucket: bucket, action: action, key: 0)
            case .key: GroupKey(bucket: bucket, action: "", key: key)
            }
        groups[groupKey, default: UsageSums()].add(part)
    }

    mutating func add(
        _ entry: EntrySummary, of summaries: borrowing EntrySummaries, times factor: Int64
    ) {
        var part = UsageSums()
        if entry.isCall {
            part.add(
                credits: Int128(entry.credits) * Int128(factor), calls: factor,
                units: Int128(entry.units) * Int128(factor),
                bytes: Int128(entry.bytes.value ?? 0) * Int128(factor))
        } else {
            let credits = -Int128(entry.credits) * Int128(factor)
            part.add(credits: credits, calls: 0, units: 0, bytes: 0)
        }
        add(part, at: entry.time, action: summaries.text(entry.action), key: entry.key)
    }

    /// The bucket that a time belongs to; what lies outside the range goes to the bucket at its end,
    /// where its quarter of an hour was counted as a whole.
    private func bucket(of time: Instant) -> Int? {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return starts.isEmpty ? nil : max(0, low - 1)
    }

    /// The buckets in order, each with its groups, those that used most first.
    func buckets(keyID: (APIKeySlot) -> String?) -> [UsageAnswer.Bucket] {
        var buckets = starts.indices.map { index in
            UsageAnswer.Bucket(start: starts[index], sums: sums[index])
        }
        for (groupKey, sums) in groups where sums != UsageSums() {
            let name: String? =
                switch group {
                case .key: groupKey.key == ChargeCommand.noKey ? nil : keyID(groupKey.key)
                case .action, nil: groupKey.action
                }
            buckets[groupKey.bucket].groups.append(UsageAnswer.Group(name: name, sums: sums))
        }
        for index in buckets.indices {
            buckets[index].groups.sort {
                ($1.sums.credits, $0.name ?? "") < ($0.sums.credits, $1.name ?? "")
            }
        }
        return buckets
    }
}
