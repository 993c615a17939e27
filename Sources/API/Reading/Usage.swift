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
    let to: Instant
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
        let to = try query.instant("to") ?? now
        from = try query.instant("from") ?? to.advanced(seconds: -resolution.usualSeconds)
        self.to = to
        self.resolution = resolution
        timeZone = query["time_zone"]
        group = try query.word("group_by")
        action = try query.name("action")
        key = try EntryFilter(query, slotOfKey: directory.slot(of:)).key
        guard from <= to else { throw .invalidParameter("to", "it is not before from") }
    }
}

/// Sums usage up into buckets: whole quarters of an hour from the read model, the rest of the
/// first and last one entry by entry, so that the range is exact.
struct UsageReport: Sendable {
    private static let quarterMicros: Int64 = 900_000_000

    let services: APIServices
    let query: UsageQuery
    let view: ReadView

    func answer() throws(Problem) -> UsageAnswer {
        guard let profile = services.directory.profile(view.slot) else { throw .nothingHere }
        let timeZone = query.timeZone ?? profile.timeZone
        var sums = UsageBuckets(starts: try starts(in: timeZone), group: query.group)
        do throws(StoreError) {
            try addQuarters(to: &sums)
        } catch {
            throw Problem(error)
        }
        try addEdges(to: &sums)
        let directory = services.directory
        return UsageAnswer(
            account: view.id, from: query.from, to: query.to,
            resolution: query.resolution.rawValue, timeZone: timeZone,
            groupBy: query.group?.rawValue,
            buckets: sums.buckets { directory.apiKey($0)?.id.text })
    }

    private func starts(in timeZone: String) throws(Problem) -> [Instant] {
        guard let rules = services.zones.rules(of: timeZone) else {
            throw .invalidParameter("time_zone", "it is no time zone that this system knows")
        }
        guard query.from < query.to else { return [] }
        let from = query.from.floor(toSeconds: 1).micros / 1_000_000
        let last = (query.to.micros - 1) / 1_000_000
        guard
            let starts = rules.bucketStarts(
                of: query.resolution.unit, from: from, to: last + 1,
                limit: services.limits.usageBucketsMax)
        else {
            let limit = services.limits.usageBucketsMax
            throw .invalidParameter("from", "a report has at most \(limit) buckets")
        }
        guard starts.dropFirst().allSatisfy({ $0 % 900 == 0 }) else {
            throw .invalidParameter(
                "time_zone", "its offset then was no whole number of quarters of an hour")
        }
        return starts.enumerated().map { index, start in
            index == 0 ? query.from : Instant(micros: start * 1_000_000)
        }
    }

    /// The quarters of an hour that are in the range as a whole.
    private var quarters: Range<Int64> {
        let first = Self.quarter(query.from, roundedUp: true)
        // Nothing is later than now, so that the last quarter is whole once `to` is.
        let end = Self.quarter(query.to, roundedUp: query.to > view.now)
        return first..<max(first, end)
    }

    private static func quarter(_ time: Instant, roundedUp: Bool) -> Int64 {
        let start = time.floor(toSeconds: 900)
        let quarter = start.micros / quarterMicros
        return roundedUp && start < time ? quarter + 1 : quarter
    }

    private func addQuarters(to sums: inout UsageBuckets) throws(StoreError) {
        guard !quarters.isEmpty else { return }
        for cell in try services.readModel.usage(of: view.slot, quarters: quarters) {
            guard query.key == nil || query.key == cell.key,
                query.action == nil || query.action?.text == cell.action
            else { continue }
            var part = UsageSums()
            part.add(
                credits: cell.credits, calls: cell.calls, units: cell.units, bytes: cell.bytes)
            let time = Instant(micros: cell.quarter * Self.quarterMicros)
            sums.add(part, at: time, action: cell.action, key: cell.key)
        }
    }

    /// Adds what is in the range but in none of its whole quarters.
    private func addEdges(to sums: inout UsageBuckets) throws(Problem) {
        let quarters = quarters
        let first = Instant(micros: quarters.lowerBound * Self.quarterMicros)
        let end = Instant(micros: quarters.upperBound * Self.quarterMicros)
        try addEntries(from: query.from, to: min(first, query.to), &sums)
        try addEntries(from: max(end, query.from, first), to: query.to, &sums)
    }

    private func addEntries(
        from: Instant, to: Instant, _ sums: inout UsageBuckets
    ) throws(Problem) {
        guard from < to else { return }
        let finder = EntryFinder(
            readModel: services.readModel, segments: services.segments, account: view.slot)
        var filter = EntryFilter()
        (filter.from, filter.to, filter.kind, filter.key) = (from, to, .charge, query.key)
        filter.action = query.action.map { Array($0.text.utf8) }
        let limit = services.limits.usageEdgeEntriesMax
        var isWhole = false
        do throws(StoreError) {
            let last = try finder.visit(before: try finder.end(before: to), limit: limit) {
                stored in
                if filter.includes(stored) { sums.add(stored) }
                isWhole = !stored.isRefusal && stored.time < from
                return !isWhole
            }
            isWhole = isWhole || last == nil
        } catch {
            throw Problem(error)
        }
        guard isWhole else {
            throw .invalidParameter(
                "from", "the account has too many entries to cut a quarter of an hour in two")
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

    mutating func add(_ stored: StoredEvent) {
        guard case .charge(let index) = stored.item else { return }
        let charge = stored.contents.charges[index]
        var part = UsageSums()
        part.add(
            credits: Int128(charge.credits), calls: 1, units: Int128(charge.units),
            bytes: Int128(charge.details.bytes.value ?? 0))
        let action = stored.contents.bytes[charge.action.indices]
        add(
            part, at: charge.head.time, action: String(decoding: action, as: UTF8.self),
            key: charge.key)
    }

    private func bucket(of time: Instant) -> Int? {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? low - 1 : nil
    }

    /// The buckets in order, each with its groups, those that used most first.
    func buckets(keyID: (APIKeySlot) -> String?) -> [UsageAnswer.Bucket] {
        var buckets = starts.indices.map { index in
            UsageAnswer.Bucket(start: starts[index], sums: sums[index])
        }
        for (groupKey, sums) in groups {
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
