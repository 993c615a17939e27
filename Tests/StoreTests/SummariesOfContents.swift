import Credit
import Ledger
import Store
import TestKit

extension SegmentContents {
    /// What summaries should say, worked out from the events themselves.
    var plainSummaries: [PlainEntry] {
        var found: [PlainEntry] = []
        visit { position, item in
            switch item {
            case .charge(let index): found.append(plain(charges[index], at: position))
            case .event(let index):
                if let summary = Self.plain(events[index], at: position) { found.append(summary) }
            }
        }
        return found
    }

    private func plain(_ charge: ChargeEvent, at position: Position) -> PlainEntry {
        let role = role(of: charge)
        let ofPlan = shares[charge.shares].filter { $0.source == .plan || $0.source == .rollover }
        let extra = ofPlan.reduce(charge.credits) { $0 &- $1.micros }
        let kind = ListedKind(role)
        let details = charge.details
        let text = { (range: ByteRange) in String(decoding: bytes[range.indices], as: UTF8.self) }
        return PlainEntry(
            bare: EntrySummary(
                account: charge.head.account, position: position, time: charge.head.time,
                kind: kind, credits: kind == .hold ? 0 : charge.credits,
                extra: kind == .hold ? 0 : extra, key: charge.key, units: charge.units,
                status: details.status, results: details.results, bytes: details.bytes,
                duration: details.duration),
            texts: [
                charge.action, details.team, details.scenario, details.run, details.module,
                details.parameters,
            ].map(text))
    }

    private static func plain(_ event: Event, at position: Position) -> PlainEntry? {
        guard let kind = ListedKind(event) else { return nil }
        var summary = EntrySummary(
            account: event.head?.account ?? 0, position: position, time: event.head?.time ?? .epoch,
            kind: kind)
        var texts = [String](repeating: "", count: 6)
        switch event {
        case .granted(let grant): summary.credits = grant.amount.micros
        case .lot(let lot): summary.credits = lot.amount
        case .adjusted(let adjustment): summary.credits = 0 &- adjustment.amount.micros
        case .refused(let refusal):
            summary.account = refusal.account
            summary.time = refusal.time
            summary.key = refusal.apiKey
            texts[0] = String(decoding: refusal.action, as: UTF8.self)
        case .refunded(let refund):
            summary.credits = refund.amount
            let ofPlan = refund.shares.filter { $0.source == .plan || $0.source == .rollover }
            summary.extra = ofPlan.reduce(refund.amount) { $0 &- $1.micros }
            summary.key = refund.apiKey
            let said = [BudgetDimension.action, .team, .scenario, .run]
            for (place, dimension) in said.enumerated() {
                texts[place] = String(decoding: refund.call[dimension], as: UTF8.self)
            }
        case .runStarted(let start):
            summary.account = start.account
            summary.time = start.time
            summary.startedAt = start.startedAt
            texts[2] = start.scenario.text
            texts[3] = start.run.text
        case .runFinished(let finish):
            summary.account = finish.account
            summary.time = finish.time
            summary.status = finish.status
            texts[3] = finish.run.text
        default: break
        }
        return PlainEntry(bare: summary, texts: texts)
    }
}
