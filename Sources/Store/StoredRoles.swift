internal import Credit
internal import Ledger

/// What charges say of holds, where it is stored.
struct StoredRoles: Sendable {
    /// The charges, in rising order.
    fileprivate let places: StoredIntegers
    /// 0 placed, 1 captured on request, 2 captured when it expired.
    fileprivate let codes: StoredIntegers
    /// Distance of the expiry, policy, minimum.
    fileprivate let placed: [StoredIntegers]
    /// Segment and index of the hold; reserved, repaid, lapsed.
    fileprivate let captured: [StoredIntegers]

    /// True when one of the charges places a hold.
    var placesHolds: Bool { placed.contains { $0.count > 0 } }

    /// What a charge made at `time` says of a hold.
    func role(
        ofCharge charge: Int, at time: Instant, in bytes: Span<UInt8>
    ) throws(SegmentError) -> HoldRole? {
        let row = places.firstIndex(notBefore: UInt64(charge), in: bytes)
        guard row < places.count, places.value(at: row, in: bytes) == UInt64(charge) else {
            return nil
        }
        var placedBefore = 0
        for before in 0..<row where codes.value(at: before, in: bytes) == 0 { placedBefore += 1 }
        return try role(row, placedBefore, time, bytes)
    }

    /// Reads those of all charges.
    func readAll(from bytes: Span<UInt8>, to contents: inout SegmentContents) throws(SegmentError) {
        var placedBefore = 0
        for row in 0..<places.count {
            let charge = Int(places.value(at: row, in: bytes))
            let role = try role(row, placedBefore, contents.charges[charge].head.time, bytes)
            if case .placed = role { placedBefore += 1 }
            contents.charges[charge].role = UInt32(truncatingIfNeeded: row)
            contents.roles.append(role)
        }
    }

    private func role(
        _ row: Int, _ placedBefore: Int, _ time: Instant, _ bytes: Span<UInt8>
    ) throws(SegmentError) -> HoldRole {
        switch codes.value(at: row, in: bytes) {
        case 0:
            let words = placed.map { $0.value(at: placedBefore, in: bytes) }
            let onExpiry = HoldExpiryPolicy(rawValue: UInt8(truncatingIfNeeded: words[1]))
            guard let onExpiry else { throw .malformed(at: bytes.count) }
            let expiresAt = time.micros &+ Int64(bitPattern: words[0])
            return .placed(
                HoldTerms(
                    expiresAt: Instant(micros: expiresAt), onExpiry: onExpiry,
                    minimum: Int64(bitPattern: words[2])))
        case 1: return .captured(settlement(row - placedBefore, .requested, bytes))
        case 2: return .captured(settlement(row - placedBefore, .expired, bytes))
        default: throw .malformed(at: bytes.count)
        }
    }

    private func settlement(
        _ place: Int, _ cause: HoldSettlement.Cause, _ bytes: Span<UInt8>
    ) -> HoldSettlement {
        let words = captured.map { $0.value(at: place, in: bytes) }
        return HoldSettlement(
            hold: Position(segment: words[0], index: UInt32(truncatingIfNeeded: words[1])),
            cause: cause, reserved: Int64(bitPattern: words[2]),
            repaid: Int64(bitPattern: words[3]), lapsed: Int64(bitPattern: words[4]))
    }
}

/// What budgets had used when charges were decided, where it is stored.
struct StoredUses: Sendable {
    /// The charges; one can have several.
    fileprivate let places: StoredIntegers
    fileprivate let names: StoredTexts
    /// Limit, use before in two words, change, distance of the reset.
    fileprivate let columns: [StoredIntegers]

    /// Those of a charge made at `time`, which becomes the only one.
    func uses(
        ofCharge charge: Int, at time: Instant, in bytes: Span<UInt8>
    ) throws(SegmentError) -> [RecordedUse] {
        var found: [RecordedUse] = []
        var row = places.firstIndex(notBefore: UInt64(charge), in: bytes)
        while row < places.count, places.value(at: row, in: bytes) == UInt64(charge) {
            found.append(RecordedUse(charge: 0, use: try use(row, time, bytes)))
            row += 1
        }
        return found
    }

    /// Reads those of all charges.
    func readAll(from bytes: Span<UInt8>, to contents: inout SegmentContents) throws(SegmentError) {
        for row in 0..<places.count {
            let charge = Int(places.value(at: row, in: bytes))
            let time = contents.charges[charge].head.time
            contents.uses.append(RecordedUse(charge: charge, use: try use(row, time, bytes)))
        }
    }

    private func use(
        _ row: Int, _ time: Instant, _ bytes: Span<UInt8>
    ) throws(SegmentError) -> BudgetUse {
        let name = try names.range(at: row, in: bytes)
        guard let budget = try? Name(String(bytes.extracting(name))) else {
            throw .malformed(at: name.lowerBound)
        }
        let words = columns.map { $0.value(at: row, in: bytes) }
        let resetsAt: Instant =
            words[4] == 0 ? .never : Instant(micros: time.micros &+ Int64(bitPattern: words[4]))
        return BudgetUse(
            budget: budget, limit: Int64(bitPattern: words[0]),
            before: Int128(Int64(bitPattern: words[2])) << 64 | Int128(words[1]),
            change: Int64(bitPattern: words[3]), resetsAt: resetsAt)
    }
}

extension StoredIntegers {
    /// The first place of a rising column whose integer is not less than `word`.
    fileprivate func firstIndex(notBefore word: UInt64, in bytes: Span<UInt8>) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if value(at: middle, in: bytes) < word { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension ByteReader {
    /// Passes over what `count` of the charges say of holds; nil when none does.
    mutating func storedRoles(
        _ count: Int, charges: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> StoredRoles? {
        guard count > 0 else { return nil }
        let places = try storedPlaces(count, charges: charges, mayRepeat: false, in: bytes)
        let codes = try storedIntegers(count, in: bytes)
        var placedCount = 0
        for row in 0..<count where codes.value(at: row, in: bytes) == 0 { placedCount += 1 }
        return StoredRoles(
            places: places, codes: codes, placed: try storedColumns(3, placedCount, in: bytes),
            captured: try storedColumns(5, count - placedCount, in: bytes))
    }

    /// Passes over `count` uses of budgets; nil when there are none.
    mutating func storedUses(
        _ count: Int, charges: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> StoredUses? {
        guard count > 0 else { return nil }
        let places = try storedPlaces(count, charges: charges, mayRepeat: true, in: bytes)
        let names = try storedTexts(count, in: bytes)
        return StoredUses(
            places: places, names: names, columns: try storedColumns(5, count, in: bytes))
    }

    /// A column of places among the charges, in rising order.
    private mutating func storedPlaces(
        _ count: Int, charges: Int, mayRepeat: Bool, in bytes: Span<UInt8>
    ) throws(SegmentError) -> StoredIntegers {
        let places = try storedIntegers(count, in: bytes)
        var least: UInt64 = 0
        for row in 0..<count {
            let place = places.value(at: row, in: bytes)
            guard place >= least, place < UInt64(charges) else { throw .malformed(at: offset) }
            least = mayRepeat ? place : place + 1
        }
        return places
    }

    private mutating func storedColumns(
        _ number: Int, _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> [StoredIntegers] {
        var columns: [StoredIntegers] = []
        for _ in 0..<number { columns.append(try storedIntegers(count, in: bytes)) }
        return columns
    }
}
