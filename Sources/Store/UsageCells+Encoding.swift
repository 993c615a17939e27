internal import Credit
internal import Ledger

/// Rows of usage as checkpoints keep them.
///
/// Layout: count (varint); integer columns of start, quarters, key plus one and status; text columns of
/// action, team and scenario; integer columns of credits, extra, calls, units and bytes (zigzag), those
/// of 128 bits as low and high words; CRC-32 of it and of where it is stored.
extension UsageCells {
    /// The most cells of a row.
    static let rowCellsMax = 1 << 24

    /// The stored form under `key`.
    public func encoded(under key: [Int64]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(cells.count))
        append(to: &bytes) { UInt64(bitPattern: $0.key.start) }
        append(to: &bytes) { UInt64(UInt32(bitPattern: $0.key.quarters)) }
        append(to: &bytes) { UInt64($0.key.key &+ 1) }
        append(to: &bytes) { UInt64($0.key.status.rawValue) }
        for text in [\UsageKey.action, \.team, \.scenario] { append(text, to: &bytes) }
        append(to: &bytes) { ZigZag.encode($0.sums.calls) }
        for sum in Self.wideSums {
            append(to: &bytes) { UInt64(truncatingIfNeeded: ZigZag.encode($0.sums[keyPath: sum])) }
            append(to: &bytes) {
                UInt64(truncatingIfNeeded: ZigZag.encode($0.sums[keyPath: sum]) >> 64)
            }
        }
        return bytes.withChecksum(under: key)
    }

    private static let wideSums: [any WritableKeyPath<UsageSums, Int128> & Sendable] = [
        \.credits, \.extra, \.units, \.bytes,
    ]

    private func append(to bytes: inout [UInt8], _ word: (UsageCell) -> UInt64) {
        let words = cells.map(word)
        IntegerColumn.append(words, words.indices, to: &bytes)
    }

    private func append(_ text: KeyPath<UsageKey, UInt32>, to bytes: inout [UInt8]) {
        var column = TextColumn()
        let ranges = cells.map { names.range($0.key[keyPath: text]) }
        column.append(ranges, ranges.indices, of: names.allBytes, to: &bytes)
    }

    /// Reads what ``encoded(under:)`` gives.
    public init(from stored: [UInt8], under key: [Int64]) throws(SegmentError) {
        let checked = try stored.checked(under: key)
        let bytes = checked.span
        var reader = ByteReader()
        let count = try reader.count(limit: Self.rowCellsMax, in: bytes)
        guard count <= checked.count * 64 else { throw .malformed(at: 0) }
        var names = NameTable()
        var heads: [[UInt64]] = []
        for _ in 0..<4 { heads.append(try reader.integers(count, in: bytes)) }
        var texts: [[UInt32]] = []
        for _ in 0..<3 {
            let ranges = try reader.storedTexts(count, in: bytes).ranges(0..<count, in: bytes)
            texts.append(ranges.map { names.number(of: bytes.extracting($0.indices)) })
        }
        let calls = try reader.integers(count, in: bytes)
        var sums: [[Int128]] = []
        for _ in Self.wideSums {
            let low = try reader.integers(count, in: bytes)
            let high = try reader.integers(count, in: bytes)
            sums.append(zip(low, high).map { ZigZag.decode(UInt128($1) << 64 | UInt128($0)) })
        }
        guard reader.offset == checked.count else { throw .malformed(at: reader.offset) }
        var cells: [UsageCell] = []
        cells.reserveCapacity(count)
        for index in 0..<count {
            var cell = UsageCell(
                key: UsageKey(
                    start: Int64(bitPattern: heads[0][index]),
                    quarters: Int32(truncatingIfNeeded: heads[1][index]),
                    action: texts[0][index], team: texts[1][index], scenario: texts[2][index],
                    key: UInt32(truncatingIfNeeded: heads[2][index]) &- 1,
                    status: CallStatus(rawValue: UInt16(truncatingIfNeeded: heads[3][index]))),
                sums: UsageSums())
            cell.sums.calls = ZigZag.decode(calls[index])
            for (sum, values) in zip(Self.wideSums, sums) {
                cell.sums[keyPath: sum] = values[index]
            }
            cells.append(cell)
        }
        self.init(cells, names: names)
    }
}

extension ZigZag {
    static func encode(_ value: Int128) -> UInt128 {
        UInt128(bitPattern: value << 1 ^ value >> 127)
    }

    static func decode(_ value: UInt128) -> Int128 {
        Int128(bitPattern: value >> 1) ^ -Int128(bitPattern: value & 1)
    }
}
