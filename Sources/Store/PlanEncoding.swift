internal import Credit
internal import Ledger

/// Plans and periods, in events and as checkpoints keep them.
extension [UInt8] {
    mutating func append(_ event: PlanEvent) {
        append(EventTag.planPut)
        let terms = event.terms
        append(byteString: terms.id.text)
        append(varint: UInt64(event.version))
        append(byteString: terms.name)
        append(signed: terms.credits)
        append(terms.period.rawValue)
        append(optional: terms.rollover) { bytes, rollover in
            bytes.append(signed: rollover.limit)
            bytes.append(varint: UInt64(rollover.periods))
        }
        append(optional: terms.priceList) { $0.append(byteString: $1.text) }
        append(varint: UInt64(terms.retentionDays))
        append(varint: UInt64(terms.requestsMax))
        append(time: event.time)
    }

    mutating func append(_ event: PeriodEvent) {
        append(EventTag.periodStarted)
        append(varint: UInt64(event.account))
        append(optional: event.key) { $0.append(key: $1) }
        append(optional: event.plan) { $0.append($1) }
        append(time: event.anchor)
        append(signed: event.number)
        append(window: event.window)
        append(time: event.time)
    }

    mutating func append(_ event: PendingPlanEvent) {
        append(EventTag.planPending)
        append(varint: UInt64(event.account))
        append(key: event.key)
        append(optional: event.plan) { $0.append(byteString: $1.text) }
        append(time: event.effectiveAt)
        append(time: event.time)
    }

    mutating func append(_ plan: PlanReference) {
        append(byteString: plan.id.text)
        append(varint: UInt64(plan.version))
    }

    mutating func append(_ subscription: Subscription) {
        append(optional: subscription.plan) { $0.append($1) }
        append(signed: subscription.number)
        append(time: subscription.start)
        append(time: subscription.end)
        append(optional: subscription.pending) { bytes, plan in
            bytes.append(optional: plan) { $0.append(byteString: $1.text) }
        }
        append(signed: subscription.unused)
        append(wide: subscription.usedBefore)
    }
}

extension ByteReader {
    mutating func plan(in bytes: Span<UInt8>) throws(SegmentError) -> PlanEvent {
        let id = try name(in: bytes)
        let version = try slot(in: bytes)
        let title = try text(in: bytes)
        let credits = try signed(in: bytes)
        guard let period = PlanPeriod(rawValue: try byte(in: bytes)) else {
            throw .malformed(at: offset)
        }
        var terms = PlanTerms(id: id, name: title, credits: credits, period: period)
        terms.rollover = try optional(in: bytes) { (reader, bytes) throws(SegmentError) in
            Rollover(limit: try reader.signed(in: bytes), periods: try reader.slot(in: bytes))
        }
        terms.priceList = try optionalName(in: bytes)
        terms.retentionDays = try slot(in: bytes)
        terms.requestsMax = try slot(in: bytes)
        return PlanEvent(terms: terms, version: version, time: try time(in: bytes))
    }

    mutating func period(in bytes: Span<UInt8>) throws(SegmentError) -> PeriodEvent {
        let account = try slot(in: bytes)
        let key = try optional(in: bytes) { (reader, bytes) throws(SegmentError) in
            try reader.key(in: bytes)
        }
        return PeriodEvent(
            account: account, key: key, plan: try optionalPlan(in: bytes),
            anchor: try time(in: bytes), number: try signed(in: bytes),
            window: try window(in: bytes), time: try time(in: bytes))
    }

    mutating func pendingPlan(in bytes: Span<UInt8>) throws(SegmentError) -> PendingPlanEvent {
        PendingPlanEvent(
            account: try slot(in: bytes), key: try key(in: bytes),
            plan: try optionalName(in: bytes), effectiveAt: try time(in: bytes),
            time: try time(in: bytes))
    }

    mutating func planReference(
        in bytes: Span<UInt8>
    ) throws(SegmentError) -> PlanReference {
        PlanReference(id: try name(in: bytes), version: try slot(in: bytes))
    }

    mutating func optionalPlan(in bytes: Span<UInt8>) throws(SegmentError) -> PlanReference? {
        try optional(in: bytes) { (reader, bytes) throws(SegmentError) in
            try reader.planReference(in: bytes)
        }
    }

    mutating func optionalSubscription(
        in bytes: Span<UInt8>
    ) throws(SegmentError) -> Subscription? {
        try optional(in: bytes) { (reader, bytes) throws(SegmentError) in
            let plan = try reader.optionalPlan(in: bytes)
            let number = try reader.signed(in: bytes)
            let window = try reader.window(in: bytes)
            let isPending = try reader.byte(in: bytes) == 1
            let pending: Name?? =
                isPending ? .some(try reader.optionalName(in: bytes)) : .none
            return Subscription(
                restoring: plan, number: number, window: window, pending: pending,
                unused: try reader.signed(in: bytes),
                usedBefore: try reader.wide(in: bytes))
        }
    }

    private mutating func optionalName(in bytes: Span<UInt8>) throws(SegmentError) -> Name? {
        try optional(in: bytes) { (reader, bytes) throws(SegmentError) in
            try reader.name(in: bytes)
        }
    }
}
