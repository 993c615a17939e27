internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Wire

/// `/v1/accounts/{account}/budgets`: caps on what calls may cost.
extension APIApplication {
    func handleBudget(
        _ name: RouteName, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        let account = try call.accountInPath()
        switch name {
        case .putBudget: try putBudget(of: account, request, call)
        case .budgets: try listBudgets(of: account, request, call)
        case .deleteBudget:
            let budget = try budgetName(call)
            perform(call, .deleteBudget(account: account, budget)) { [self] _, _ in
                respond(call.json(200, Array("{}".utf8)), to: call)
            }
        default: showBudget(try budgetName(call), of: account, call)
        }
    }

    private func budgetName(_ call: Call) throws(Problem) -> Name {
        try Call.name(call.parameters.count > 1 ? call.parameters[1] : nil)
    }

    private func putBudget(
        of account: Name, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        let name = try budgetName(call)
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let body = try BudgetBody(request.body, limits: services.limits)
        let directory = services.directory
        guard let owner = directory.slot(of: account) else { throw .nothingHere }
        let terms = try body.terms(name: name) { id in
            directory.slot(of: id).flatMap { directory.apiKey($0)?.account == owner ? $0 : nil }
        }
        perform(call, .putBudget(account: account, terms)) { [self] _, _ in
            showBudget(name, of: account, call)
        }
    }

    private func showBudget(_ name: Name, of account: Name, _ call: Call) {
        ask(call, about: account) { ledger, _ in
            ledger.slot(of: account).flatMap { slot in
                ledger.budgets(of: slot).first { $0.terms.name == name }
            }
        } then: { [self] (budget: Budget?) throws(Problem) in
            guard let budget else { throw .nothingHere }
            var body: [UInt8] = []
            answer(budget).write(to: &body)
            respond(call.json(200, body), to: call)
        }
    }

    /// All budgets of an account come as one page: there are at most ``Ledger/budgetsMax``.
    private func listBudgets(
        of account: Name, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        _ = try QueryParameters(request, known: [])
        ask(call, about: account) { ledger, _ in
            ledger.slot(of: account).map { ledger.budgets(of: $0) }
        } then: { [self] (budgets: [Budget]?) throws(Problem) in
            guard let budgets else { throw .nothingHere }
            var body: [UInt8] = []
            PageAnswer(items: budgets.map(answer), nextCursor: nil).write(to: &body)
            respond(call.json(200, body), to: call)
        }
    }

    private func answer(_ budget: Budget) -> BudgetAnswer {
        let directory = services.directory
        return BudgetAnswer(budget: budget) { directory.apiKey($0)?.id.text }
    }
}
