internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Wire

/// `/v1/scenarios`: what makes runs, as the vendor describes it.
extension APIApplication {
    func handleScenario(
        _ name: RouteName, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        switch name {
        case .putScenario: try putScenario(request, call)
        case .scenarios: try listScenarios(request, call)
        default: try showScenario(request, call)
        }
    }

    private func putScenario(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let id = try Call.name(call.parameters.first)
        let account = try readAccount(QueryParameters(request, known: ["account"]), call)
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let body = try ScenarioBody(request.body, limits: services.limits)
        let command = Command.putScenario(account: account, id, description: body.description)
        perform(call, command) { [self] _, _ throws(Problem) in
            try respond(with: id, of: account, to: call)
        }
    }

    private func showScenario(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let id = try Call.name(call.parameters.first)
        let account = try readAccount(QueryParameters(request, known: ["account"]), call)
        try respond(with: id, of: account, to: call)
    }

    private func respond(with id: Name, of account: Name, to call: Call) throws(Problem) {
        guard let slot = services.directory.slot(of: account),
            let scenario = services.directory.scenario(id, of: slot)
        else { throw .nothingHere }
        var body: [UInt8] = []
        ScenarioAnswer(account: account, scenario: scenario).write(to: &body)
        respond(call.json(200, body), to: call)
    }

    private func listScenarios(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: ["account", "limit", "cursor"])
        let account = try readAccount(query, call)
        let limit = try query.limit(within: services.limits)
        let first = try query.cursor() ?? 0
        guard let slot = services.directory.slot(of: account) else { throw .nothingHere }
        let rest = services.directory.scenarios(of: slot).dropFirst(Int(clamping: first))
        let next = rest.count > limit ? PageCursor(number: first + UInt128(limit)).text : nil
        let items = rest.prefix(limit).map { ScenarioAnswer(account: account, scenario: $0) }
        var body: [UInt8] = []
        PageAnswer(items: items, nextCursor: next).write(to: &body)
        respond(call.json(200, body), to: call)
    }
}
