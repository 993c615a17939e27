internal import Credit
internal import Ledger

extension ByteReader {
    /// Reads an event that is no charge.
    mutating func event(in bytes: Span<UInt8>) throws(SegmentError) -> Event {
        switch try byte(in: bytes) {
        case EventTag.accountCreated:
            .accountCreated(try newAccount(in: bytes), at: try time(in: bytes))
        case EventTag.accountChanged:
            .accountChanged(
                try slot(in: bytes), try accountChange(in: bytes), at: try time(in: bytes))
        case EventTag.accountSuspended:
            .accountSuspended(try slot(in: bytes), at: try time(in: bytes))
        case EventTag.accountResumed:
            .accountResumed(try slot(in: bytes), at: try time(in: bytes))
        case EventTag.apiKeyCreated:
            .apiKeyCreated(try newAPIKey(in: bytes), at: try time(in: bytes))
        case EventTag.apiKeyChanged:
            .apiKeyChanged(
                try slot(in: bytes), try apiKeyChange(in: bytes), at: try time(in: bytes))
        case EventTag.apiKeyRevoked: .apiKeyRevoked(try slot(in: bytes), at: try time(in: bytes))
        case EventTag.priceListPut: .priceListPut(try priceList(in: bytes))
        case EventTag.granted: .granted(try grant(in: bytes))
        case EventTag.lot: .lot(try lot(in: bytes))
        case EventTag.adjusted: .adjusted(try adjustment(in: bytes))
        case EventTag.refused: .refused(try refusal(in: bytes))
        case EventTag.planPut: .planPut(try plan(in: bytes))
        case EventTag.periodStarted: .periodStarted(try period(in: bytes))
        case EventTag.planPending: .planPending(try pendingPlan(in: bytes))
        case EventTag.budgetPut:
            .budgetPut(
                BudgetEvent(
                    account: try slot(in: bytes), terms: try budgetTerms(in: bytes),
                    window: try window(in: bytes), time: try time(in: bytes)))
        case EventTag.budgetDeleted:
            .budgetDeleted(
                try slot(in: bytes), try name(in: bytes), at: try time(in: bytes))
        case EventTag.budgetRestarted:
            .budgetRestarted(
                try slot(in: bytes), try name(in: bytes), window: try window(in: bytes),
                at: try time(in: bytes))
        case EventTag.released: .released(try release(in: bytes))
        case EventTag.refunded: .refunded(try refund(in: bytes))
        case EventTag.scenarioPut: .scenarioPut(try scenario(in: bytes))
        case EventTag.runStarted: .runStarted(try runStart(in: bytes))
        case EventTag.runFinished: .runFinished(try runFinish(in: bytes))
        default: throw .malformed(at: offset)
        }
    }

    mutating func time(in bytes: Span<UInt8>) throws(SegmentError) -> Instant {
        Instant(micros: try fixed(Int64.self, in: bytes))
    }

    mutating func signed(in bytes: Span<UInt8>) throws(SegmentError) -> Int64 {
        ZigZag.decode(try varint(in: bytes))
    }

    mutating func slot(in bytes: Span<UInt8>) throws(SegmentError) -> UInt32 {
        UInt32(truncatingIfNeeded: try varint(in: bytes))
    }

    mutating func name(in bytes: Span<UInt8>) throws(SegmentError) -> Name {
        let text = try self.text(in: bytes)
        guard let name = try? Name(text) else { throw .malformed(at: offset) }
        return name
    }

    mutating func position(in bytes: Span<UInt8>) throws(SegmentError) -> Position {
        Position(segment: try varint(in: bytes), index: try slot(in: bytes))
    }

    private mutating func flag(in bytes: Span<UInt8>) throws(SegmentError) -> Bool {
        switch try byte(in: bytes) {
        case 0: false
        case 1: true
        default: throw .malformed(at: offset)
        }
    }

    mutating func optional<Value>(
        in bytes: Span<UInt8>, _ body: (inout Self, Span<UInt8>) throws(SegmentError) -> Value
    ) throws(SegmentError) -> Value? {
        try flag(in: bytes) ? try body(&self, bytes) : nil
    }
}

