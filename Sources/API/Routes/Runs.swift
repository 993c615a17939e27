internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// `/v1/runs`: where runs of scenarios begin and end, and what they used.
extension APIApplication {
    func handleRun(_ name: RouteName, _ request: HTTPRequest, _ call: Call) throws(Problem) {
        switch name {
        case .startRun: try startRun(request, call)
        case .finishRun: try finishRun(request, call)
        case .runs: try listRuns(request, call)
        default: try showRun(request, call)
        }
    }

    private func startRun(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let account = try readAccount(QueryParameters(request, known: ["account"]), call)
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let start = try RunStart(request.body, limits: services.limits, now: call.now)
        look(for: start.run, of: account, call) { [self] known throws(Problem) in
            let scenario = known?.scenario ?? []
            guard scenario.isEmpty || scenario == Array(start.scenario.text.utf8) else {
                let name = String(decoding: scenario, as: UTF8.self)
                throw Problem(
                    .alreadyExists, "the run is known as one of scenario \(name)",
                    field: "scenario")
            }
            report(start.run, of: account, .startRun(account: account, start), 201, call)
        }
    }

    private func finishRun(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let run = try Call.name(call.parameters.first)
        let account = try readAccount(QueryParameters(request, known: ["account"]), call)
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let status = try CallStatus(ofRun: request.body, limits: services.limits)
        look(for: run, of: account, call) { [self] known throws(Problem) in
            guard known != nil else { throw .nothingHere }
            report(run, of: account, .finishRun(account: account, run, status), 200, call)
        }
    }

    /// Goes on with what is known of a run; nil where no entry and no report names it.
    private func look(
        for run: Name, of account: Name, _ call: Call,
        then: @escaping (RunSummary?) throws(Problem) -> Void
    ) {
        view(account, call) { [self] view in
            let runs = AccountRuns(of: view.slot, services.readModel, services.segments)
            let isTaken = report { () -> Result<RunSummary?, StoreError> in
                Result { () throws(StoreError) in
                    try runs.summaries([Array(run.text.utf8)])[0]
                }
            } then: { [self] found in
                attempt(call) { () throws(Problem) in
                    switch found {
                    case .success(let run): try then(run)
                    case .failure(let error): throw Problem(error)
                    }
                }
            }
            if !isTaken { respond(overloaded, to: call) }
        }
    }

    /// Carries out a command about a run, and answers with the run as it is then.
    private func report(
        _ run: Name, of account: Name, _ command: Command, _ status: Int, _ call: Call
    ) {
        let services = services
        perform(call, command) { [self] _, _ throws(Problem) in
            guard let slot = services.directory.slot(of: account) else { throw .nothingHere }
            let report = RunReport(services: services, account: account, slot: slot)
            self.report(call) { () throws(Problem) in
                try report.response(run, to: call, status: status, withModules: false)
            }
        }
    }

    private func showRun(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let run = try Call.name(call.parameters.first)
        let account = try readAccount(QueryParameters(request, known: ["account"]), call)
        let services = services
        view(account, call) { [self] view in
            let report = RunReport(services: services, account: view.id, slot: view.slot)
            self.report(call) { () throws(Problem) in
                try report.response(run, to: call, status: 200, withModules: true)
            }
        }
    }

    private func listRuns(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: RunFilter.parameters)
        let account = try readAccount(query, call)
        let filter = try RunFilter(query)
        let limit = try query.limit(within: services.limits)
        let start = try query.position()
        let services = services
        view(account, call) { [self] view in
            let report = RunReport(services: services, account: view.id, slot: view.slot)
            self.report(call) { () throws(Problem) in
                try report.page(filter, from: start, limit: limit, to: call)
            }
        }
    }
}

/// Which runs a list shows.
struct RunFilter: Sendable {
    private enum Status: String, CaseIterable {
        case running
        case succeeded
        case failed
        case partial
        case timeout
        case cancelled
    }

    static let parameters: Set<String> = [
        "account", "scenario", "status", "from", "to", "limit", "cursor",
    ]

    private let scenario: [UInt8]?
    private let status: String?
    let from: Instant?
    let to: Instant?

    init(_ query: QueryParameters) throws(Problem) {
        scenario = try query.name("scenario").map { Array($0.text.utf8) }
        status = try query.word("status", as: Status.self)?.rawValue
        (from, to) = try query.range()
    }

    func includes(_ run: RunSummary) -> Bool {
        (scenario.map { $0 == run.scenario } ?? true)
            && (status.map { $0 == RunAnswer.status(of: run) } ?? true)
            && (from.map { $0 <= run.firstTime } ?? true) && (to.map { run.firstTime < $0 } ?? true)
    }
}

/// Makes answers about the runs of an account.
private struct RunReport: Sendable {
    /// The most modules of a run that are told apart.
    private static let modulesMax = 1000

    let services: APIServices
    let account: Name
    let slot: AccountSlot

    private var runs: AccountRuns { AccountRuns(of: slot, services.readModel, services.segments) }

    func response(
        _ name: Name, to call: Call, status: Int, withModules: Bool
    ) throws(Problem) -> HTTPResponse {
        let bytes = Array(name.text.utf8)
        var answer: RunAnswer?
        do throws(StoreError) {
            if let run = try runs.summaries([bytes])[0] {
                answer = RunAnswer(account: account, run: run)
                if withModules {
                    let (modules, isComplete) = try modules(of: bytes)
                    answer = RunAnswer(
                        account: account, run: run, modules: modules, isComplete: isComplete)
                }
            }
        } catch {
            throw Problem(error)
        }
        guard let answer else { throw .nothingHere }
        var body: [UInt8] = []
        answer.write(to: &body)
        return call.json(status, body)
    }

    /// What the modules of a run used, most first.
    private func modules(
        of run: [UInt8]
    ) throws(StoreError) -> (modules: [ModuleUse], isComplete: Bool) {
        let entries = AccountEntries(of: slot, services.readModel, services.segments)
        var found: [String?: ModuleUse] = [:]
        let last = try runs.visit(run, before: nil, limit: services.limits.usageEdgeEntriesMax) {
            (entry, summaries) throws(StoreError) in
            guard entry.isUsage else { return true }
            var module =
                entry.kind == .refund
                ? try entries.module(ofRefundAt: entry.position)
                : entry.module.isEmpty ? nil : summaries.text(entry.module)
            if found[module] == nil, found.count >= Self.modulesMax {
                module = UsageCells.otherName
            }
            found[module, default: ModuleUse(module: module)].add(entry)
            return true
        }
        let sorted = found.values.sorted {
            ($1.sums.credits, $0.module ?? "") < ($0.sums.credits, $1.module ?? "")
        }
        return (sorted, last == nil)
    }

    func page(
        _ filter: RunFilter, from start: Position?, limit: Int, to call: Call
    ) throws(Problem) -> HTTPResponse {
        do throws(StoreError) {
            var place = start
            if let to = filter.to {
                let entries = AccountEntries(of: slot, services.readModel, services.segments)
                if let end = try entries.end(before: to) {
                    place = place.map { min($0, end) } ?? end
                }
            }
            let (found, next) = try runs.list(
                before: place, limit: limit, looking: services.limits.entriesScannedMax,
                until: filter.from, filter.includes)
            let cursor = next.map { PageCursor(number: $0.id(as: EntryID.self).rawValue).text }
            var body: [UInt8] = []
            PageAnswer(
                items: found.map { RunAnswer(account: account, run: $0) }, nextCursor: cursor
            )
            .write(to: &body)
            return call.json(200, body)
        } catch {
            throw Problem(error)
        }
    }
}
