internal import Credit
public import Ledger

/// Whose usage: an account's, or that of all together, which comes before them.
public struct UsageAccount: Comparable, Hashable, Sendable, BitwiseCopyable {
    /// 0 for all together, else the slot plus one.
    public let number: UInt64

    public init(number: UInt64) { self.number = number }

    /// Of the account at `slot`, or of all together for nil.
    public init(_ slot: AccountSlot?) { number = slot.map { UInt64($0) + 1 } ?? 0 }

    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// A cell of usage and whose it is.
public struct AccountCell: Sendable, BitwiseCopyable {
    public let account: UsageAccount
    public var cell: UsageCell

    public init(_ account: UsageAccount, _ cell: UsageCell) {
        self.account = account
        self.cell = cell
    }
}

/// Usage that is to be stored.
public protocol UsageListing: Sendable {
    /// What the texts of the cells are numbered by.
    var names: NameTable { get }

    /// Hands all cells over by account and by when they begin, at most `count` at a time.
    func visit(
        atMost count: Int, _ body: ([AccountCell]) throws(StoreError) -> Void
    ) throws(StoreError)
}

/// A part of a stored run of usage: cells by account and by when they begin.
///
/// Layout: count (varint); integer columns of account, start, quarters, key plus one and status; text columns
/// of action, team and scenario; integer columns of calls, and of credits, extra, units and bytes (zigzag),
/// each as low and high words; CRC-32 of it and of where it is stored.
public struct UsagePage: Sendable {
    /// The most cells of a page.
    static let cellsMax = 1 << 24

    /// The sums of 128 bits, in the order in which they are stored.
    fileprivate enum WideSum: Int, CaseIterable {
        case credits, extra, units, bytes
    }

    public let count: Int
    private let bytes: [UInt8]
    private let accounts: StoredIntegers
    private let starts: StoredIntegers
    private let quarters: StoredIntegers
    private let keys: StoredIntegers
    private let statuses: StoredIntegers
    private let texts: [StoredTexts]
    private let calls: StoredIntegers
    /// The low and the high words of each sum.
    private let words: [StoredIntegers]

    /// Reads what ``UsagePageEncoder`` gives.
    public init(from stored: [UInt8], under key: [Int64]) throws(SegmentError) {
        let checked = try stored.checked(under: key)
        let bytes = checked.span
        var reader = ByteReader()
        let count = try reader.count(limit: Self.cellsMax, in: bytes)
        guard count <= checked.count * 64 else { throw .malformed(at: 0) }
        accounts = try reader.storedIntegers(count, in: bytes)
        starts = try reader.storedIntegers(count, in: bytes)
        quarters = try reader.storedIntegers(count, in: bytes)
        keys = try reader.storedIntegers(count, in: bytes)
        statuses = try reader.storedIntegers(count, in: bytes)
        var texts: [StoredTexts] = []
        for _ in UsageKey.Text.allCases { texts.append(try reader.storedTexts(count, in: bytes)) }
        calls = try reader.storedIntegers(count, in: bytes)
        var words: [StoredIntegers] = []
        for _ in 0..<2 * WideSum.allCases.count {
            words.append(try reader.storedIntegers(count, in: bytes))
        }
        guard reader.offset == checked.count else { throw .malformed(at: reader.offset) }
        self.texts = texts
        self.words = words
        self.count = count
        self.bytes = checked
    }