extension ByteReader {
    mutating func newAccount(in bytes: Span<UInt8>) throws(SegmentError) -> NewAccount {
        var new = NewAccount(id: try name(in: bytes), name: try text(in: bytes))
        new.timeZone = try text(in: bytes)
        if try flag(in: bytes) { new.anchor = try time(in: bytes) }
        new.overdraftLimit = Credits(micros: try signed(in: bytes))
        if try flag(in: bytes) { new.priceList = try name(in: bytes) }
        new.metadata = try byteString(in: bytes)
        if try flag(in: bytes) { new.plan = try name(in: bytes) }
        return new
    }

    fileprivate mutating func accountChange(
        in bytes: Span<UInt8>
    ) throws(SegmentError) -> AccountChange {
        var change = AccountChange()
        if try flag(in: bytes) { change.name = try text(in: bytes) }
        if try flag(in: bytes) { change.timeZone = try text(in: bytes) }
        if try flag(in: bytes) {
            change.overdraftLimit = Credits(micros: try signed(in: bytes))
        }
        if try flag(in: bytes) {
            change.priceList = .some(try flag(in: bytes) ? try name(in: bytes) : nil)
        }
        if try flag(in: bytes) { change.metadata = try byteString(in: bytes) }
        return change
    }

    mutating func newAPIKey(in bytes: Span<UInt8>) throws(SegmentError) -> NewAPIKey {
        let role: APIKeyRole
        switch try byte(in: bytes) {
        case 0: role = .operator
        case 1: role = .service
        case 2: role = .customer(account: try name(in: bytes))
        default: throw .malformed(at: offset)
        }
        var new = NewAPIKey(
            role: role, name: try text(in: bytes), secretHash: try byteString(in: bytes),
            hint: try text(in: bytes))
        new.scopes = try scopes(in: bytes)
        if try flag(in: bytes) { new.expiresAt = try time(in: bytes) }
        return new
    }

    private mutating func scopes(in bytes: Span<UInt8>) throws(SegmentError) -> [String] {
        var scopes: [String] = []
        for _ in 0..<(try count(limit: 1 << 16, in: bytes)) { scopes.append(try text(in: bytes)) }
        return scopes
    }

    fileprivate mutating func apiKeyChange(
        in bytes: Span<UInt8>
    ) throws(SegmentError) -> APIKeyChange {
        var change = APIKeyChange()
        if try flag(in: bytes) { change.name = try text(in: bytes) }
        if try flag(in: bytes) { change.scopes = try scopes(in: bytes) }
        if try flag(in: bytes) {
            change.expiresAt = .some(try flag(in: bytes) ? try time(in: bytes) : nil)
        }
        return change
    }

    fileprivate mutating func priceList(
        in bytes: Span<UInt8>
    ) throws(SegmentError) -> PriceListEvent {
        PriceListEvent(
            name: try name(in: bytes), version: try slot(in: bytes),
            effectiveAt: try time(in: bytes), json: try byteString(in: bytes),
            time: try time(in: bytes))
    }
}

extension ByteReader {
    fileprivate mutating func grant(in bytes: Span<UInt8>) throws(SegmentError) -> GrantEvent {
        let head = try head(in: bytes)
        let key = try flag(in: bytes) ? try key(in: bytes) : nil
        var grant = NewGrant(
            amount: Credits(micros: try signed(in: bytes)), source: try source(in: bytes))
        grant.priority = Int32(truncatingIfNeeded: try signed(in: bytes))
        let effectiveAt = try time(in: bytes)
        let expiresAt = try time(in: bytes)
        let repaid = try signed(in: bytes)
        let isAdjustment = try flag(in: bytes)
        grant.memo = try byteString(in: bytes)
        return GrantEvent(
            head: head, key: key, grant: grant, effectiveAt: effectiveAt, expiresAt: expiresAt,
            repaid: repaid, isAdjustment: isAdjustment)
    }

    fileprivate mutating func lot(in bytes: Span<UInt8>) throws(SegmentError) -> LotEvent {
        guard let cause = LotEvent.Cause(rawValue: try byte(in: bytes)) else {
            throw .malformed(at: offset)
        }
        return LotEvent(
            cause: cause, head: try head(in: bytes), grant: try position(in: bytes),
            amount: try signed(in: bytes), repaid: try signed(in: bytes),
            key: try flag(in: bytes) ? try key(in: bytes) : nil)
    }

