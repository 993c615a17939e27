internal import Credit
public import Ledger

/// The bytes of checkpointed things; each ends with a CRC-32 of what is before it and of the key
/// under which it is stored, so that one in another's place is noticed.
public enum StateEncoding: Sendable {
    public static func encode(_ image: AccountImage) -> [UInt8] {
        var bytes: [UInt8] = []
        var new = NewAccount(id: image.profile.id, name: image.profile.name)
        new.timeZone = image.profile.timeZone
        new.anchor = image.profile.anchor
        new.overdraftLimit = Credits(micros: image.record.overdraftLimit)
        new.priceList = image.profile.priceList
        new.metadata = image.profile.metadata
        bytes.append(new)
        bytes.append(time: image.profile.createdAt)
        bytes.append(image.profile.isAnchorFixed ? 1 : 0)
        bytes.append(optional: image.profile.plan) { $0.append($1) }
        let record = image.record
        for amount in [record.available, record.held, record.debt, record.heldOverdraft] {
            bytes.append(signed: amount)
        }
        for total in [record.charged, record.uncollected, record.refunded, record.granted] {
            bytes.append(fixed: total)
        }
        bytes.append(varint: record.sequence)
        bytes.append(time: record.lastTime)
        bytes.append(varint: record.changedIn)
        bytes.append(record.isSuspended ? 1 : 0)
        bytes.append(varint: UInt64(image.lots.count))
        for lot in image.lots { bytes.append(lot) }
        bytes.append(varint: UInt64(image.holds.count))
        for hold in image.holds { bytes.append(hold) }
        bytes.append(varint: UInt64(image.refunds.count))
        for refund in image.refunds {
            bytes.append(position: refund.charge)
            bytes.append(signed: refund.micros)
        }
        bytes.append(varint: UInt64(image.budgets.count))
        for budget in image.budgets { bytes.append(budget) }
        bytes.append(optional: image.subscription) { $0.append($1) }
        return bytes.withChecksum(under: [Int64(image.slot)])
    }

    public static func account(
        _ slot: AccountSlot, from stored: [UInt8]
    ) throws(SegmentError) -> AccountImage {
        let bytes = try stored.checked(under: [Int64(slot)])
        var reader = ByteReader()
        let new = try reader.newAccount(in: bytes.span)
        let createdAt = try reader.time(in: bytes.span)
        let isAnchorFixed = try reader.byte(in: bytes.span) == 1
        let plan = try reader.optionalPlan(in: bytes.span)
        let record = try reader.record(overdraftLimit: new.overdraftLimit, in: bytes.span)
        var lots: [Lot] = []
        for _ in 0..<(try reader.count(limit: 1 << 24, in: bytes.span)) {
            lots.append(try reader.lot(in: bytes.span))
        }
        var holds: [Hold] = []
        for _ in 0..<(try reader.count(limit: Ledger.openHoldsMax, in: bytes.span)) {
            holds.append(try reader.hold(of: slot, in: bytes.span))
        }
        var refunds: [RefundTotal] = []
        for _ in 0..<(try reader.count(limit: 1 << 28, in: bytes.span)) {
            refunds.append(
                RefundTotal(
                    charge: try reader.position(in: bytes.span),
                    micros: try reader.signed(in: bytes.span)))
        }
        var budgets: [Budget] = []
        for _ in 0..<(try reader.count(limit: Ledger.budgetsMax, in: bytes.span)) {
            budgets.append(try reader.budget(in: bytes.span))
        }
        let profile = AccountProfile(
            restoring: new.id, name: new.name, timeZone: new.timeZone,
            anchor: new.anchor ?? createdAt, isAnchorFixed: isAnchorFixed, plan: plan,
            priceList: new.priceList, metadata: new.metadata,
            createdAt: createdAt)
        return AccountImage(
            slot: slot, profile: profile, record: record, lots: lots, holds: holds,
            refunds: refunds, budgets: budgets,
            subscription: try reader.optionalSubscription(in: bytes.span))
    }

    public static func encode(_ key: APIKeyRecord, at slot: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        var new = NewAPIKey(
            role: key.role, name: key.name, secretHash: key.secretHash, hint: key.hint)
        new.scopes = key.scopes
        new.expiresAt = key.expiresAt
        bytes.append(new)
        bytes.append(fixed: key.id.rawValue)
        bytes.append(optional: key.account) { $0.append(varint: UInt64($1)) }
        bytes.append(key.isRevoked ? 1 : 0)
        bytes.append(time: key.createdAt)
        return bytes.withChecksum(under: [slot])
    }

