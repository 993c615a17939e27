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

    /// The sums of 128 bits, in the order in which they are stored.
    fileprivate enum WideSum: Int, CaseIterable {
        case credits, extra, units, bytes
    }

    /// The columns of integers before those of texts, and behind them, one of calls and two of each sum.
    private static let headColumns = 4
    private static let sumColumns = 1 + 2 * WideSum.allCases.count

    /// The stored form under `key`.
    public func encoded(under key: [Int64]) -> [UInt8] {
        var encoder = UsageEncoder()
        return encoder.encode(self, under: key)
    }

    /// Reads what ``encoded(under:)`` gives.
    public init(from stored: [UInt8], under key: [Int64]) throws(SegmentError) {
        let checked = try stored.checked(under: key)
        let bytes = checked.span
        var reader = ByteReader()
        let count = try reader.count(limit: Self.rowCellsMax, in: bytes)
        guard count <= checked.count * 64 else { throw .malformed(at: 0) }
        var columns: [StoredIntegers] = []
        columns.reserveCapacity(Self.headColumns + Self.sumColumns)
        for _ in 0..<Self.headColumns {
            columns.append(try reader.storedIntegers(count, in: bytes))
        }
        var cells = [UsageCell](
            repeating: UsageCell(
                key: UsageKey(
                    start: 0, action: 0, team: 0, scenario: 0, key: 0, status: .unsaid),
                sums: UsageSums()),
            count: count)
        var names = NameTable()
        for text in UsageKey.Text.allCases {
            let ranges = try reader.storedTexts(count, in: bytes).ranges(0..<count, in: bytes)
            for (index, range) in ranges.enumerated() where !range.isEmpty {
                cells[index].key[text] = names.number(of: bytes.extracting(range.indices))
            }
        }
        for _ in 0..<Self.sumColumns { columns.append(try reader.storedIntegers(count, in: bytes)) }
        guard reader.offset == checked.count else { throw .malformed(at: reader.offset) }
        for index in cells.indices {
            cells[index].key.start = Int64(bitPattern: columns[0].value(at: index, in: bytes))
            cells[index].key.quarters = Int32(
                truncatingIfNeeded: columns[1].value(at: index, in: bytes))
            cells[index].key.key =
                UInt32(truncatingIfNeeded: columns[2].value(at: index, in: bytes)) &- 1
            cells[index].key.status = CallStatus(
                rawValue: UInt16(truncatingIfNeeded: columns[3].value(at: index, in: bytes)))
            cells[index].sums.calls = ZigZag.decode(
                columns[Self.headColumns].value(at: index, in: bytes))
            for sum in WideSum.allCases {
                let low = Self.headColumns + 1 + 2 * sum.rawValue
                cells[index].sums[sum] =
                    ZigZag.decode(
                        UInt128(columns[low + 1].value(at: index, in: bytes)) << 64
                            | UInt128(columns[low].value(at: index, in: bytes)))
            }
        }
        self.init(cells, names: names)
    }
}

/// Writes rows of usage; keeps its buffers.
public struct UsageEncoder: Sendable {
    private var words: [UInt64] = []
    private var ranges: [ByteRange] = []
    private var column = TextColumn()

    public init() {}

    /// The stored form of cells under `key`.
    public mutating func encode(_ usage: UsageCells, under key: [Int64]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(128)
        bytes.append(varint: UInt64(usage.cells.count))
        append(usage, to: &bytes) { UInt64(bitPattern: $0.key.start) }
        append(usage, to: &bytes) { UInt64(UInt32(bitPattern: $0.key.quarters)) }
        append(usage, to: &bytes) { UInt64($0.key.key &+ 1) }
        append(usage, to: &bytes) { UInt64($0.key.status.rawValue) }
        for text in UsageKey.Text.allCases {
            ranges.removeAll(keepingCapacity: true)
            for cell in usage.cells { ranges.append(usage.names.range(cell.key[text])) }
            column.append(ranges, ranges.indices, of: usage.names.allBytes, to: &bytes)
        }
        append(usage, to: &bytes) { ZigZag.encode($0.sums.calls) }
        for sum in UsageCells.WideSum.allCases {
            append(usage, to: &bytes) { UInt64(truncatingIfNeeded: ZigZag.encode($0.sums[sum])) }
            append(usage, to: &bytes) {
                UInt64(truncatingIfNeeded: ZigZag.encode($0.sums[sum]) >> 64)
            }
        }
        return bytes.withChecksum(under: key)
    }

    @inline(__always)
    private mutating func append(
        _ usage: UsageCells, to bytes: inout [UInt8], _ word: (UsageCell) -> UInt64
    ) {
        words.removeAll(keepingCapacity: true)
        for cell in usage.cells { words.append(word(cell)) }
        IntegerColumn.append(words, words.indices, to: &bytes)
    }
}

extension UsageKey {
    /// Its texts, in the order in which they are stored.
    fileprivate enum Text: CaseIterable {
        case action, team, scenario
    }

    fileprivate subscript(text: Text) -> UInt32 {
        get {
            switch text {
            case .action: action
            case .team: team
            case .scenario: scenario
            }
        }
        set {
            switch text {
            case .action: action = newValue
            case .team: team = newValue
            case .scenario: scenario = newValue
            }
        }
    }
}

extension UsageSums {
    fileprivate subscript(sum: UsageCells.WideSum) -> Int128 {
        get {
            switch sum {
            case .credits: credits
            case .extra: extra
            case .units: units
            case .bytes: bytes
            }
        }
        set {
            switch sum {
            case .credits: credits = newValue
            case .extra: extra = newValue
            case .units: units = newValue
            case .bytes: bytes = newValue
            }
        }
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
