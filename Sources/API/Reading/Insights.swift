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
        (from, to) = try query.range(seconds: Self.daysUsual * 86_400, upTo: now)
        (filter.from, filter.to) = (nil, nil)
        self.filter = filter
        limit =
            try query.number("limit", in: 1...Int64(Self.groupsMax)).map { Int($0) }
            ?? Self.groupsUsual
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
        let range = try visit(since: query.from) { call in
            guard !call.parameters.isEmpty else { return true }
            guard groups[call.key] != nil || groups.count < Self.differentMax else { return false }
            groups[call.key, default: CallGroup(call)].add(call.entry)
            return true
        }
        return ConsumptionAnswer(
            account: view.id, range: range, total: actions.total,
            actions: Array(actions.groups.prefix(query.limit)),
            keys: Array(keys.groups.prefix(query.limit)), calls: mostCredits(groups))
    }

    func duplicates(within window: Int64) throws(Problem) -> DuplicatesAnswer {
        var latest: [[UInt8]: InsightCall] = [:]
        var groups: [[UInt8]: CallGroup] = [:]
        var refunded: [Position: Int64] = [:]
        // What was called before the range can be called again within it.
        let range = try visit(since: query.from.advanced(seconds: -window)) { call in
            var call = call
            guard call.entry.isCall else {
                refunded[call.charge, default: 0] += call.entry.credits
                return true
            }
            call.entry.credits -= refunded.removeValue(forKey: call.charge) ?? 0
            guard !call.parameters.isEmpty, call.entry.credits > 0 else { return true }
            let isBefore = call.entry.time < query.from
            let found =
                isBefore
                ? latest.removeValue(forKey: call.key)
                : latest.updateValue(call, forKey: call.key)
            guard let later = found else { return latest.count <= Self.differentMax }
            // Entries come newest first: the one seen before came after this one.
            guard later.entry.time <= call.entry.time.advanced(seconds: window) else { return true }
            groups[call.key, default: CallGroup(later)].add(
                later.entry, repeating: call.entry, examplesMax: Self.examplesMax)
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
        let groups = sums.map { UsageAnswer.Group(name: $0.key, sums: $0.value) }
        return (groups.sorted { $0.precedes($1) }, total)
    }

    /// Calls `body` with the calls asked for and their refunds since `start`, newest first, until it
    /// gives false or there were too many.
    private func visit(
        since start: Instant, _ body: (InsightCall) -> Bool
    ) throws(Problem) -> InsightRange {
        var range = InsightRange(from: query.from, to: query.to ?? view.now)
        let entries = AccountEntries(of: view.slot, services.readModel, services.segments)
        do throws(StoreError) {
            let end = try query.to.map { (to) throws(StoreError) in try entries.end(before: to) }
            var isEarlier = false
            let last = try entries.visit(
                before: end ?? nil, limit: services.limits.insightEntriesMax, parameters: true
            ) { (entry, summaries) throws(StoreError) in
                isEarlier = entry.kind.isEntry && entry.time < start
                guard !isEarlier else { return false }
                guard entry.time < query.to ?? .never, start <= entry.time else { return true }
                range.entriesRead += 1
                guard entry.isUsage, query.filter.includes(entry, of: summaries) else {
                    return true
                }
                return body(try call(entry, of: summaries, from: entries))
            }
            range.isComplete = isEarlier || last == nil
            return range
        } catch {
            throw Problem(error)
        }
    }

    private func call(
        _ entry: EntrySummary, of summaries: borrowing EntrySummaries, from entries: AccountEntries
    ) throws(StoreError) -> InsightCall {
        var call = InsightCall(
            entry: entry, charge: entry.position, action: summaries.bytes(entry.action),
            parameters: summaries.bytes(entry.parameters))
        guard entry.kind == .refund,
            let called = try entries.call(ofRefundAt: entry.position, parameters: true),
            let charge = called.entries.first
        else { return call }
        call.charge = charge.position
        call.parameters = called.bytes(charge.parameters)
        return call
    }
}

/// A call, or what a refund took back of one.
private struct InsightCall {
    var entry: EntrySummary
    /// Where the call was charged.
    var charge: Position
    let action: [UInt8]
    /// Those of the call.
    var parameters: [UInt8]

    /// The same for calls that are the same.
    var key: [UInt8] { action + [0] + parameters }
}

extension CallGroup {
    fileprivate init(_ call: InsightCall) {
        self.init(
            action: call.action, parameters: call.parameters, newest: call.entry.position)
    }

    /// Adds a call, or takes a refund off; they come newest first.
    ///
    /// Times and the newest entry are those of calls, or of refunds while there are only these.
    fileprivate mutating func add(_ entry: EntrySummary) {
        credits += UsageSums(of: entry).credits
        if entry.isCall {
            if calls == 0 { (newest, first, last) = (entry.position, entry.time, entry.time) }
            calls += 1
        }
        guard entry.isCall || calls == 0 else { return }
        first = min(first, entry.time)
        last = max(last, entry.time)
    }

    /// Adds a call that came again after another.
    fileprivate mutating func add(
        _ later: EntrySummary, repeating call: EntrySummary, examplesMax: Int
    ) {
        add(later)
        guard examples.count < examplesMax else { return }
        examples.append(
            Repeat(
                entry: later.position, of: call.position, micros: later.credits,
                time: later.time))
    }
}