    /// The first place of a cell that is not before this account's cells which begin with `start`.
    public func place(of account: UsageAccount, from start: Int64) -> Int {
        let bytes = bytes.span
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            let number = accounts.value(at: middle, in: bytes)
            let isBefore =
                number != account.number
                ? number < account.number
                : Int64(bitPattern: starts.value(at: middle, in: bytes)) < start
            if isBefore { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Appends the cells at some places, with texts as `names` numbers them.
    public func read(
        _ places: Range<Int>, _ names: inout NameTable, to cells: inout [AccountCell]
    ) throws(SegmentError) {
        let bytes = bytes.span
        let first = cells.count
        for place in places {
            var key = UsageKey(
                start: Int64(bitPattern: starts.value(at: place, in: bytes)),
                quarters: Int32(truncatingIfNeeded: quarters.value(at: place, in: bytes)),
                action: 0, team: 0, scenario: 0, key: 0, status: .unsaid)
            key.key = UInt32(truncatingIfNeeded: keys.value(at: place, in: bytes)) &- 1
            key.status = CallStatus(
                rawValue: UInt16(truncatingIfNeeded: statuses.value(at: place, in: bytes)))
            var sums = UsageSums()
            sums.calls = ZigZag.decode(calls.value(at: place, in: bytes))
            for sum in WideSum.allCases {
                let low = words[2 * sum.rawValue].value(at: place, in: bytes)
                let high = words[2 * sum.rawValue + 1].value(at: place, in: bytes)
                sums[sum] = ZigZag.decode(UInt128(high) << 64 | UInt128(low))
            }
            cells.append(
                AccountCell(
                    UsageAccount(number: accounts.value(at: place, in: bytes)),
                    UsageCell(key: key, sums: sums)))
        }
        for text in UsageKey.Text.allCases {
            let ranges = try texts[text.rawValue].ranges(places, in: bytes)
            for (index, range) in ranges.enumerated() where !range.isEmpty {
                cells[first + index].cell.key[text] = names.number(
                    of: bytes.extracting(range.indices))
            }
        }
    }
}

/// Writes pages of usage; keeps its buffers.
public struct UsagePageEncoder: Sendable {
    private var words: [UInt64] = []
    private var ranges: [ByteRange] = []
    private var column = TextColumn()

    public init() {}

    /// The stored form under `key` of cells whose texts `names` numbers.
    public mutating func encode(
        _ cells: [AccountCell], _ names: NameTable, under key: [Int64]
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64 + 48 * cells.count)
        bytes.append(varint: UInt64(cells.count))
        append(cells, to: &bytes) { $0.account.number }
        append(cells, to: &bytes) { UInt64(bitPattern: $0.cell.key.start) }
        append(cells, to: &bytes) { UInt64(UInt32(bitPattern: $0.cell.key.quarters)) }
        append(cells, to: &bytes) { UInt64($0.cell.key.key &+ 1) }
        append(cells, to: &bytes) { UInt64($0.cell.key.status.rawValue) }
        for text in UsageKey.Text.allCases {
            ranges.removeAll(keepingCapacity: true)
            for cell in cells { ranges.append(names.range(cell.cell.key[text])) }
            column.append(ranges, ranges.indices, of: names.allBytes, to: &bytes)
        }
        append(cells, to: &bytes) { ZigZag.encode($0.cell.sums.calls) }
        for sum in UsagePage.WideSum.allCases {
            append(cells, to: &bytes) {
                UInt64(truncatingIfNeeded: ZigZag.encode($0.cell.sums[sum]))
            }
            append(cells, to: &bytes) {
                UInt64(truncatingIfNeeded: ZigZag.encode($0.cell.sums[sum]) >> 64)
            }
        }
        return bytes.withChecksum(under: key)
    }

    @inline(__always)
    private mutating func append(
        _ cells: [AccountCell], to bytes: inout [UInt8], _ word: (AccountCell) -> UInt64
    ) {
        words.removeAll(keepingCapacity: true)
        for cell in cells { words.append(word(cell)) }
        IntegerColumn.append(words, words.indices, to: &bytes)
    }
}

extension UsageKey {
    /// Its texts, in the order in which they are stored.
    enum Text: Int, CaseIterable {
        case action, team, scenario
    }

    subscript(text: Text) -> UInt32 {
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
    fileprivate subscript(sum: UsagePage.WideSum) -> Int128 {
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
