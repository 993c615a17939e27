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
            let (kind, extra, shares) = try payment(
                ofCharge: charge, from: place, in: segment.money.span)
            var summary = numbers(ofCharge: charge, kind, extra: extra, at: position)
            for (column, ranges) in zip(Self.summaryTexts, texts) where !ranges.isEmpty {
                summary[column] = ranges[charge]
            }
            summaries.entries.append(summary)
            place.pass(shares)
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
        let (kind, extra, _) = try payment(
            ofCharge: charge, from: place, in: segment.money.span)
        var summary = numbers(ofCharge: charge, kind, extra: extra, at: position)
        for column in Self.summaryTexts where parameters || column != .parameters {
            summary[column] = try copyText(column, charge, to: &summaries.bytes)
        }
        summaries.entries.append(summary)
    }

    private static let summaryTexts: [Text] = [
        .action, .team, .scenario, .run, .module, .parameters,
    ]

    /// What a charge event is, the part of it that no lot of a plan paid, and how many lots paid.
    func payment(
        ofCharge charge: Int, from place: StoredShares.Place, in money: Span<UInt8>
    ) throws(SegmentError) -> (kind: ListedKind, extra: Int64, shares: Int) {
        let time = header.time.micros &+ ZigZag.decode(word(.time, charge))
        let kind = ListedKind(
            try roles?.role(ofCharge: charge, at: Instant(micros: time), in: money))
        let shares = Int(truncatingIfNeeded: word(.sharesCount, charge))
        guard kind != .hold else { return (kind, 0, shares) }
        let credits = signed(.credits, charge)
        let paid = credits &- signed(.overdrawn, charge) &- signed(.uncollected, charge)
        var extra = credits
        try self.shares.visit(shares, paying: paid, from: place, in: money) {
            if $0.source.isOfPlan { extra &-= $0.micros }
        }
        return (kind, extra, shares)
    }

    /// All of a charge's summary but its texts.
    @inline(__always)
    func numbers(
        ofCharge charge: Int, _ kind: ListedKind, extra: Int64, at position: Position
    ) -> EntrySummary {
        var summary = EntrySummary.blank
        summary.account = AccountSlot(truncatingIfNeeded: word(.account, charge))
        summary.position = position
        let time = header.time.micros &+ ZigZag.decode(word(.time, charge))
        summary.time = Instant(micros: time)
        summary.kind = kind
        summary.credits = kind == .hold ? 0 : signed(.credits, charge)
        summary.extra = extra
        summary.key = UInt32(truncatingIfNeeded: word(.key, charge)) &- 1
        summary.units = signed(.units, charge)
        summary.status = CallStatus(
            rawValue: UInt16(truncatingIfNeeded: word(.status, charge)))
        summary.results = OptionalCount(stored: word(.results, charge))
        summary.bytes = OptionalCount(stored: word(.bytes, charge))
        summary.duration = OptionalCount(stored: word(.duration, charge))
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
