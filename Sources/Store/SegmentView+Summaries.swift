internal import Credit
internal import Ledger

extension SegmentView {
    /// Appends the summaries of all events that lists show, in order.
    public func summarize(to summaries: inout EntrySummaries) throws(SegmentError) {
        var texts: [[ByteRange]] = []
        for column in Self.summaryTexts {
            texts.append(try copyTexts(column, to: &summaries.bytes))
        }
        summaries.entries.reserveCapacity(summaries.entries.count + count)
        var place = StoredShares.Place()
        var charge = 0
        for index in 0..<count {
            let position = Position(
                segment: header.number, index: UInt32(truncatingIfNeeded: index))
            guard order.isEmpty || order[index] else {
                summaries.append(events[index - charge], at: position)
                continue
            }
            let numbers = numbers(ofCharge: charge)
            var summary = try summary(of: numbers, charge, from: place, at: position)
            for (column, ranges) in zip(Self.summaryTexts, texts) where !ranges.isEmpty {
                summary[column] = ranges[charge]
            }
            summaries.entries.append(summary)
            place.pass(Int(numbers.sharesCount))
            charge += 1
        }
    }

    /// Appends the summary of the event at `index`, if lists show it.
    public func summarize(
        _ index: Int, parameters: Bool, to summaries: inout EntrySummaries
    ) throws(SegmentError) {
        guard index >= 0, index < count else { return }
        let position = Position(segment: header.number, index: UInt32(truncatingIfNeeded: index))
        let charge = order.isEmpty ? index : order[..<index].count(where: \.self)
        guard order.isEmpty || order[index] else {
            return summaries.append(events[index - charge], at: position)
        }
        let place = shares.place(ofCharge: charge, in: segment.money.span)
        var summary = try summary(
            of: numbers(ofCharge: charge), charge, from: place, at: position)
        for column in Self.summaryTexts where parameters || column != .parameters {
            summary[column] = try copyText(column, charge, to: &summaries.bytes)
        }
        summaries.entries.append(summary)
    }

    private static let summaryTexts: [Text] = [
        .action, .team, .scenario, .run, .module, .parameters,
    ]

    /// All of a charge's summary but its texts.
    private func summary(
        of charge: ChargeEvent, _ index: Int, from place: StoredShares.Place, at position: Position
    ) throws(SegmentError) -> EntrySummary {
        let money = segment.money.span
        var summary = EntrySummary.blank
        summary.account = charge.head.account
        summary.position = position
        summary.time = charge.head.time
        let role = try roles?.role(ofCharge: index, at: charge.head.time, in: money)
        summary.kind = ListedKind(role)
        summary.credits = summary.kind == .hold ? 0 : charge.credits
        if summary.kind != .hold {
            var ofPlan: Int64 = 0
            try shares.visit(
                Int(charge.sharesCount), paying: charge.paid, from: place, in: money
            ) { if $0.source.isOfPlan { ofPlan &+= $0.micros } }
            summary.extra = charge.credits &- ofPlan
        }
        summary.key = charge.key
        summary.units = charge.units
        summary.status = charge.details.status
        summary.results = charge.details.results
        summary.bytes = charge.details.bytes
        summary.duration = charge.details.duration
        return summary
    }
}

extension EntrySummary {
    /// The range of the text in a column.
    subscript(column: ChargeColumns.Text) -> ByteRange {
        get {
            switch column {
            case .action: action
            case .team: team
            case .scenario: scenario
            case .run: run
            case .module: module
            case .parameters: parameters
            case .key, .requestID, .metadata: .empty
            }
        }
        set {
            switch column {
            case .action: action = newValue
            case .team: team = newValue
            case .scenario: scenario = newValue
            case .run: run = newValue
            case .module: module = newValue
            case .parameters: parameters = newValue
            case .key, .requestID, .metadata: break
            }
        }
    }
}

extension EntrySummaries {
    /// Appends the summary of an event that is no charge, if lists show it.
    mutating func append(_ event: Event, at position: Position) {
        guard let kind = ListedKind(event) else { return }
        var summary = EntrySummary.blank
        summary.kind = kind
        summary.position = position
        switch event {
        case .refused(let refusal):
            summary.account = refusal.account
            summary.time = refusal.time
            summary.key = refusal.apiKey
            summary.action = bytes.appending(refusal.action.span)
        case .refunded(let refund):
            summary.extra = refund.extra
            summary.key = refund.apiKey
            summary.action = bytes.appending(refund.action.span)
            summary.team = bytes.appending(refund.call[.team].span)
            summary.scenario = bytes.appending(refund.call[.scenario].span)
            summary.run = bytes.appending(refund.call[.run].span)
        case .runStarted(let start):
            summary.account = start.account
            summary.time = start.time
            summary.startedAt = start.startedAt
            summary.scenario = bytes.appending(start.scenario.text.utf8.span)
            summary.run = bytes.appending(start.run.text.utf8.span)
        case .runFinished(let finish):
            summary.account = finish.account
            summary.time = finish.time
            summary.status = finish.status
            summary.run = bytes.appending(finish.run.text.utf8.span)
        default: break
        }
        if let head = event.head {
            summary.account = head.account
            summary.time = head.time
        }
        summary.credits = event.listedCredits
        entries.append(summary)
    }
}

extension Event {
    /// What an entry that is no charge shows as its credits, in micro-credits.
    fileprivate var listedCredits: Int64 {
        switch self {
        case .granted(let grant): grant.amount.micros
        case .lot(let lot): lot.amount
        case .adjusted(let adjustment): 0 &- adjustment.amount.micros
        case .refunded(let refund): refund.amount
        case .accountCreated, .accountChanged, .accountSuspended, .accountResumed,
            .apiKeyCreated, .apiKeyChanged, .apiKeyRevoked, .priceListPut, .budgetPut,
            .budgetDeleted, .budgetRestarted, .planPut, .periodStarted, .planPending, .released,
            .refused, .scenarioPut, .runStarted, .runFinished:
            0
        }
    }
}
