internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// What reading one account begins with: the account as it is now, everything due made entries.
struct ReadView: Sendable {
    let id: Name
    let slot: AccountSlot
    let record: AccountRecord
    /// What it has a plan for; nil when it never had one.
    let subscription: Subscription?
    /// Micro-credits that calls have used in the period; what is held is apart.
    let used: Int128
    /// The lots that are not used up; asked for where they are shown.
    let lots: [Lot]
    /// The ledger time of the answer.
    let now: Instant

    /// The inline figures that the answer carries.
    var figures: [UInt8] { APIApplication.figures(of: record, resetsAt: subscription?.end) }
}

extension APIApplication {
    /// The account that a request is about: the customer's own, or the one that it names.
    func readAccount(_ query: QueryParameters, _ call: Call) throws(Problem) -> Name {
        guard let text = query["account"] else {
            guard let own = call.ownAccount else { throw .missingField("account") }
            return own
        }
        let account = try Call.name(text)
        guard call.ownAccount.map({ $0 == account }) ?? true else { throw .nothingHere }
        return account
    }

    /// Looks at an account and goes on with what is there.
    func view(
        _ account: Name, _ call: Call, withLots: Bool = false,
        then: @escaping (ReadView) throws(Problem) -> Void
    ) {
        ask(call, about: account) { ledger, now -> ReadView? in
            guard let slot = ledger.slot(of: account) else { return nil }
            let lots = withLots ? ledger.lots(of: slot).filter { $0.state != .closed } : []
            return ReadView(
                id: account, slot: slot, record: ledger.record(slot),
                subscription: ledger.subscription(slot), used: ledger.used(slot), lots: lots,
                now: now)
        } then: { (view: ReadView?) throws(Problem) in
            guard let view else { throw .nothingHere }
            try then(view)
        }
    }
}

/// `GET /v1/balance` and CoinStats' `GET /v1/usage/credits`.
extension APIApplication {
    func showBalance(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: ["account"])
        let services = services
        view(try readAccount(query, call), call, withLots: true) { [self] view in
            report(call) { () throws(Problem) in
                var body: [UInt8] = []
                try BalanceReport(services: services, view: view).answer().write(to: &body)
                return call.json(200, body, fields: view.figures)
            }
        }
    }

    func showCoinStatsCredits(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: ["account"])
        view(try readAccount(query, call), call) { [self] view in
            let plan = services.directory.profile(view.slot)?.plan
            let body = CoinStatsJSON.credits(
                view.record, used: view.used, subscription: plan?.id.text ?? "none")
            respond(call.json(200, body, fields: view.figures), to: call)
        }
    }
}

/// Makes the figures of a balance that the ledger does not keep.
struct BalanceReport: Sendable {
    let services: APIServices
    let view: ReadView

    func answer() throws(Problem) -> BalanceAnswer {
        guard let profile = services.directory.profile(view.slot) else { throw .nothingHere }
        let forecast = ForecastReport(services: services, view: view)
        do throws(StoreError) {
            let outlook = try forecast.outlook()
            return BalanceAnswer(
                account: view.id, profile: profile, subscription: view.subscription,
                used: view.used, record: view.record,
                averageDaily: CreditsSum(micros: outlook.averageDaily),
                runsOutAt: outlook.runsOutAt, grants: try grants())
        } catch {
            throw Problem(error)
        }
    }

    private func grants() throws(StoreError) -> [BalanceAnswer.Grant] {
        var grants: [BalanceAnswer.Grant] = []
        for lot in view.lots {
            let package = try services.memos.package(of: lot.position, in: services.segments)
            grants.append(BalanceAnswer.Grant(lot: lot, package: package))
        }
        return grants
    }
}

/// `GET /v1/audit`: recomputes balances from lots, some accounts at a time.
extension APIApplication {
    func audit(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: ["account"])
        guard call.isCustomer || query["account"] != nil else {
            return audit(from: 0, AuditReport(), call)
        }
        let account = try readAccount(query, call)
        ask(call, about: account) { ledger, _ in
            ledger.slot(of: account).map { ledger.audit(account: $0) }
        } then: { [self] (differences: [AuditDifference]?) throws(Problem) in
            guard let differences else { throw .nothingHere }
            finish(AuditReport(accountsChecked: 1, differences: differences), call)
        }
    }

    private func audit(from first: Int, _ report: AuditReport, _ call: Call) {
        let step = services.limits.auditStepAccounts
        ask(call, about: nil) { ledger, _ -> AuditStep in
            let end = min(first + step, ledger.accountCount)
            let slots = (first..<max(first, end)).map { AccountSlot(truncatingIfNeeded: $0) }
            return AuditStep(
                differences: slots.flatMap { ledger.audit(account: $0) }, end: end,
                isLast: end >= ledger.accountCount)
        } then: { [self] (found: AuditStep) in
            var report = report
            report.accountsChecked += found.end - first
            report.differences += found.differences
            if found.isLast {
                finish(report, call)
            } else {
                audit(from: found.end, report, call)
            }
        }
    }

    private func finish(_ report: AuditReport, _ call: Call) {
        var writer = JSONWriter()
        writer.beginObject()
        let receipts = services.receipts
        writer.member("ok", report.differences.isEmpty && receipts.differing == 0)
        writer.member("accounts_checked", report.accountsChecked)
        writer.key("receipts")
        writer.beginObject()
        writer.member("recomputed", receipts.recomputed)
        writer.member("differing", receipts.differing)
        writer.endObject()
        writer.key("differences")
        writer.beginArray()
        for difference in report.differences.prefix(services.limits.auditDifferencesMax) {
            writer.beginObject()
            writer.member("account", services.directory.profile(difference.account)?.id)
            writer.member("figure", difference.figure)
            writer.member("stored_micros", "\(difference.stored)")
            writer.member("recomputed_micros", "\(difference.recomputed)")
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        respond(call.json(200, writer.bytes), to: call)
    }
}

private struct AuditReport {
    var accountsChecked = 0
    var differences: [AuditDifference] = []
}

private struct AuditStep: Sendable {
    let differences: [AuditDifference]
    let end: Int
    let isLast: Bool
}
