public import Credit
internal import Digest
internal import Ledger

extension EncodedSegment {
    /// What a segment says of itself before its events.
    public struct Header: Hashable, Sendable {
        let version: UInt16
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

        /// True for the text columns of the money part that may be numbered.
        func mayBeNumbered(_ column: Int) -> Bool {
            version >= SegmentFormat.numberedVersion
                && column >= SegmentFormat.moneyTexts - SegmentFormat.scopeColumns
        }
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
    ///
    public func contents(
        after previous: [UInt8]?, texts: DetailTexts = .read
    ) throws(SegmentError) -> SegmentContents {
        let (header, reader) = try checkedHeader()
        guard header.number == number else { throw .wrongNumber(header.number) }
        guard previous == nil || header.previous == previous else { throw .brokenChain }
        guard hash == SHA256.digest(of: money.span) else { throw .hashDiffers }
        guard isErased || header.detailsHash == SHA256.digest(of: details.span) else {
            throw .detailsDiffer
        }
        return try SegmentView(self, header, reader).contents(texts)
    }

    /// What becomes of the texts of charges in the details part.
    public enum DetailTexts: Sendable {
        case read
        /// They are empty in a segment that places no hold: folding needs those of holds alone, which
        /// keep them until they are captured.
        case forFolding
    }

    /// Checks the details, or what was kept of them, and stops before their columns.
    func detailsReader() throws(SegmentError) -> ByteReader {
        var reader = ByteReader()
        if let kept = kept?.body {
            _ = try kept.checked(under: KeptDetails.key(number))
            let version = try reader.byte(in: kept.span)
            guard version == KeptDetails.version else { throw .unknownVersion(UInt16(version)) }
        } else {
            try Self.check(details.span)
            _ = try reader.take(SegmentFormat.saltBytes, in: details.span)
        }
        return reader
    }

    static func check(_ part: Span<UInt8>) throws(SegmentError) {
        guard part.count >= 4 else { throw .malformed(at: part.count) }
        let body = part.count - 4
        var reader = ByteReader()
        _ = try reader.take(body, in: part)
        let stored = try reader.fixed(UInt32.self, in: part)
        guard CRC32.checksum(of: part.extracting(0..<body)) == stored else { throw .badChecksum }
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
            version: version, number: try fixed(UInt64.self, in: bytes),
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
            version != SegmentFormat.usesVersion || header.useCount > 0
        else { throw .malformed(at: offset) }
        return header
    }

    fileprivate mutating func raw(
        _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> [UInt8] {
        let start = try take(count, in: bytes)
        return [UInt8](bytes.extracting(start..<start + count))
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
}
