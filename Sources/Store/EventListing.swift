public import Credit
public import Ledger

extension Event {
    /// Whose list shows the event, and the run of a scenario that it is of; neither where it is of no
    /// account.
    public var listing: (account: AccountSlot?, run: [UInt8]) {
        switch self {
        case .refused(let refusal): (refusal.account, [])
        case .refunded(let refund): (refund.head.account, refund.call[.run])
        case .runStarted(let start): (start.account, Array(start.run.text.utf8))
        case .runFinished(let finish): (finish.account, Array(finish.run.text.utf8))
        case .granted, .lot, .adjusted, .released, .accountCreated, .accountChanged,
            .accountSuspended, .accountResumed, .apiKeyCreated, .apiKeyChanged, .apiKeyRevoked,
            .priceListPut, .budgetPut, .budgetDeleted, .budgetRestarted, .planPut, .periodStarted,
            .planPending, .scenarioPut:
            (head?.account, [])
        }
    }
}

extension SegmentView {
    /// Calls `body` with each event in order: where it stands, whose list shows it, and its run.
    ///
    /// Reads two columns and no others.
    public func visitListings(
        _ body: (Position, AccountSlot?, Span<UInt8>) -> Void
    ) throws(SegmentError) {
        var texts: [UInt8] = []
        let runs = try copyTexts(.run, to: &texts)
        var charge = 0
        for index in 0..<count {
            let position = Position(
                segment: header.number, index: UInt32(truncatingIfNeeded: index))
            guard order.isEmpty || order[index] else {
                let (account, run) = events[index - charge].listing
                body(position, account, run.span)
                continue
            }
            body(
                position, AccountSlot(truncatingIfNeeded: word(.account, charge)),
                texts.span.extracting(runs[charge].indices))
            charge += 1
        }
    }
}