    public static func apiKey(
        at slot: Int64, from stored: [UInt8]
    ) throws(SegmentError) -> APIKeyRecord {
        let bytes = try stored.checked(under: [slot])
        var reader = ByteReader()
        let new = try reader.newAPIKey(in: bytes.span)
        let id = APIKeyID(rawValue: try reader.fixed(UInt128.self, in: bytes.span))
        let account: AccountSlot? =
            try reader.byte(in: bytes.span) == 1 ? try reader.slot(in: bytes.span) : nil
        let isRevoked = try reader.byte(in: bytes.span) == 1
        return APIKeyRecord(
            restoring: id, key: new, account: account, isRevoked: isRevoked,
            createdAt: try reader.time(in: bytes.span))
    }

    public static func encode(_ plan: PlanEvent, at number: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(event: .planPut(plan))
        return bytes.withChecksum(under: [number])
    }

    public static func plan(
        at number: Int64, from stored: [UInt8]
    ) throws(SegmentError) -> PlanEvent {
        let bytes = try stored.checked(under: [number])
        var reader = ByteReader()
        guard case .planPut(let event) = try reader.event(in: bytes.span) else {
            throw .malformed(at: 0)
        }
        return event
    }

    public static func encode(
        _ list: Catalogue.PriceListVersion, at number: Int64
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(
            event: .priceListPut(
                PriceListEvent(
                    name: list.name, version: list.version, effectiveAt: list.effectiveAt,
                    json: list.json, time: list.createdAt)))
        return bytes.withChecksum(under: [number])
    }

    public static func priceList(
        at number: Int64, from stored: [UInt8]
    ) throws(SegmentError) -> Catalogue.PriceListVersion {
        let bytes = try stored.checked(under: [number])
        var reader = ByteReader()
        guard case .priceListPut(let event) = try reader.event(in: bytes.span) else {
            throw .malformed(at: 0)
        }
        return Catalogue.PriceListVersion(restoring: event)
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ lot: Lot) {
        append(position: lot.position)
        append(lot.source.rawValue)
        append(signed: Int64(lot.priority))
        append(time: lot.effectiveAt)
        append(time: lot.expiresAt)
        for amount in lot.amounts { append(signed: amount) }
        append(lot.state.rawValue)
        append(lot.isVoided ? 1 : 0)
    }
}

extension ByteReader {
    fileprivate mutating func record(
        overdraftLimit: Credits, in bytes: Span<UInt8>
    ) throws(SegmentError) -> AccountRecord {
        AccountRecord(
            restoring: Balance(
                available: Credits(micros: try signed(in: bytes)),
                held: Credits(micros: try signed(in: bytes)),
                negative: Credits(micros: try signed(in: bytes))),
            heldOverdraft: try signed(in: bytes), overdraftLimit: overdraftLimit,
            charged: try fixed(Int128.self, in: bytes),
            uncollected: try fixed(Int128.self, in: bytes),
            refunded: try fixed(Int128.self, in: bytes),
            granted: try fixed(Int128.self, in: bytes), sequence: try varint(in: bytes),
            lastTime: try time(in: bytes), changedIn: try varint(in: bytes),
            isSuspended: try byte(in: bytes) == 1)
    }

    fileprivate mutating func lot(in bytes: Span<UInt8>) throws(SegmentError) -> Lot {
        let position = try position(in: bytes)
        guard let source = GrantSource(rawValue: try byte(in: bytes)) else {
            throw .malformed(at: offset)
        }
        let priority = Int32(truncatingIfNeeded: try signed(in: bytes))
        let effectiveAt = try time(in: bytes)
        let expiresAt = try time(in: bytes)
        var amounts: [Int64] = []
        for _ in 0..<6 { amounts.append(try signed(in: bytes)) }
        guard let state = Lot.State(rawValue: try byte(in: bytes)) else {
            throw .malformed(at: offset)
        }
        return Lot(
            restoring: position, source: source, priority: priority, effectiveAt: effectiveAt,
            expiresAt: expiresAt, amounts: amounts, state: state,
            isVoided: try byte(in: bytes) == 1)
    }
}
