public import Credit
internal import Digest
internal import Ledger

extension EncodedSegment {
    /// What a segment says of itself before its events.
    public struct Header: Hashable, Sendable {
        public let number: UInt64
        public let time: Instant
        /// The hash of the segment before.
        public let previous: [UInt8]
        public let detailsHash: [UInt8]
        let chargeCount: Int
        let shareCount: Int
        let eventCount: Int
        let roleCount: Int
        let useCount: Int
    }

    /// Checks the money part against its checksum and reads its header.
    public func header() throws(SegmentError) -> Header {
        try checkedHeader().header
    }

    /// Reads the header of the money part, whose checksum is right, and stops behind it.
    func checkedHeader() throws(SegmentError) -> (header: Header, reader: ByteReader) {
        try Self.check(money.span)
        var reader = ByteReader()
        return (try reader.header(in: money.span), reader)
    }

    /// Checks the checksums, the number, the chain and both hashes, and reads all events.
    public func contents(after previous: [UInt8]?) throws(SegmentError) -> SegmentContents {
        var (header, reader) = try checkedHeader()
        guard header.number == number else { throw .wrongNumber(header.number) }
        guard previous == nil || header.previous == previous else { throw .brokenChain }
        guard hash == SHA256.digest(of: money.span) else { throw .hashDiffers }
        guard isErased || header.detailsHash == SHA256.digest(of: details.span) else {
            throw .detailsDiffer
        }
        var contents = SegmentContents(number: number, time: header.time)
        contents.charges = [ChargeEvent](repeating: .blank, count: header.chargeCount)
        try reader.money(in: money.span, of: header, to: &contents)
        (contents.events, contents.order) = try reader.otherEvents(of: header, in: money.span)
        try reader.shares(header.shareCount, in: money.span, to: &contents)
        try reader.roles(header.roleCount, in: money.span, to: &contents)
        try reader.uses(header.useCount, in: money.span, to: &contents)
        guard reader.offset == money.count - 4 else { throw .malformed(at: reader.offset) }
        if !isErased { try readDetails(to: &contents) }
        return contents
    }

    private static func check(_ part: Span<UInt8>) throws(SegmentError) {
        guard part.count >= 4 else { throw .malformed(at: part.count) }
        let body = part.count - 4
        var reader = ByteReader()
        _ = try reader.take(body, in: part)
        let stored = try reader.fixed(UInt32.self, in: part)
        guard CRC32.checksum(of: part.extracting(0..<body)) == stored else { throw .badChecksum }
    }

    private func readDetails(to contents: inout SegmentContents) throws(SegmentError) {
        try Self.check(details.span)
        var reader = ByteReader()
        _ = try reader.take(SegmentFormat.saltBytes, in: details.span)
        try reader.details(in: details.span, to: &contents)
        for index in contents.events.indices {
            try contents.events[index].forEachPersonalText { text throws(SegmentError) in
                text = try reader.byteString(in: details.span)
            }
        }
        guard reader.offset == details.count - 4 else { throw .malformed(at: reader.offset) }
    }
}

extension ByteReader {
    fileprivate mutating func header(
        in bytes: Span<UInt8>
    ) throws(SegmentError) -> EncodedSegment.Header {
        for expected in SegmentFormat.magic {
            guard try byte(in: bytes) == expected else { throw .malformed(at: 0) }
        }
        let version = try fixed(UInt16.self, in: bytes)
        guard SegmentFormat.plainVersion...SegmentFormat.version ~= version else {
            throw .unknownVersion(version)
        }
        let header = EncodedSegment.Header(
            number: try fixed(UInt64.self, in: bytes),
            time: Instant(micros: try fixed(Int64.self, in: bytes)),
            previous: try raw(SHA256.byteCount, in: bytes),
            detailsHash: try raw(SHA256.byteCount, in: bytes),
            chargeCount: try count(limit: SegmentContents.eventsMax, in: bytes),
            shareCount: try count(limit: SegmentContents.sharesMax, in: bytes),
            eventCount: try count(limit: SegmentContents.eventsMax, in: bytes),
            roleCount: try count(limit: SegmentContents.eventsMax, in: bytes),
            useCount: version == SegmentFormat.plainVersion
                ? 0 : try count(limit: SegmentContents.usesMax, in: bytes))
        // Columns may need no bytes, but a fingerprint does and so does an event.
        guard header.chargeCount <= bytes.count / SegmentFormat.fingerprintBytes,
            header.eventCount <= bytes.count, header.roleCount <= header.chargeCount,
            header.useCount <= header.chargeCount * Ledger.budgetUsesMax,
            version == SegmentFormat.plainVersion || header.useCount > 0
        else { throw .malformed(at: offset) }
        return header
    }

