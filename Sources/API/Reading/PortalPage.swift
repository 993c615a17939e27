internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Portal
internal import Pricing
internal import Reports
internal import Store
internal import Wire

/// Makes the Overview page from durable figures, on a report thread.
struct PortalPage: Sendable {
    private static let quarterSeconds: Int64 = 900
    private static let chartSlices = 12
    /// How many events are looked at for the newest charges.
    private static let newestScanned = 400

    let services: APIServices
    let serverURL: String
    /// Only the `<main>` element is asked for.
    let isFragment: Bool

    func response(to call: Call, _ totals: PortalTotals) throws(Problem) -> HTTPResponse {
        let model: OverviewModel
        do throws(StoreError) {
            model = try self.model(totals)
        } catch {
            throw Problem(error)
        }
        var response = HTTPResponse(status: 200, contentType: "text/html; charset=utf-8")
        response.fields.append(requestID: call.requestID)
        for header in PortalHeaders.page {
            response.fields.append(name: header.name, value: header.value)
        }
        if isFragment {
            Overview.renderMain(model, into: &response.body)
        } else {
            Overview.render(model, into: &response.body)
        }
        return response
    }

    private func model(_ totals: PortalTotals) throws(StoreError) -> OverviewModel {
        let directory = services.directory
        let cells = try services.readModel.usage(
            of: totals.view?.slot, quarters: Int64.min / 2..<Int64.max / 2
        ).cells
        let name = totals.view.map { directory.profile($0.slot)?.name ?? $0.id.text }
        var model = OverviewModel(
            subtitle: name ?? "All accounts", generatedAt: totals.now, serverURL: serverURL,
            chart: chart(cells, at: totals.now))
        model.creditsLeft = CreditsTotal(micros: totals.left)
        model.creditsGranted = CreditsTotal(micros: totals.granted)
        model.creditsHeld = CreditsTotal(micros: totals.held)
        model.creditsUsed = CreditsTotal(micros: totals.used)
        model.accountsCount = totals.accountsCount
        model.keysCount = totals.view.map { directory.apiKeys(of: $0.slot).count } ?? 0
        add(cells, at: totals.now, to: &model)
        model.accounts = totals.top.compactMap { account in
            guard let profile = directory.profile(account.slot) else { return nil }
            return AccountTotal(
                id: profile.id.text, name: profile.name,
                used: CreditsTotal(micros: account.used),
                left: CreditsTotal(micros: account.left))
        }
        model.newest = try newest(totals)
        return model
    }

    private func add(_ found: UsageCells, at now: Instant, to model: inout OverviewModel) {
        var (keys, actions): ([APIKeySlot: UsageSums], [String: UsageSums]) = ([:], [:])
        let today = now.floor(toSeconds: 86_400).micros / (Self.quarterSeconds * 1_000_000)
        var (count, used): (Int64, Int128) = (0, 0)
        for cell in found.cells {
            count += cell.sums.calls
            if cell.key.start >= today { used += cell.sums.credits }
            keys[cell.key.key, default: UsageSums()].add(cell.sums)
            actions[found.actionLabel(cell.key), default: UsageSums()].add(cell.sums)
        }
        model.chargesCount = Int(clamping: count)
        model.usedToday = CreditsTotal(micros: used)
        let named = keys.filter { $0.key != ChargeCommand.noKey }
        if model.accountsCount != nil { model.keysCount = named.count }
        model.keys = named.sorted { $0.value.credits > $1.value.credits }
            .prefix(Overview.rowsMax).compactMap { slot, sums in
                services.directory.apiKey(slot).map { key in
                    KeyTotal(
                        id: key.id.text, name: key.name, charges: Int(clamping: sums.calls),
                        used: CreditsTotal(micros: sums.credits))
                }
            }
        model.actions = actions.sorted { ($1.value.credits, $0.key) < ($0.value.credits, $1.key) }
            .prefix(Overview.actionsMax).map { name, sums in
                ActionTotal(
                    name: name, charges: Int(clamping: sums.calls),
                    used: CreditsTotal(micros: sums.credits))
            }
    }

