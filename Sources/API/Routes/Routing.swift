internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Wire

/// From a request to the handler of its route: who asks, what for, may they.
extension APIApplication {
    func route(_ request: HTTPRequest, as exchange: ExchangeID) {
        let now = services.time.now()
        let requestID = requestIDs.next(at: now)
        let matched = Self.match(request)
        var call = Call(
            exchange: exchange, requestID: requestID, now: now,
            style: matched.isCoinStats ? .coinStats : .native,
            path: matched.isCoinStats ? request.path : [],
            parameters: matched.route?.parameters ?? [], principal: nil)
        attempt(call) { () throws(Problem) in
            guard let route = matched.route?.route else {
                return try refuseUnrouted(request, call, allowed: matched.allowed)
            }
            call.principal = try admit(request, to: route.access, call)
            try handle(route.name, request, call)
        }
    }

    /// What a path leads to.
    private struct Match {
        var route: (route: Route, parameters: [String])?
        /// The methods that the path takes, when the request's is none of them.
        var allowed: [HTTPMethod] = []
        var isCoinStats = false
    }

    private static func match(_ request: HTTPRequest) -> Match {
        var match = Match()
        guard let path = segments(of: request.path) else { return match }
        let method = request.method == .head ? .get : request.method
        for route in Route.all where route.access != .unixSocket || request.isUnixSocket {
            guard let parameters = route.parameters(of: path) else { continue }
            match.isCoinStats = route.name == .coinStatsCredits
            if route.method == method {
                match.route = (route, parameters)
                return match
            }
            match.allowed.append(route.method)
        }
        return match
    }

    /// The parts of a path, decoded; nil when it is no text.
    private static func segments(of path: [UInt8]) -> [String]? {
        guard path.first == UInt8(ascii: "/") else { return nil }
        var segments: [String] = []
        for part in path.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            guard let bytes = try? Array(part).percentDecoded(),
                let text = String(validating: bytes, as: UTF8.self)
            else { return nil }
            segments.append(text)
        }
        return segments
    }

    /// Refuses a path or method that no route has; under `/v1/` only a key learns which.
    private func refuseUnrouted(
        _ request: HTTPRequest, _ call: Call, allowed: [HTTPMethod]
    ) throws(Problem) {
        if request.path.starts(with: Array("/v1/".utf8)) || call.style == .coinStats {
            _ = try authenticate(request, at: call.now)
        }
        guard !allowed.isEmpty else { throw Problem(.notFound, "there is no such route") }
        let methods = Set(allowed.map(\.rawValue)).sorted().joined(separator: ", ")
        var fields: [UInt8] = []
        fields.append(literal: "Allow: ")
        fields.append(contentsOf: methods.utf8)
        fields.append(literal: "\r\n")
        let problem = Problem(.methodNotAllowed, "this path takes \(methods)")
        respond(call.response(problem, fields: fields), to: call)
    }

    /// Whose key it is, once it may call a route; nil where none is needed.
    private func admit(
        _ request: HTTPRequest, to access: Access, _ call: Call
    ) throws(Problem) -> Principal? {
        switch access {
        case .everybody: return nil
        case .prices where services.policy.isPriceListPublic && !Self.hasCredentials(request):
            return nil
        case .portal where isPortalOpen(to: request): return nil
        case .unixSocket, .charging, .operators, .keys, .reading, .prices, .portal: break
        }
        guard services.readiness.isReady else { throw .notReady }
        guard access != .unixSocket else { return nil }
        let principal = try authenticate(request, at: call.now)
        try check(principal, for: access)
        return principal
    }

    private func check(_ principal: Principal, for access: Access) throws(Problem) {
        switch (access, principal.role) {
        case (.operators, .operator), (.keys, .operator), (.charging, .operator),
            (.charging, .service), (.everybody, _), (.unixSocket, _):
            return
        case (.reading, .operator), (.reading, .service), (.prices, .operator),
            (.prices, .service), (.portal, .operator), (.portal, .service):
            return
        case (.reading, .customer), (.prices, .customer), (.portal, .customer):
            guard Scope.allows(Scope.read, in: principal.scopes) else { throw .forbidden }
        case (.keys, .customer):
            guard Scope.allows(Scope.manageKeys, in: principal.scopes) else { throw .forbidden }
        case (.operators, .service), (.operators, .customer), (.keys, .service),
            (.charging, .customer):
            throw .forbidden
        }
    }

    private func handle(
        _ name: RouteName, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        switch name {
        case .charge: receiveCharge(request, as: call.exchange)
        case .chargeBatch: try receiveBatch(request, call)
        case .hold: try receiveHold(request, call)
        case .captureHold: try receiveCapture(request, call)
        case .releaseHold: try receiveRelease(request, call)
        case .refund: try receiveRefund(request, call)
        case .estimate: try receiveEstimate(request, call)
        case .receipt: try showReceipt(request, call)
        case .simulation: try simulatePrices(request, call)
        case .verifyKey: try verifyKey(request, call)
        case .createAccount, .account, .changeAccount, .accounts, .suspendAccount, .resumeAccount:
            try handleAccount(name, request, call)
        case .createKey, .keys, .changeKey, .revokeKey: try handleKey(name, request, call)
        case .grant, .voidGrant, .adjust: try handleMoney(name, request, call)
        case .putPlan: try putPlan(request, call)
        case .plans: try listPlans(request, call)
        case .changePlan: try changePlan(request, call)
        case .putBudget, .budgets, .budget, .deleteBudget: try handleBudget(name, request, call)
        case .putScenario, .scenarios, .scenario: try handleScenario(name, request, call)
        case .startRun, .finishRun, .runs, .run: try handleRun(name, request, call)
        case .consumption, .duplicates, .forecast: try handleInsight(name, request, call)
        case .putPriceList: try putPriceList(request, call)
        case .priceLists: try listPriceLists(request, call)
        case .priceList, .priceListVersion: try showPriceList(request, call)
        case .balance: try showBalance(request, call)
        case .entries: try listEntries(request, call)
        case .entry: try showEntry(request, call)
        case .usage: try showUsage(request, call)
        case .audit: try audit(request, call)
        case .coinStatsCredits: try showCoinStatsCredits(request, call)
        case .health, .ready, .metrics, .openAPIYAML, .openAPIJSON, .portalAsset:
            try serve(name, request, call)
        case .portal: try showPortal(request, call)
        case .createAdminKey, .adminKeys, .revokeAdminKey:
            try handleAdminKey(name, request, call)
        }
    }
}
