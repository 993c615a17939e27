public import Credit
public import Ledger

/// The idempotency keys of a segment and the events they are final for.
public struct SegmentKeys: Sendable {
    /// One key: whose it is, its bytes in `bytes`, and where its event stands.
    public struct Entry: Sendable, BitwiseCopyable {
        public let account: AccountSlot
        public let key: ByteRange
        public let position: Position
    }

    public fileprivate(set) var entries: [Entry] = []
    public fileprivate(set) var bytes: [UInt8] = []
}

extension EncodedSegment {
    /// Reads only what the idempotency index needs, after checking the money part's checksum.
    public func keys() throws(SegmentError) -> SegmentKeys {
        var (header, reader) = try checkedHeader()
        let count = header.chargeCount
        var keys = SegmentKeys()
        let accounts = try reader.integers(count, in: money.span)
        for _ in 1..<SegmentFormat.moneyColumns { try reader.skipIntegers(count, in: money.span) }
        try reader.skipTexts(count, in: money.span)
        let ranges = try reader.texts(count, in: money.span, to: &keys.bytes)
        for _ in 0..<SegmentFormat.scopeColumns { try reader.skipTexts(count, in: money.span) }
        _ = try reader.take(count * SegmentFormat.fingerprintBytes, in: money.span)
        let (events, order) = try reader.otherEvents(of: header, in: money.span)
        keys.reserve(count + events.count)
        var charge = 0
        for index in 0..<count + events.count {
            let position = Position(segment: number, index: UInt32(truncatingIfNeeded: index))
            if order.isEmpty || order[index] {
                let account = AccountSlot(truncatingIfNeeded: accounts[charge])
                keys.append(account, ranges[charge], at: position)
                charge += 1
            } else if let (account, key) = events[index - charge].key {
                keys.append(account, keys.bytes.appending(key.bytes.span), at: position)
            }
        }
        return keys
    }
}

extension SegmentKeys {
    fileprivate mutating func reserve(_ count: Int) {
        entries.reserveCapacity(count)
    }

    fileprivate mutating func append(
        _ account: AccountSlot, _ key: ByteRange, at position: Position
    ) {
        guard !key.isEmpty else { return }
        entries.append(Entry(account: account, key: key, position: position))
    }
}

extension ByteReader {
    /// Passes over an integer column.
    mutating func skipIntegers(_ count: Int, in bytes: Span<UInt8>) throws(SegmentError) {
        let width = Int(try byte(in: bytes))
        _ = try varint(in: bytes)
        guard width <= 56 || width == 64 else { throw .malformed(at: offset) }
        _ = try take((count * width + 7) / 8, in: bytes)
    }

    /// Passes over a text column.
    mutating func skipTexts(_ count: Int, in bytes: Span<UInt8>) throws(SegmentError) {
        switch try byte(in: bytes) {
        case 0: return
        case 1: try skipPlainTexts(count, in: bytes)
        case 2:
            try skipPlainTexts(try self.count(limit: count, in: bytes), in: bytes)
            try skipIntegers(count, in: bytes)
        default: throw .malformed(at: offset)
        }
    }

    private mutating func skipPlainTexts(
        _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) {
        var total: UInt64 = 0
        for length in try integers(count, in: bytes) {
            total &+= length
            guard total <= UInt64(bytes.count) else { throw .malformed(at: offset) }
        }
        _ = try take(Int(total), in: bytes)
    }
}