    fileprivate mutating func adjustment(
        in bytes: Span<UInt8>
    ) throws(SegmentError) -> AdjustmentEvent {
        let head = try head(in: bytes)
        let key = try key(in: bytes)
        return AdjustmentEvent(
            head: head, key: key, amount: Credits(micros: try signed(in: bytes)),
            shares: try shares(in: bytes), overdrawn: try signed(in: bytes),
            memo: try byteString(in: bytes))
    }

    fileprivate mutating func release(in bytes: Span<UInt8>) throws(SegmentError) -> ReleaseEvent {
        let head = try head(in: bytes)
        let key = try flag(in: bytes) ? try key(in: bytes) : nil
        let hold = try position(in: bytes)
        guard let cause = HoldSettlement.Cause(rawValue: try byte(in: bytes)) else {
            throw .malformed(at: offset)
        }
        return ReleaseEvent(
            head: head, key: key,
            settlement: HoldSettlement(
                hold: hold, cause: cause, reserved: try signed(in: bytes),
                repaid: try signed(in: bytes), lapsed: try signed(in: bytes)))
    }

    fileprivate mutating func refund(in bytes: Span<UInt8>) throws(SegmentError) -> RefundEvent {
        let head = try head(in: bytes)
        let key = try key(in: bytes)
        let charge = try position(in: bytes)
        let parts = RefundParts(
            amount: try signed(in: bytes), forgiven: try signed(in: bytes),
            repaid: try signed(in: bytes), shares: try shares(in: bytes),
            regranted: try signed(in: bytes))
        return RefundEvent(
            head: head, key: key, charge: charge, countedAt: try position(in: bytes),
            parts: parts, call: try callScope(in: bytes), memo: try byteString(in: bytes))
    }

    mutating func shares(in bytes: Span<UInt8>) throws(SegmentError) -> [LotShare] {
        var shares: [LotShare] = []
        for _ in 0..<(try count(limit: 1 << 24, in: bytes)) {
            shares.append(
                LotShare(
                    grant: try position(in: bytes), source: try source(in: bytes),
                    micros: try signed(in: bytes)))
        }
        return shares
    }

    fileprivate mutating func refusal(in bytes: Span<UInt8>) throws(SegmentError) -> RefusalEvent {
        let account = try slot(in: bytes)
        let time = try time(in: bytes)
        let key = try key(in: bytes)
        let reason: RefusalEvent.Reason
        switch try byte(in: bytes) {
        case 0:
            reason = .insufficientCredits(
                required: Credits(micros: try signed(in: bytes)),
                spendable: Credits(micros: try signed(in: bytes)))
        case 1: reason = .accountSuspended
        case 2: reason = .holdNotOpen
        case 4:
            reason = .budgetExceeded(
                BudgetExcess(
                    budget: try name(in: bytes), limit: Credits(micros: try signed(in: bytes)),
                    used: try fixed(Int128.self, in: bytes), resetsAt: try self.time(in: bytes)))
        case 3: reason = .refundExceedsCharge(refundable: Credits(micros: try signed(in: bytes)))
        default: throw .malformed(at: offset)
        }
        return RefusalEvent(
            account: account, time: time, key: key, reason: reason,
            action: try byteString(in: bytes), apiKey: try slot(in: bytes) &- 1)
    }

    private mutating func source(in bytes: Span<UInt8>) throws(SegmentError) -> GrantSource {
        guard let source = GrantSource(rawValue: try byte(in: bytes)) else {
            throw .malformed(at: offset)
        }
        return source
    }

    private mutating func head(in bytes: Span<UInt8>) throws(SegmentError) -> EntryHead {
        EntryHead(
            account: try slot(in: bytes), sequence: try varint(in: bytes),
            time: try time(in: bytes),
            balance: Balance(
                available: Credits(micros: try signed(in: bytes)),
                held: Credits(micros: try signed(in: bytes)),
                negative: Credits(micros: try signed(in: bytes))))
    }

    mutating func key(in bytes: Span<UInt8>) throws(SegmentError) -> EntryKey {
        EntryKey(
            bytes: try byteString(in: bytes), fingerprint: try fixed(UInt128.self, in: bytes))
    }
}
