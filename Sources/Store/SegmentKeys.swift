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
        for _ in 1..<SegmentFormat.moneyColumns {
            _ = try reader.storedIntegers(count, in: money.span)
        }
        _ = try reader.storedTexts(count, in: money.span)
        let ranges = try reader.texts(count, in: money.span, to: &keys.bytes)
        let scope = SegmentFormat.moneyTexts - SegmentFormat.scopeColumns..<SegmentFormat.moneyTexts
        for column in scope {
            _ = try reader.storedTexts(
                count, mayBeNumbered: header.mayBeNumbered(column), in: money.span)
        }
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
