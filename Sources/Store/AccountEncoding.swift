internal import Credit
public import Ledger

/// Accounts as checkpoints keep them.
///
/// Most of a checkpoint are accounts that charges have changed, so a row is short: times count from the
/// account's creation, and figures that follow from the lots are stored as what they differ by, which
/// is nothing as long as all is well. What is read back is what was stored, differences included.
extension StateEncoding {
    /// What is said of an account in one byte.
    private struct Flags: OptionSet {
        let rawValue: UInt8

        static let isAnchorFixed = Self(rawValue: 1)
        /// Its periods are not counted from its creation.
        static let hasAnchor = Self(rawValue: 2)
        static let hasPlan = Self(rawValue: 4)
        static let hasPriceList = Self(rawValue: 8)
        static let isSuspended = Self(rawValue: 16)
        /// An overdraft, something held or owed, or totals other than of charges and grants.
        static let hasRareFigures = Self(rawValue: 32)
        /// Holds, refunds, budgets or a subscription.
        static let hasMore = Self(rawValue: 64)
        static let known = Self(rawValue: 127)
    }

    /// The bytes of an account, for the row of its slot.
    public static func encode(_ image: AccountImage) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(128)
        let (profile, record) = (image.profile, image.record)
        let hasMore =
            !image.holds.isEmpty || !image.refunds.isEmpty || !image.budgets.isEmpty
            || image.subscription != nil
        var flags: Flags = hasMore ? .hasMore : []
        if profile.isAnchorFixed { flags.insert(.isAnchorFixed) }
        if profile.anchor != profile.createdAt { flags.insert(.hasAnchor) }
        if profile.plan != nil { flags.insert(.hasPlan) }
        if profile.priceList != nil { flags.insert(.hasPriceList) }
        if record.isSuspended { flags.insert(.isSuspended) }
        if record.hasRareFigures { flags.insert(.hasRareFigures) }
        bytes.append(flags.rawValue)
        bytes.append(byteString: profile.id.text)
        bytes.append(byteString: profile.name)
        bytes.append(byteString: profile.timeZone)
        bytes.append(byteString: profile.metadata)
        bytes.append(time: profile.createdAt)
        if flags.contains(.hasAnchor) { bytes.append(time: profile.anchor) }
        if let plan = profile.plan { bytes.append(plan) }
        if let list = profile.priceList { bytes.append(byteString: list.text) }
        bytes.append(varint: UInt64(image.lots.count))
        for lot in image.lots { bytes.append(lot, since: profile.createdAt) }
        bytes.append(record, LotSums(image.lots), since: profile.createdAt)
        if hasMore { bytes.append(moreOf: image) }
        return bytes.withChecksum(under: [Int64(image.slot)])
    }

    /// The account of the row at `slot`.
    public static func account(
        _ slot: AccountSlot, from stored: [UInt8]
    ) throws(SegmentError) -> AccountImage {
        let bytes = try stored.checked(under: [Int64(slot)])
        var reader = ByteReader()
        let flags = Flags(rawValue: try reader.byte(in: bytes.span))
        guard flags.isSubset(of: .known) else { throw .malformed(at: 0) }
        let id = try reader.name(in: bytes.span)
        let name = try reader.text(in: bytes.span)
        let timeZone = try reader.text(in: bytes.span)
        let metadata = try reader.byteString(in: bytes.span)
        let createdAt = try reader.time(in: bytes.span)
        let anchor = flags.contains(.hasAnchor) ? try reader.time(in: bytes.span) : createdAt
        let plan = flags.contains(.hasPlan) ? try reader.planReference(in: bytes.span) : nil
        let list = flags.contains(.hasPriceList) ? try reader.name(in: bytes.span) : nil
        var lots: [Lot] = []
        for _ in 0..<(try reader.count(limit: 1 << 24, in: bytes.span)) {
            lots.append(try reader.lot(since: createdAt, in: bytes.span))
        }
        let record = try reader.record(
            LotSums(lots), since: createdAt, isSuspended: flags.contains(.isSuspended),
            hasRareFigures: flags.contains(.hasRareFigures), in: bytes.span)
        let profile = AccountProfile(
            restoring: id, name: name, timeZone: timeZone, anchor: anchor,
            isAnchorFixed: flags.contains(.isAnchorFixed), plan: plan, priceList: list,
            metadata: metadata, createdAt: createdAt)
        guard flags.contains(.hasMore) else {
            return AccountImage(
                slot: slot, profile: profile, record: record, lots: lots, holds: [], refunds: [],
                budgets: [], subscription: nil)
        }
        return AccountImage(
            slot: slot, profile: profile, record: record, lots: lots,
            holds: try reader.holds(of: slot, in: bytes.span),
            refunds: try reader.refunds(in: bytes.span),
            budgets: try reader.budgets(in: bytes.span),
            subscription: try reader.optionalSubscription(in: bytes.span))
    }
}

