internal import CivilTime
internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// `/v1/insights`: what used most, what was paid for twice, and how long credits last.
extension APIApplication {
    func handleInsight(
        _ name: RouteName, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        switch name {
        case .consumption: try showConsumption(request, call)
        case .duplicates: try showDuplicates(request, call)
        default: try showForecast(request, call)
        }
    }

    private func showConsumption(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(
            request,
            known: ["account", "from", "to", "limit", "action", "key", "team", "scenario"])
        let account = try readAccount(query, call)
        let wanted = try InsightQuery(query, services, now: call.now)
        answer(about: account, call) { (services, view) throws(Problem) in
            try InsightReport(services: services, view: view, query: wanted).consumption()
        }
    }

    private func showDuplicates(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(
            request,
            known: [
                "account", "from", "to", "limit", "action", "key", "team", "scenario",
                "window_seconds",
            ])
        let account = try readAccount(query, call)
        let wanted = try InsightQuery(query, services, now: call.now)
        let window = try InsightQuery.window(query)
        answer(about: account, call) { (services, view) throws(Problem) in
            try InsightReport(services: services, view: view, query: wanted)
                .duplicates(within: window)
        }
    }

    private func showForecast(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let account = try readAccount(QueryParameters(request, known: ["account"]), call)
        answer(about: account, call, withLots: true) { (services, view) throws(Problem) in
            try ForecastReport(services: services, view: view).answer()
        }
    }

    private func answer(
        about account: Name, _ call: Call, withLots: Bool = false,
        _ make: @escaping @Sendable (APIServices, ReadView) throws(Problem) -> any JSONWritable
    ) {
        let services = services
        view(account, call, withLots: withLots) { [self] view in
            report(call) { () throws(Problem) in
                var body: [UInt8] = []
                try make(services, view).write(to: &body)
                return call.json(200, body, fields: view.figures)
            }
        }
    }
}

/// Which calls an insight looks at.
struct InsightQuery: Sendable {
    private static let daysUsual: Int64 = 30
    private static let windowUsual: Int64 = 86_400
    private static let windowMax: Int64 = 35 * 86_400
    private static let groupsUsual = 20
    private static let groupsMax = 100

    let from: Instant
    /// Up to now when nil.
    let to: Instant?
    let filter: EntryFilter
    /// How many groups are listed.
    let limit: Int

    init(
        _ query: QueryParameters, _ services: APIServices, now: Instant
    ) throws(Problem) {
        var filter = try EntryFilter(query, slotOfKey: services.directory.slot(of:))
        to = filter.to
        let end = filter.to ?? now
        from = filter.from ?? end.advanced(seconds: -Self.daysUsual * 86_400)
        (filter.from, filter.to) = (nil, nil)
        self.filter = filter
        limit =
            try query.number("limit", in: 1...Int64(Self.groupsMax)).map { Int($0) }
            ?? Self.groupsUsual
        guard from <= end else { throw .invalidParameter("to", "it is not before from") }
    }

    /// How soon the same call again is a repeat, in seconds.
    static func window(_ query: QueryParameters) throws(Problem) -> Int64 {
        try query.number("window_seconds", in: 1...windowMax) ?? windowUsual
    }
}

/// Looks at the calls of an account.
struct InsightReport: Sendable {
    /// The most different calls that are told apart.
    private static let differentMax = 100_000
    /// How many repeats of a call are shown.
    private static let examplesMax = 3

    let services: APIServices
    let view: ReadView
    let query: InsightQuery

    func consumption() throws(Problem) -> ConsumptionAnswer {
        let actions = try usage(by: .action)
        let keys = try usage(by: .key)
        var groups: [[UInt8]: CallGroup] = [:]
        let range = try visit { entry, text, parameters in
            guard !parameters.isEmpty else { return true }
            let key = text + [0] + parameters
            guard groups[key] != nil || groups.count < Self.differentMax else { return false }
            groups[
                key,
                default: CallGroup(action: text, parameters: parameters, newest: entry.position)
            ].add(entry)
            return true
        }
        return ConsumptionAnswer(
            account: view.id, range: range, total: actions.total,
            actions: Array(actions.groups.prefix(query.limit)),
            keys: Array(keys.groups.prefix(query.limit)), calls: mostCredits(groups))
    }

