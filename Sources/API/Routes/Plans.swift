internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Wire

/// `/v1/plans`, and what plan an account has.
extension APIApplication {
    func putPlan(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let id = try Call.name(call.parameters.first)
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let terms = try PlanTerms(id: id, body: request.body, limits: services.limits)
        perform(call, .putPlan(terms)) { [self] _, event throws(Problem) in
            guard case .planPut(let plan) = event else { throw .noOutcome }
            var body: [UInt8] = []
            PlanAnswer(plan: plan).write(to: &body)
            respond(call.json(200, body), to: call)
        }
    }

    func listPlans(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: ["limit", "cursor"])
        let limit = try query.limit(within: services.limits)
        let first = try query.cursor() ?? 0
        let rest = services.directory.plans().dropFirst(Int(clamping: first))
        let next = rest.count > limit ? PageCursor(number: first + UInt128(limit)).text : nil
        var body: [UInt8] = []
        PageAnswer(items: rest.prefix(limit).map(PlanAnswer.init), nextCursor: next)
            .write(to: &body)
        respond(call.json(200, body), to: call)
    }

    func changePlan(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let account = try call.accountInPath()
        var key: [UInt8] = []
        _ = try idempotencyKey(of: request, to: &key)
        let wanted = try MoneyBody(plan: request.body, limits: services.limits)
        submit(wanted, of: account, key: key, call)
    }
}