/// What the figures of an account are as long as they follow from its lots.
private struct LotSums {
    var available: Int128 = 0
    var granted: Int128 = 0
    var spent: Int128 = 0

    init(_ lots: [Lot]) {
        for lot in lots {
            if lot.state == .open { available += Int128(lot.remaining) }
            granted += Int128(lot.granted)
            spent += Int128(lot.spent)
        }
    }
}

extension AccountRecord {
    fileprivate var hasRareFigures: Bool {
        (overdraftLimit, held, debt, heldOverdraft) != (0, 0, 0, 0)
            || (uncollected, refunded) != (0, 0)
    }
}

/// What is said of a lot in one byte, beside its state in the lowest two bits.
private struct LotFlags: OptionSet {
    let rawValue: UInt8

    static let state = Self(rawValue: 3)
    static let isVoided = Self(rawValue: 4)
    static let expires = Self(rawValue: 8)
    /// A priority other than is usual for its source.
    static let hasPriority = Self(rawValue: 16)
    /// Something held, expired or voided, or a remainder that does not follow from the rest.
    static let hasRareAmounts = Self(rawValue: 32)
    static let known = Self(rawValue: 63)
}

extension Lot {
    /// What remains as long as every credit granted is accounted for.
    fileprivate static func remainder(
        of granted: Int64, held: Int64 = 0, spent: Int64, expired: Int64 = 0, voided: Int64 = 0
    ) -> Int64 {
        granted &- held &- spent &- expired &- voided
    }

    fileprivate var hasRareAmounts: Bool {
        (held, expired, voided) != (0, 0, 0)
            || remaining != Self.remainder(of: granted, spent: spent)
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ lot: Lot, since createdAt: Instant) {
        var flags = LotFlags(rawValue: lot.state.rawValue)
        if lot.isVoided { flags.insert(.isVoided) }
        if lot.expiresAt != .never { flags.insert(.expires) }
        if lot.priority != lot.source.usualPriority { flags.insert(.hasPriority) }
        if lot.hasRareAmounts { flags.insert(.hasRareAmounts) }
        append(flags.rawValue)
        append(position: lot.position)
        append(lot.source.rawValue)
        append(time: lot.effectiveAt, since: createdAt)
        if flags.contains(.expires) { append(time: lot.expiresAt, since: lot.effectiveAt) }
        if flags.contains(.hasPriority) { append(signed: Int64(lot.priority)) }
        append(signed: lot.granted)
        append(signed: lot.spent)
        guard flags.contains(.hasRareAmounts) else { return }
        for amount in [lot.held, lot.expired, lot.voided] { append(signed: amount) }
        append(
            signed: lot.remaining
                &- Lot.remainder(
                    of: lot.granted, held: lot.held, spent: lot.spent, expired: lot.expired,
                    voided: lot.voided))
    }

    fileprivate mutating func append(
        _ record: AccountRecord, _ sums: LotSums, since createdAt: Instant
    ) {
        append(varint: record.sequence)
        append(time: record.lastTime, since: createdAt)
        append(varint: record.changedIn)
        append(wide: Int128(record.available) &- sums.available)
        append(wide: record.granted &- sums.granted)
        append(wide: record.charged &- sums.spent)
        guard record.hasRareFigures else { return }
        for amount in [record.overdraftLimit, record.held, record.debt, record.heldOverdraft] {
            append(signed: amount)
        }
        append(wide: record.uncollected)
        append(wide: record.refunded)
    }

    fileprivate mutating func append(moreOf image: AccountImage) {
        append(varint: UInt64(image.holds.count))
        for hold in image.holds { append(hold) }
        append(varint: UInt64(image.refunds.count))
        for refund in image.refunds {
            append(position: refund.charge)
            append(signed: refund.micros)
        }
        append(varint: UInt64(image.budgets.count))
        for budget in image.budgets { append(budget) }
        append(optional: image.subscription) { $0.append($1) }
    }