    func duplicates(within window: Int64) throws(Problem) -> DuplicatesAnswer {
        var latest: [[UInt8]: EntrySummary] = [:]
        var groups: [[UInt8]: CallGroup] = [:]
        let range = try visit { entry, text, parameters in
            guard !parameters.isEmpty, entry.credits > 0 else { return true }
            let key = text + [0] + parameters
            guard let later = latest.updateValue(entry, forKey: key) else {
                return latest.count <= Self.differentMax
            }
            // Entries come newest first: the one seen before came after this one.
            guard later.time <= entry.time.advanced(seconds: window) else { return true }
            var group =
                groups[key]
                ?? CallGroup(action: text, parameters: parameters, newest: later.position)
            group.add(later)
            if group.examples.count < Self.examplesMax {
                group.examples.append(
                    CallGroup.Repeat(
                        entry: later.position, of: entry.position, micros: later.credits,
                        time: later.time))
            }
            groups[key] = group
            return true
        }
        return DuplicatesAnswer(
            account: view.id, range: range, windowSeconds: window, groups: mostCredits(groups),
            calls: groups.values.reduce(0) { $0 + $1.calls },
            credits: groups.values.reduce(0) { $0 + $1.credits })
    }

    private func mostCredits(_ groups: [[UInt8]: CallGroup]) -> [CallGroup] {
        let sorted = groups.values.sorted {
            ($1.credits, $0.newest) < ($0.credits, $1.newest)
        }
        return Array(sorted.prefix(query.limit))
    }

    /// What the calls used by one of the things that cells tell apart, most first.
    private func usage(
        by group: UsageQuery.Group
    ) throws(Problem) -> (groups: [UsageAnswer.Group], total: UsageSums) {
        let wanted = UsageQuery(
            from: query.from, to: query.to, resolution: .month, group: group, filter: query.filter)
        let answer = try UsageReport(services: services, query: wanted, view: view).answer()
        var (sums, total): ([String?: UsageSums], UsageSums) = ([:], UsageSums())
        for bucket in answer.buckets {
            total.add(bucket.sums)
            for group in bucket.groups { sums[group.name, default: UsageSums()].add(group.sums) }
        }
        let sorted = sums.sorted {
            ($1.value.credits, $0.key ?? "") < ($0.value.credits, $1.key ?? "")
        }
        return (sorted.map { UsageAnswer.Group(name: $0.key, sums: $0.value) }, total)
    }

    /// Calls `body` with the calls asked for, newest first, their actions and parameters, until it
    /// gives false or there were too many.
    private func visit(
        _ body: (EntrySummary, [UInt8], [UInt8]) -> Bool
    ) throws(Problem) -> InsightRange {
        var range = InsightRange(from: query.from, to: query.to ?? view.now)
        let entries = AccountEntries(of: view.slot, services.readModel, services.segments)
        do throws(StoreError) {
            let end = try query.to.map { (to) throws(StoreError) in try entries.end(before: to) }
            var isEarlier = false
            let last = try entries.visit(
                before: end ?? nil, limit: services.limits.insightEntriesMax, parameters: true
            ) { entry, summaries in
                range.entriesRead += 1
                isEarlier = entry.kind.isEntry && entry.time < query.from
                guard !isEarlier else { return false }
                guard entry.isCall, entry.time < query.to ?? .never, query.from <= entry.time,
                    query.filter.includes(entry, of: summaries)
                else { return true }
                return body(
                    entry, summaries.bytes(entry.action), summaries.bytes(entry.parameters))
            }
            range.isComplete = isEarlier || last == nil
            return range
        } catch {
            throw Problem(error)
        }
    }
}

extension CallGroup {
    /// Adds a call; they come newest first.
    fileprivate mutating func add(_ entry: EntrySummary) {
        credits += Int128(entry.credits)
        calls += 1
        first = min(first, entry.time)
        last = max(last, entry.time)
    }
}
