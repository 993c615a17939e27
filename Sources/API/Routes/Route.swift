internal import HTTP
internal import Wire

/// Who may call a route.
enum Access: Hashable, Sendable {
    /// Everybody, without a key.
    case everybody
    /// Whoever reaches the unix socket; for others the route does not exist.
    case unixSocket
    /// Service and operator keys.
    case charging
    /// Operator keys.
    case operators
    /// Operator keys, and customer keys with the scope to manage keys of their own account.
    case keys
    /// Every key; customer keys need the scope to read.
    case reading
    /// Prices: every key that may read, or everybody where the operator says so.
    case prices
    /// The portal's pages: as ``APIPolicy/portal`` says.
    case portal
}

/// One route of the API: a method, a path and who may call it.
struct Route: Sendable {
    /// A part of a path.
    enum Segment: Hashable, Sendable {
        case word(String)
        case parameter
    }

    let method: HTTPMethod
    /// The path as the OpenAPI document has it, parameters in braces.
    let template: String
    let name: RouteName
    let access: Access
    let segments: [Segment]

    init(_ method: HTTPMethod, _ template: String, _ name: RouteName, _ access: Access) {
        self.method = method
        self.template = template
        self.name = name
        self.access = access
        segments = template.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map { $0.hasPrefix("{") ? .parameter : .word(String($0)) }
    }

    /// What the path names, if it is of this route.
    func parameters(of path: [String]) -> [String]? {
        guard path.count == segments.count else { return nil }
        var parameters: [String] = []
        for (part, segment) in zip(path, segments) {
            switch segment {
            case .word(let word): guard part == word else { return nil }
            case .parameter:
                guard !part.isEmpty else { return nil }
                parameters.append(part)
            }
        }
        return parameters
    }
}

/// What a route does.
enum RouteName: Hashable, Sendable, CaseIterable {
    case verifyKey, charge, chargeBatch
    case createAccount, account, changeAccount, accounts, suspendAccount, resumeAccount
    case createKey, keys, changeKey, revokeKey
    case grant, voidGrant, adjust
    case putPlan, plans, changePlan
    case putBudget, budgets, budget, deleteBudget
    case hold, captureHold, releaseHold, refund, estimate, receipt
    case putScenario, scenarios, scenario, startRun, finishRun, runs, run
    case consumption, duplicates, forecast
    case putPriceList, priceLists, priceList, priceListVersion, simulation
    case balance, entries, entry, usage, audit
    case coinStatsCredits
    case health, ready, metrics, openAPIYAML, openAPIJSON
    case portal, portalAsset
    case createAdminKey, adminKeys, revokeAdminKey
}

extension Route {
    /// Every route there is.
    static let all: [Route] = [
        Route(.post, "/v1/keys/verify", .verifyKey, .charging),
        Route(.post, "/v1/charges", .charge, .charging),
        Route(.post, "/v1/charges/batch", .chargeBatch, .charging),
        Route(.post, "/v1/holds", .hold, .charging),
        Route(.post, "/v1/holds/{hold}/capture", .captureHold, .charging),
        Route(.post, "/v1/holds/{hold}/release", .releaseHold, .charging),
        Route(.post, "/v1/refunds", .refund, .charging),
        Route(.post, "/v1/estimates", .estimate, .reading),
        Route(.get, "/v1/receipts/{entry}", .receipt, .reading),
        Route(.post, "/v1/price-lists/{name}/simulate", .simulation, .operators),
        Route(.post, "/v1/accounts", .createAccount, .operators),
        Route(.get, "/v1/accounts", .accounts, .operators),
        Route(.get, "/v1/accounts/{account}", .account, .operators),
        Route(.patch, "/v1/accounts/{account}", .changeAccount, .operators),
        Route(.post, "/v1/accounts/{account}/suspend", .suspendAccount, .operators),
        Route(.post, "/v1/accounts/{account}/resume", .resumeAccount, .operators),
        Route(.post, "/v1/accounts/{account}/keys", .createKey, .keys),
        Route(.get, "/v1/accounts/{account}/keys", .keys, .keys),
        Route(.patch, "/v1/accounts/{account}/keys/{key}", .changeKey, .keys),
        Route(.delete, "/v1/accounts/{account}/keys/{key}", .revokeKey, .keys),
        Route(.post, "/v1/accounts/{account}/grants", .grant, .operators),
        Route(.post, "/v1/accounts/{account}/grants/{grant}/void", .voidGrant, .operators),
        Route(.post, "/v1/accounts/{account}/adjustments", .adjust, .operators),
        Route(.put, "/v1/plans/{id}", .putPlan, .operators),
        Route(.get, "/v1/plans", .plans, .operators),
        Route(.post, "/v1/accounts/{account}/plan", .changePlan, .operators),
        Route(.get, "/v1/accounts/{account}/budgets", .budgets, .operators),
        Route(.put, "/v1/accounts/{account}/budgets/{name}", .putBudget, .operators),
        Route(.get, "/v1/accounts/{account}/budgets/{name}", .budget, .operators),
        Route(.delete, "/v1/accounts/{account}/budgets/{name}", .deleteBudget, .operators),
        Route(.put, "/v1/price-lists/{name}", .putPriceList, .operators),
        Route(.get, "/v1/price-lists", .priceLists, .prices),
        Route(.get, "/v1/price-lists/{name}", .priceList, .prices),
        Route(.get, "/v1/price-lists/{name}/versions/{version}", .priceListVersion, .prices),
        Route(.get, "/v1/balance", .balance, .reading),
        Route(.get, "/v1/entries", .entries, .reading),
        Route(.get, "/v1/entries/{entry}", .entry, .reading),
        Route(.get, "/v1/usage", .usage, .reading),
        Route(.put, "/v1/scenarios/{id}", .putScenario, .charging),
        Route(.get, "/v1/scenarios", .scenarios, .reading),
        Route(.get, "/v1/scenarios/{id}", .scenario, .reading),
        Route(.post, "/v1/runs", .startRun, .charging),
        Route(.post, "/v1/runs/{run}/finish", .finishRun, .charging),
        Route(.get, "/v1/runs", .runs, .reading),
        Route(.get, "/v1/runs/{run}", .run, .reading),
        Route(.get, "/v1/insights/consumption", .consumption, .reading),
        Route(.get, "/v1/insights/duplicates", .duplicates, .reading),
        Route(.get, "/v1/insights/forecast", .forecast, .reading),
        Route(.get, "/v1/audit", .audit, .reading),
        Route(.get, "/v1/usage/credits", .coinStatsCredits, .reading),
        Route(.get, "/usage/credits", .coinStatsCredits, .reading),
        Route(.get, "/health", .health, .everybody),
        Route(.get, "/ready", .ready, .everybody),
        Route(.get, "/metrics", .metrics, .everybody),
        Route(.get, "/openapi.yaml", .openAPIYAML, .everybody),
        Route(.get, "/openapi.json", .openAPIJSON, .everybody),
        Route(.get, "/portal/", .portal, .portal),
        Route(.get, "/portal/{asset}", .portalAsset, .everybody),
        Route(.post, "/admin/keys", .createAdminKey, .unixSocket),
        Route(.get, "/admin/keys", .adminKeys, .unixSocket),
        Route(.delete, "/admin/keys/{key}", .revokeAdminKey, .unixSocket),
    ]
}