    /// The last twelve hours, or the last three when nothing is older.
    private func chart(_ found: UsageCells, at now: Instant) -> ChargeChart {
        let current =
            now.floor(toSeconds: Self.quarterSeconds).micros
            / (Self.quarterSeconds * 1_000_000)
        let hours = current - current % 4
        let isLong = found.cells.contains {
            hours - 44 <= $0.key.start && $0.key.start < current - 11
        }
        let (first, perSlice) = isLong ? (hours - 44, Int64(4)) : (current - 11, 1)
        var series: [String: [Int128]] = [:]
        for cell in found.cells where cell.key.start >= first {
            let slice = Int((cell.key.start - first) / perSlice)
            guard slice < Self.chartSlices else { continue }
            let zeros = [Int128](repeating: 0, count: Self.chartSlices)
            series[found.actionLabel(cell.key), default: zeros][slice] += cell.sums.credits
        }
        let sorted = series.map { (name: $0.key, sum: $0.value.reduce(0, +), slices: $0.value) }
            .sorted { ($1.sum, $0.name) < ($0.sum, $1.name) }
        return ChargeChart(
            dimension: "action",
            start: Instant(micros: first * Self.quarterSeconds * 1_000_000),
            sliceSeconds: perSlice * Self.quarterSeconds,
            series: sorted.map { row in
                ChargeChart.Series(
                    name: row.name, credits: row.slices.map { CreditsTotal(micros: max(0, $0)) })
            })
    }
}

/// The newest charges.
extension PortalPage {
    private func newest(_ totals: PortalTotals) throws(StoreError) -> [ChargeRow] {
        var rows: [ChargeRow] = []
        for position in try positions(totals) {
            guard rows.count < Overview.newestMax else { break }
            guard let stored = try services.segments.event(at: position) else { continue }
            if let row = row(stored) { rows.append(row) }
        }
        return rows
    }

    private func positions(_ totals: PortalTotals) throws(StoreError) -> [Position] {
        let readModel = services.readModel
        if let view = totals.view {
            return try readModel.positions(
                of: view.slot, before: nil, limit: Self.newestScanned)
        }
        let known = readModel.newestPositions(limit: Self.newestScanned)
        guard known.count < Overview.newestMax else { return known }
        // Memory knows only what came since the last checkpoint.
        var older: Set<Position> = Set(known)
        for account in totals.top {
            older.formUnion(
                try readModel.positions(of: account.slot, before: nil, limit: Overview.newestMax))
        }
        return older.sorted(by: >)
    }

    private func row(_ stored: StoredEvent) -> ChargeRow? {
        guard let account = stored.account, let profile = services.directory.profile(account)
        else { return nil }
        switch stored.item {
        case .charge(let index):
            let charge = stored.contents.charges[index]
            return ChargeRow(
                entry: stored.position.id(), time: charge.head.time, account: profile.id.text,
                action: String(
                    decoding: stored.contents.bytes[charge.action.indices], as: UTF8.self),
                key: keyName(charge.key), credits: Credits(micros: charge.credits),
                uncollected: Credits(micros: charge.uncollected),
                status: charge.rowStatus(stored.contents.role(of: charge)))
        case .event(let index):
            if case .refunded(let refund) = stored.contents.events[index] {
                return row(of: refund, at: stored.position, profile.id)
            }
            guard case .refused(let refusal) = stored.contents.events[index],
                !refusal.action.isEmpty
            else { return nil }
            return ChargeRow(
                entry: stored.position.id(), time: refusal.time, account: profile.id.text,
                action: String(decoding: refusal.action, as: UTF8.self),
                key: keyName(refusal.apiKey), credits: .zero, status: .refused)
        }
    }

    private func row(of refund: RefundEvent, at position: Position, _ account: Name) -> ChargeRow {
        ChargeRow(
            entry: position.id(), time: refund.head.time, account: account.text,
            action: String(decoding: refund.action, as: UTF8.self), key: keyName(refund.apiKey),
            credits: Credits(micros: -refund.amount), status: .refunded)
    }

    private func keyName(_ slot: APIKeySlot) -> String {
        guard slot != ChargeCommand.noKey else { return "" }
        return services.directory.apiKey(slot)?.name ?? ""
    }
}

extension UsageCells {
    /// The action of a cell as pages show it; no action has the name of what is not told apart.
    fileprivate func actionLabel(_ key: UsageKey) -> String {
        let name = names.text(key.action)
        return name == Self.otherName ? "(other)" : name
    }
}

extension ChargeEvent {
    fileprivate func rowStatus(_ role: HoldRole?) -> ChargeRow.Status {
        if case .placed = role { return .held }
        return details.status.isFailure ? .failed : .charged
    }
}