    /// Appends a time as the microseconds since another, however far apart they are.
    private mutating func append(time: Instant, since start: Instant) {
        append(signed: time.micros &- start.micros)
    }
}

extension ByteReader {
    fileprivate mutating func lot(
        since createdAt: Instant, in bytes: Span<UInt8>
    ) throws(SegmentError) -> Lot {
        let flags = LotFlags(rawValue: try byte(in: bytes))
        let position = try position(in: bytes)
        let state = Lot.State(rawValue: flags.intersection(.state).rawValue)
        guard flags.isSubset(of: .known), let state,
            let source = GrantSource(rawValue: try byte(in: bytes))
        else { throw .malformed(at: offset) }
        let effectiveAt = try time(since: createdAt, in: bytes)
        let expiresAt =
            flags.contains(.expires) ? try time(since: effectiveAt, in: bytes) : .never
        let priority =
            flags.contains(.hasPriority)
            ? Int32(truncatingIfNeeded: try signed(in: bytes)) : source.usualPriority
        let granted = try signed(in: bytes)
        let spent = try signed(in: bytes)
        var (held, expired, voided, difference): (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
        if flags.contains(.hasRareAmounts) {
            held = try signed(in: bytes)
            expired = try signed(in: bytes)
            voided = try signed(in: bytes)
            difference = try signed(in: bytes)
        }
        let remainder = Lot.remainder(
            of: granted, held: held, spent: spent, expired: expired, voided: voided)
        return Lot(
            restoring: position, source: source, priority: priority, effectiveAt: effectiveAt,
            expiresAt: expiresAt,
            amounts: [granted, remainder &+ difference, held, spent, expired, voided],
            state: state, isVoided: flags.contains(.isVoided))
    }

    fileprivate mutating func record(
        _ sums: LotSums, since createdAt: Instant, isSuspended: Bool, hasRareFigures: Bool,
        in bytes: Span<UInt8>
    ) throws(SegmentError) -> AccountRecord {
        let sequence = try varint(in: bytes)
        let lastTime = try time(since: createdAt, in: bytes)
        let changedIn = try varint(in: bytes)
        guard let available = Int64(exactly: sums.available &+ (try wide(in: bytes))) else {
            throw .malformed(at: offset)
        }
        let granted = sums.granted &+ (try wide(in: bytes))
        let charged = sums.spent &+ (try wide(in: bytes))
        var (limit, held, debt, heldOverdraft): (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
        var (uncollected, refunded): (Int128, Int128) = (0, 0)
        if hasRareFigures {
            limit = try signed(in: bytes)
            held = try signed(in: bytes)
            debt = try signed(in: bytes)
            heldOverdraft = try signed(in: bytes)
            uncollected = try wide(in: bytes)
            refunded = try wide(in: bytes)
        }
        return AccountRecord(
            restoring: Balance(
                available: Credits(micros: available), held: Credits(micros: held),
                negative: Credits(micros: debt)),
            heldOverdraft: heldOverdraft, overdraftLimit: Credits(micros: limit),
            charged: charged, uncollected: uncollected, refunded: refunded, granted: granted,
            sequence: sequence, lastTime: lastTime, changedIn: changedIn,
            isSuspended: isSuspended)
    }

    fileprivate mutating func holds(
        of slot: AccountSlot, in bytes: Span<UInt8>
    ) throws(SegmentError) -> [Hold] {
        var holds: [Hold] = []
        for _ in 0..<(try count(limit: Ledger.openHoldsMax, in: bytes)) {
            holds.append(try hold(of: slot, in: bytes))
        }
        return holds
    }

    fileprivate mutating func refunds(
        in bytes: Span<UInt8>
    ) throws(SegmentError) -> [RefundTotal] {
        var refunds: [RefundTotal] = []
        for _ in 0..<(try count(limit: 1 << 28, in: bytes)) {
            let charge = try position(in: bytes)
            refunds.append(RefundTotal(charge: charge, micros: try signed(in: bytes)))
        }
        return refunds
    }

    fileprivate mutating func budgets(in bytes: Span<UInt8>) throws(SegmentError) -> [Budget] {
        var budgets: [Budget] = []
        for _ in 0..<(try count(limit: Ledger.budgetsMax, in: bytes)) {
            budgets.append(try budget(in: bytes))
        }
        return budgets
    }

    private mutating func time(
        since start: Instant, in bytes: Span<UInt8>
    ) throws(SegmentError) -> Instant {
        Instant(micros: start.micros &+ (try signed(in: bytes)))
    }
}