    fileprivate mutating func raw(
        _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> [UInt8] {
        let start = try take(count, in: bytes)
        return [UInt8](bytes.extracting(start..<start + count))
    }

    fileprivate mutating func money(
        in bytes: Span<UInt8>, of header: EncodedSegment.Header, to contents: inout SegmentContents
    ) throws(SegmentError) {
        let count = header.chargeCount
        let accounts = try integers(count, in: bytes)
        let sequences = try integers(count, in: bytes)
        let times = try integers(count, in: bytes)
        try column(in: bytes, of: &contents) { $0.credits = Int64(bitPattern: $1) }
        try column(in: bytes, of: &contents) { $0.overdrawn = Int64(bitPattern: $1) }
        try column(in: bytes, of: &contents) { $0.uncollected = Int64(bitPattern: $1) }
        try column(in: bytes, of: &contents) { $0.sharesCount = UInt32(truncatingIfNeeded: $1) }
        let versions = try integers(count, in: bytes)
        let rules = try integers(count, in: bytes)
        try column(in: bytes, of: &contents) { $0.key = UInt32(truncatingIfNeeded: $1) &- 1 }
        try column(in: bytes, of: &contents) { $0.units = Int64(bitPattern: $1) }
        try column(in: bytes, of: &contents) {
            $0.details.status = CallStatus(rawValue: UInt16(truncatingIfNeeded: $1))
        }
        let available = try integers(count, in: bytes)
        let held = try integers(count, in: bytes)
        let negative = try integers(count, in: bytes)
        for index in 0..<count {
            contents.charges[index].head = EntryHead(
                account: AccountSlot(truncatingIfNeeded: accounts[index]),
                sequence: sequences[index],
                time: Instant(micros: header.time.micros &+ ZigZag.decode(times[index])),
                balance: Balance(
                    available: Credits(micros: Int64(bitPattern: available[index])),
                    held: Credits(micros: Int64(bitPattern: held[index])),
                    negative: Credits(micros: Int64(bitPattern: negative[index]))))
            contents.charges[index].price = PriceReference(
                version: UInt32(truncatingIfNeeded: versions[index]),
                rule: UInt32(truncatingIfNeeded: rules[index]))
        }
        try moneyTexts(in: bytes, to: &contents)
    }

    private mutating func moneyTexts(
        in bytes: Span<UInt8>, to contents: inout SegmentContents
    ) throws(SegmentError) {
        let count = contents.charges.count
        let actions = try texts(count, in: bytes, to: &contents.bytes)
        let keys = try texts(count, in: bytes, to: &contents.bytes)
        let teams = try texts(count, in: bytes, to: &contents.bytes)
        let scenarios = try texts(count, in: bytes, to: &contents.bytes)
        let runs = try texts(count, in: bytes, to: &contents.bytes)
        for index in 0..<count {
            contents.charges[index].action = actions[index]
            contents.charges[index].details.team = teams[index]
            contents.charges[index].details.scenario = scenarios[index]
            contents.charges[index].details.run = runs[index]
            contents.charges[index].idempotence = Idempotence(
                key: keys[index], fingerprint: try fixed(UInt128.self, in: bytes))
        }
    }

    @inline(__always)
    private mutating func column(
        in bytes: Span<UInt8>, of contents: inout SegmentContents,
        set: (inout ChargeEvent, UInt64) -> Void
    ) throws(SegmentError) {
        let words = try integers(contents.charges.count, in: bytes)
        for index in words.indices { set(&contents.charges[index], words[index]) }
    }

    fileprivate mutating func shares(
        _ count: Int, in bytes: Span<UInt8>, to contents: inout SegmentContents
    ) throws(SegmentError) {
        let segments = try integers(count, in: bytes)
        let indices = try integers(count, in: bytes)
        let sources = try integers(count, in: bytes)
        var start = 0
        var splitCount = 0
        for index in contents.charges.indices {
            let size = Int(contents.charges[index].sharesCount)
            guard size <= count - start else { throw .malformed(at: offset) }
            contents.charges[index].sharesStart = UInt32(truncatingIfNeeded: start)
            start += size
            if size > 1 { splitCount += size }
        }
        guard start == count else { throw .malformed(at: offset) }
        var amounts = try integers(splitCount, in: bytes).makeIterator()
        contents.shares.reserveCapacity(count)
        for charge in contents.charges {
            let whole = charge.credits &- charge.overdrawn &- charge.uncollected
            for share in charge.shares {
                guard let source = GrantSource(rawValue: UInt8(truncatingIfNeeded: sources[share]))
                else { throw .malformed(at: offset) }
                let split = charge.sharesCount > 1 ? amounts.next() : nil
                contents.shares.append(
                    LotShare(
                        grant: Position(
                            segment: segments[share],
                            index: UInt32(truncatingIfNeeded: indices[share])),
                        source: source, micros: split.map { Int64(bitPattern: $0) } ?? whole))
            }
        }
    }

    /// Reads what charges say of holds.
    fileprivate mutating func roles(
        _ count: Int, in bytes: Span<UInt8>, to contents: inout SegmentContents
    ) throws(SegmentError) {
        guard count > 0 else { return }
        let places = try integers(count, in: bytes)
        let codes = try integers(count, in: bytes)
        var placed = try placedHolds(codes.count { $0 == 0 }, in: bytes).makeIterator()
        var captured = try capturedHolds(codes.count { $0 != 0 }, in: bytes).makeIterator()
        for (index, code) in codes.enumerated() {
            guard places[index] < UInt64(contents.charges.count),
                index == 0 || places[index] > places[index - 1]
            else { throw .malformed(at: offset) }
            let place = Int(places[index])
            contents.charges[place].role = UInt32(truncatingIfNeeded: index)
            switch code {
            case 0:
                guard let next = placed.next(),
                    let onExpiry = HoldExpiryPolicy(
                        rawValue: UInt8(truncatingIfNeeded: next.onExpiry))
                else { throw .malformed(at: offset) }
                let placedAt = contents.charges[place].head.time
                let expiresAt = placedAt.micros &+ Int64(bitPattern: next.distance)
                let terms = HoldTerms(
                    expiresAt: Instant(micros: expiresAt), onExpiry: onExpiry,
                    minimum: Int64(bitPattern: next.minimum))
                contents.roles.append(.placed(terms))
            case 1, 2:
                guard let next = captured.next() else { throw .malformed(at: offset) }
                contents.roles.append(
                    .captured(next.settlement(code == 1 ? .requested : .expired)))
            default: throw .malformed(at: offset)
            }
        }
    }

    /// Reads what budgets had used when charges were decided.
    fileprivate mutating func uses(
        _ count: Int, in bytes: Span<UInt8>, to contents: inout SegmentContents
    ) throws(SegmentError) {
        guard count > 0 else { return }
        let places = try integers(count, in: bytes)
        var names: [UInt8] = []
        let ranges = try texts(count, in: bytes, to: &names)
        var columns: [[UInt64]] = []
        for _ in 0..<5 { columns.append(try integers(count, in: bytes)) }
        for index in 0..<count {
            guard places[index] < UInt64(contents.charges.count),
                index == 0 || places[index] >= places[index - 1],
                let name = try? Name(String(names.span.extracting(ranges[index].indices)))
            else { throw .malformed(at: offset) }
            let charge = Int(places[index])
            let row = columns.map { $0[index] }
            let time = contents.charges[charge].head.time
            contents.uses.append(
                RecordedUse(
                    charge: charge,
                    use: BudgetUse(
                        budget: name, limit: Int64(bitPattern: row[0]),
                        before: Int128(Int64(bitPattern: row[2])) << 64 | Int128(row[1]),
                        change: Int64(bitPattern: row[3]),
                        resetsAt: row[4] == 0
                            ? .never : Instant(micros: time.micros &+ Int64(bitPattern: row[4])))))
        }
    }

    private mutating func placedHolds(
        _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> [(distance: UInt64, onExpiry: UInt64, minimum: UInt64)] {
        let distances = try integers(count, in: bytes)
        let policies = try integers(count, in: bytes)
        let minimums = try integers(count, in: bytes)
        return distances.indices.map { (distances[$0], policies[$0], minimums[$0]) }
    }

    private mutating func capturedHolds(
        _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> [CapturedHold] {
        var columns: [[UInt64]] = []
        for _ in 0..<5 { columns.append(try integers(count, in: bytes)) }
        return (0..<count).map { row in CapturedHold(words: columns.map { $0[row] }) }
    }

    /// Reads the events that are no charges, and how they and the charges interleave.
    mutating func otherEvents(
        of header: EncodedSegment.Header, in bytes: Span<UInt8>
    ) throws(SegmentError) -> (events: [Event], order: [Bool]) {
        guard header.eventCount > 0 else { return ([], []) }
        let order = try integers(header.chargeCount + header.eventCount, in: bytes).map { $0 == 1 }
        guard order.count(where: \.self) == header.chargeCount else {
            throw .malformed(at: offset)
        }
        var events: [Event] = []
        for _ in 0..<header.eventCount { events.append(try event(in: bytes)) }
        return (events, order)
    }

    fileprivate mutating func details(
        in bytes: Span<UInt8>, to contents: inout SegmentContents
    ) throws(SegmentError) {
        let count = contents.charges.count
        let modules = try texts(count, in: bytes, to: &contents.bytes)
        let requests = try texts(count, in: bytes, to: &contents.bytes)
        let metadata = try texts(count, in: bytes, to: &contents.bytes)
        let parameters = try parameters(count, in: bytes, to: &contents.bytes)
        for index in 0..<count {
            contents.charges[index].details.module = modules[index]
            contents.charges[index].details.requestID = requests[index]
            contents.charges[index].details.metadata = metadata[index]
            contents.charges[index].details.parameters = parameters[index]
        }
        try counts(in: bytes, to: &contents)
    }

    private mutating func counts(
        in bytes: Span<UInt8>, to contents: inout SegmentContents
    ) throws(SegmentError) {
        try column(in: bytes, of: &contents) { $0.details.results = OptionalCount(stored: $1) }
        try column(in: bytes, of: &contents) { $0.details.bytes = OptionalCount(stored: $1) }
        try column(in: bytes, of: &contents) { $0.details.duration = OptionalCount(stored: $1) }
        try column(in: bytes, of: &contents) {
            guard $1 > 0 else { return }
            let before = ZigZag.decode($1 &- 1)
            $0.details.occurredAt = Instant(micros: $0.head.time.micros &- before)
        }
        try column(in: bytes, of: &contents) {
            $0.details.scenarioType = ScenarioType(rawValue: UInt8($1 >> 1 & 3)) ?? .unsaid
            $0.details.isCheckRun = $1 & 1 == 1
        }
    }
}

/// One row of the columns of captured holds.
private struct CapturedHold {
    /// Segment and index of the hold; reserved, repaid, lapsed.
    let words: [UInt64]

    func settlement(_ cause: HoldSettlement.Cause) -> HoldSettlement {
        HoldSettlement(
            hold: Position(segment: words[0], index: UInt32(truncatingIfNeeded: words[1])),
            cause: cause, reserved: Int64(bitPattern: words[2]),
            repaid: Int64(bitPattern: words[3]), lapsed: Int64(bitPattern: words[4]))
    }
}
