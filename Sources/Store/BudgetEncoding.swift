internal import Credit
internal import Ledger

/// Budgets, in events and as checkpoints keep them.
extension [UInt8] {
    mutating func append(_ event: BudgetEvent) {
        append(EventTag.budgetPut)
        append(varint: UInt64(event.account))
        append(event.terms)
        append(window: event.window)
        append(time: event.time)
    }

    mutating func append(
        _ tag: UInt8, budget name: Name, of slot: AccountSlot, window: Range<Instant>?,
        _ time: Instant
    ) {
        append(tag)
        append(varint: UInt64(slot))
        append(byteString: name.text)
        if let window { append(window: window) }
        append(time: time)
    }

    mutating func append(_ terms: BudgetTerms) {
        append(byteString: terms.name.text)
        for match in terms.scope {
            switch match {
            case .any: append(0)
            case .each: append(1)
            case .only(let value):
                append(2)
                append(byteString: value)
            }
        }
        append(signed: terms.limit)
        append(terms.window.rawValue)
        append(optional: terms.parent) { $0.append(byteString: $1.text) }
    }

    mutating func append(window: Range<Instant>) {
        append(time: window.lowerBound)
        append(time: window.upperBound)
    }

    mutating func append(_ call: CallScope) {
        for dimension in BudgetDimension.allCases { append(byteString: call[dimension]) }
    }

    mutating func append(_ budget: Budget) {
        append(budget.terms)
        append(position: budget.since)
        append(time: budget.windowStart)
        append(time: budget.windowEnd)
        let counters = budget.counters
        append(varint: UInt64(counters.count))
        for counter in counters {
            append(byteString: counter.key)
            append(wide: counter.used)
        }
    }

    mutating func append(_ counts: [BudgetCount]) {
        append(varint: UInt64(counts.count))
        for count in counts {
            append(position: count.since)
            append(byteString: count.key)
        }
    }
}

extension ByteReader {
    mutating func budgetTerms(in bytes: Span<UInt8>) throws(SegmentError) -> BudgetTerms {
        let name = try name(in: bytes)
        var scope: [BudgetMatch] = []
        for _ in BudgetDimension.allCases {
            switch try byte(in: bytes) {
            case 0: scope.append(.any)
            case 1: scope.append(.each)
            case 2: scope.append(.only(try byteString(in: bytes)))
            default: throw .malformed(at: offset)
            }
        }
        let limit = try signed(in: bytes)
        guard let window = BudgetWindow(rawValue: try byte(in: bytes)) else {
            throw .malformed(at: offset)
        }
        let parent = try optional(in: bytes) { (reader, bytes) throws(SegmentError) in
            try reader.name(in: bytes)
        }
        return BudgetTerms(
            name: name, scope: scope, limit: limit, window: window, parent: parent)
    }

    mutating func window(in bytes: Span<UInt8>) throws(SegmentError) -> Range<Instant> {
        let start = try time(in: bytes)
        let end = try time(in: bytes)
        guard start <= end else { throw .malformed(at: offset) }
        return start..<end
    }

    mutating func callScope(in bytes: Span<UInt8>) throws(SegmentError) -> CallScope {
        var values: [[UInt8]] = []
        for _ in BudgetDimension.allCases { values.append(try byteString(in: bytes)) }
        return CallScope(values: values)
    }

    mutating func budget(in bytes: Span<UInt8>) throws(SegmentError) -> Budget {
        let terms = try budgetTerms(in: bytes)
        let since = try position(in: bytes)
        let start = try time(in: bytes)
        let end = try time(in: bytes)
        var counters: [(key: [UInt8], used: Int128)] = []
        for _ in 0..<(try count(limit: 1 << 20, in: bytes)) {
            counters.append((try byteString(in: bytes), try wide(in: bytes)))
        }
        return Budget(
            terms, since: since, windowStart: start, windowEnd: end, counters: counters)
    }

    mutating func budgetCounts(in bytes: Span<UInt8>) throws(SegmentError) -> [BudgetCount] {
        var counts: [BudgetCount] = []
        for _ in 0..<(try count(limit: 1 << 20, in: bytes)) {
            counts.append(
                BudgetCount(since: try position(in: bytes), key: try byteString(in: bytes)))
        }
        return counts
    }
}
