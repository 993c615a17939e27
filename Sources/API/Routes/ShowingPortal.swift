internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Portal
internal import Reports
internal import Wire

/// `GET /portal/`: the Overview page, of one account or of all.
extension APIApplication {
    /// True when the page may be seen without a key: the client is on this machine, and so is the
    /// name that it used, which a foreign page or a proxy would betray.
    func isPortalOpen(to request: HTTPRequest) -> Bool {
        guard services.policy.portal == .loopback, !Self.hasCredentials(request) else {
            return false
        }
        guard request.count(of: "forwarded") + request.count(of: "x-forwarded-for") == 0 else {
            return false
        }
        if request.isUnixSocket { return true }
        let address = request.remoteAddress
        guard address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
        else { return false }
        let host = String(decoding: request.value(of: "host") ?? [], as: UTF8.self)
        let names = ["localhost", "127.0.0.1", "[::1]"]
        return names.contains { host == $0 || host.hasPrefix("\($0):") }
    }

    func showPortal(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: ["account", "theme"])
        let isFragment = request.value(of: "tally-fragment") == Array("main".utf8)
        let host = String(decoding: request.value(of: "host") ?? [], as: UTF8.self)
        let page = PortalPage(
            services: services, serverURL: "http://\(host)", isFragment: isFragment)
        guard call.isCustomer || query["account"] != nil else {
            return gatherTotals(from: 0, PortalTotals(), call) { [self] totals in
                report(call) { () throws(Problem) in try page.response(to: call, totals) }
            }
        }
        view(try readAccount(query, call), call) { [self] view in
            let totals = PortalTotals(view)
            report(call) { () throws(Problem) in try page.response(to: call, totals) }
        }
    }

    /// How many accounts are summed up at once while calls wait.
    private static let stepAccounts = 32_768

    private func gatherTotals(
        from first: Int, _ totals: PortalTotals, _ call: Call,
        then: @escaping (PortalTotals) -> Void
    ) {
        ask(call, about: nil) { ledger, now -> PortalTotals in
            var totals = totals
            let end = min(first + Self.stepAccounts, ledger.accountCount)
            for slot in first..<max(first, end) {
                let slot = AccountSlot(truncatingIfNeeded: slot)
                totals.add(ledger.record(slot), of: slot)
            }
            (totals.accountsCount, totals.now) = (ledger.accountCount, now)
            return totals
        } then: { [self] (totals: PortalTotals) in
            let next = first + Self.stepAccounts
            guard next < totals.accountsCount ?? 0 else { return then(totals) }
            gatherTotals(from: next, totals, call, then: then)
        }
    }
}

/// The sums that the page shows, over one account or all.
struct PortalTotals: Sendable {
    struct Account: Sendable {
        let slot: AccountSlot
        let used: Int128
        let left: Int128
    }

    /// The account whose page it is; nil for all.
    var view: ReadView?
    /// The accounts that used most, at most as many as the page shows.
    var top: [Account] = []
    var left: Int128 = 0
    var granted: Int128 = 0
    var held: Int128 = 0
    var used: Int128 = 0
    var accountsCount: Int?
    var now = Instant.epoch

    init() {}

    init(_ view: ReadView) {
        add(view.record, of: view.slot)
        top = []
        now = view.now
        self.view = view
    }

    mutating func add(_ record: AccountRecord, of slot: AccountSlot) {
        let rest = Int128(record.available) - Int128(record.debt)
        left += rest
        granted += record.granted
        held += Int128(record.held)
        let spent = record.charged - record.refunded
        used += spent
        let place = top.firstIndex { $0.used < spent } ?? top.count
        guard place < Overview.rowsMax else { return }
        top.insert(Account(slot: slot, used: spent, left: rest), at: place)
        if top.count > Overview.rowsMax { top.removeLast() }
    }
}
