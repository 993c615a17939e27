internal import CivilTime
internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Reports
internal import Wire

/// `/v1/accounts`: making, reading and changing accounts.
extension APIApplication {
    func handleAccount(
        _ name: RouteName, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        switch name {
        case .createAccount: try createAccount(request, call)
        case .accounts: try listAccounts(request, call)
        case .changeAccount: try changeAccount(request, call)
        case .suspendAccount:
            try Self.checkEmptyBody(of: request)
            let id = try call.accountInPath()
            change(id, by: .suspendAccount(id), call)
        case .resumeAccount:
            try Self.checkEmptyBody(of: request)
            let id = try call.accountInPath()
            change(id, by: .resumeAccount(id), call)
        default: showAccount(try call.accountInPath(), status: 200, call)
        }
    }

    private func createAccount(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let new = try NewAccount(body: request.body, limits: services.limits)
        try check(timeZone: new.timeZone)
        perform(call, .createAccount(new)) { [self] _, _ in
            showAccount(new.id, status: 201, call)
        }
    }

    private func changeAccount(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let id = try call.accountInPath()
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let change = try AccountChange(body: request.body, limits: services.limits)
        if let timeZone = change.timeZone { try check(timeZone: timeZone) }
        self.change(id, by: .changeAccount(id, change), call)
    }

    private func change(_ id: Name, by command: Command, _ call: Call) {
        perform(call, command) { [self] _, _ in showAccount(id, status: 200, call) }
    }

    private func check(timeZone: String) throws(Problem) {
        guard services.zones.rules(of: timeZone) != nil else {
            throw .invalidParameter("time_zone", "it is no time zone that this system knows")
        }
    }

    private func showAccount(_ id: Name, status: Int, _ call: Call) {
        ask(call, about: id) { ledger, _ in
            ledger.slot(of: id).map { AccountView(ledger, $0) }
        } then: { [self] (view: AccountView?) throws(Problem) in
            guard let view, let profile = services.directory.profile(view.slot) else {
                throw .nothingHere
            }
            var body: [UInt8] = []
            view.answer(profile).write(to: &body)
            respond(call.json(status, body), to: call)
        }
    }

    private func listAccounts(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: ["limit", "cursor"])
        let limit = try query.limit(within: services.limits)
        let cursor = try query.cursor() ?? 0
        guard let first = AccountSlot(exactly: cursor) else {
            throw .invalidParameter("cursor", "it is not one that an earlier page gave")
        }
        ask(call, about: nil) { ledger, _ in
            let end = min(Int(first) + limit, ledger.accountCount)
            let slots = Int(first) < end ? Int(first)..<end : 0..<0
            return slots.map { AccountView(ledger, AccountSlot(truncatingIfNeeded: $0)) }
        } then: { [self] (views: [AccountView]) in
            let profiles = services.directory.profiles(from: first, limit: views.count + 1)
            let items = zip(profiles, views).map { $1.answer($0) }
            let hasMore = profiles.count > items.count && items.count == limit
            let next = hasMore ? PageCursor(number: UInt128(first) + UInt128(limit)).text : nil
            var body: [UInt8] = []
            PageAnswer(items: items, nextCursor: next).write(to: &body)
            respond(call.json(200, body), to: call)
        }
    }
}

/// An account as the writer saw it.
struct AccountView: Sendable {
    let slot: AccountSlot
    let record: AccountRecord
    /// As ``AccountAnswer/nextPlan``.
    private let nextPlan: Name??

    init(_ ledger: borrowing Ledger, _ slot: AccountSlot) {
        self.slot = slot
        record = ledger.record(slot)
        nextPlan = ledger.subscription(slot)?.pending
    }

    func answer(_ profile: AccountProfile) -> AccountAnswer {
        AccountAnswer(profile: profile, record: record, nextPlan: nextPlan)
    }
}
