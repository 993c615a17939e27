internal import Credit
internal import Ledger

/// Entries where they are stored, of which the archive gathers single ones.
protocol EntrySource {
    /// The bytes that the columns of texts lie in, by the places of `ArchiveChunk.texts`.
    func textBytes(_ column: Int) -> [UInt8]
    var texts: [SourceTexts] { get }
    var parameters: SourceParameters { get }
    /// The bytes that the parameters lie in.
    var parameterBytes: [UInt8] { get }
    /// Reads all of some entries but their texts; `words` is a buffer.
    func readNumbers(
        _ wanted: [WantedEntry], _ words: inout [UInt64], to entries: inout [EntrySummary]
    ) throws(SegmentError)
    /// Where an entry stands in the columns of texts; nil when it has texts of its own.
    func textPlace(at place: Int) -> Int?
    /// The texts of an entry that has its own.
    func ownTexts(at place: Int) -> [TextCode]
}

/// A column of texts as a source has it.
enum SourceTexts: Sendable {
    case empty
    case each([TextCode])
    case dictionary([TextCode], numbers: StoredIntegers)
    /// Texts of these shapes, whose values are stored one by one.
    case numbered([TextCode], numbers: StoredIntegers, values: StoredIntegers)

    /// Reads the texts of some entries, whose places are less than the column's count.
    func read(
        _ wanted: [WantedEntry], in bytes: Span<UInt8>, to column: inout [TextCode]
    ) throws(SegmentError) {
        var column = column.mutableSpan
        switch self {
        case .empty: break
        case .each(let codes):
            for entry in wanted { column[Int(entry.target)] = codes[Int(entry.place)] }
        case .dictionary(let codes, let numbers):
            for entry in wanted {
                let number = numbers.value(at: Int(entry.place), in: bytes)
                guard number < UInt64(codes.count) else {
                    throw .malformed(at: Int(entry.place))
                }
                column[Int(entry.target)] = codes[Int(number)]
            }
        case .numbered(let shapes, let numbers, let values):
            for entry in wanted {
                let number = numbers.value(at: Int(entry.place), in: bytes)
                guard number < UInt64(shapes.count) else {
                    throw .malformed(at: Int(entry.place))
                }
                column[Int(entry.target)] = TextCode(
                    shape: shapes[Int(number)].shape,
                    value: values.value(at: Int(entry.place), in: bytes))
            }
        }
    }
}

/// A column of parameters as a source has it.
struct SourceParameters: Sendable {
    var shapes = SourceTexts.empty
    /// How many integers are taken out of each distinct shape, or of each object where all are plain.
    var marks: [Int] = []
    var values: [StoredIntegers] = []
    /// For each object, and each of `values`, how many integers those before it have there; empty when
    /// each has one.
    var before: [UInt32] = []

    /// How many integers are taken out of the object at `place`.
    @inline(__always)
    func markCount(at place: Int, in bytes: Span<UInt8>) throws(SegmentError) -> Int {
        switch shapes {
        case .empty, .numbered: return 0
        case .each: return marks[place]
        case .dictionary(_, let numbers):
            let number = numbers.value(at: place, in: bytes)
            guard number < UInt64(marks.count) else { throw .malformed(at: place) }
            return marks[Int(number)]
        }
    }

    /// The integer that is taken out as the one at `mark` of the object at `place`.
    @inline(__always)
    func value(_ mark: Int, at place: Int, in bytes: Span<UInt8>) -> UInt64 {
        let index = before.isEmpty ? place : Int(before[place * values.count + mark])
        return values[mark].value(at: index, in: bytes)
    }
}

extension TextPool {
    /// The texts of an entry, by the places of `ArchiveChunk.texts`.
    fileprivate mutating func codes(of entry: EntrySummary, in bytes: Span<UInt8>) -> [TextCode] {
        var codes: [TextCode] = []
        for column in ArchiveChunk.texts {
            codes.append(code(of: bytes.extracting(entry[column].indices)))
        }
        return codes
    }

    /// A stored column of `count` texts.
    mutating func column(
        _ stored: StoredTexts, _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> SourceTexts {
        switch stored.form {
        case .empty: return .empty
        case .plain(let plain): return .each(codes(plain, in: bytes) { $0.code(of: $1) })
        case .dictionary(let distinct, let numbers):
            return .dictionary(
                codes(distinct, in: bytes) { $0.code(of: $1) }, numbers: numbers)
        case .numbered(let numbered):
            let shapes = codes(numbered.shapes, in: bytes) { $0.shape($1, filledWith: 0) }
            return .numbered(shapes, numbers: numbered.numbers, values: numbered.values)
        }
    }

    private mutating func codes(
        _ plain: StoredTexts.Plain, in bytes: Span<UInt8>,
        _ code: (inout Self, Span<UInt8>) -> TextCode
    ) -> [TextCode] {
        var codes: [TextCode] = []
        codes.reserveCapacity(plain.lengths.count)
        for range in plain.ranges(0..<plain.lengths.count, in: bytes) {
            codes.append(code(&self, bytes.extracting(range.indices)))
        }
        return codes
    }

    /// A stored column of `count` objects.
    mutating func parameters(
        _ stored: StoredParameters, _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> SourceParameters {
        var column = SourceParameters(marks: stored.marks, values: stored.values)
        switch stored.shapes.form {
        case .empty, .numbered: return SourceParameters()
        case .plain(let plain):
            column.shapes = .each(codes(plain, in: bytes) { $0.literal($1) })
        case .dictionary(let distinct, let numbers):
            column.shapes = .dictionary(
                codes(distinct, in: bytes) { $0.literal($1) }, numbers: numbers)
        }
        guard !stored.marks.allSatisfy({ $0 == stored.values.count }) else { return column }
        var used = [UInt32](repeating: 0, count: stored.values.count)
        column.before.reserveCapacity(count * used.count)
        for place in 0..<count {
            column.before.append(contentsOf: used)
            for mark in 0..<(try column.markCount(at: place, in: bytes)) { used[mark] += 1 }
        }
        return column
    }
}

/// The events of a segment that lists show; a class, as of a small one each chunk takes few entries.
final class SegmentEntries: EntrySource, Sendable {
    let view: SegmentView
    let texts: [SourceTexts]
    let parameters: SourceParameters
    /// For each charge the part that no lot of a plan paid.
    private let extra: [Int64]
    /// For each charge what it is; empty when all are charges.
    private let kinds: [ListedKind]
    /// What is listed and no charge.
    private let others: [EntrySummary]
    private let othersTexts: [[TextCode]]
    /// For each entry twice the place of its charge, or twice its place in `others` and one; empty when
    /// all events are charges.
    private let items: [UInt32]
    /// Where each charge stands; empty when all events are charges.
    private let indices: [UInt32]

    init(_ view: SegmentView, _ pool: inout TextPool) throws(SegmentError) {
        let charges = view.header.chargeCount
        var texts: [SourceTexts] = []
        for column in ArchiveChunk.texts {
            texts.append(try view.column(column, &pool))
        }
        let parameters =
            if let stored = view.parameters {
                try pool.parameters(stored, charges, in: view.details.span)
            } else {
                SourceParameters()
            }
        (extra, kinds) = try Self.payments(of: view)
        var others: [EntrySummary] = []
        var othersTexts: [[TextCode]] = []
        var items: [UInt32] = []
        var indices: [UInt32] = []
        var charge = 0
        for (index, isCharge) in view.order.enumerated() {
            guard !isCharge else {
                items.append(UInt32(charge) << 1)
                indices.append(UInt32(index))
                charge += 1
                continue
            }
            var summaries = EntrySummaries()
            summaries.append(
                view.events[index - charge],
                at: Position(
                    segment: view.header.number, index: UInt32(truncatingIfNeeded: index)))
            guard let entry = summaries.entries.first else { continue }
            items.append(UInt32(others.count) << 1 | 1)
            others.append(entry)
            othersTexts.append(pool.codes(of: entry, in: summaries.bytes.span))
        }
        self.view = view
        self.texts = texts
        self.parameters = parameters
        self.others = others
        self.othersTexts = othersTexts
        self.items = items
        self.indices = indices
    }

    /// What of each charge no lot of a plan paid, and what it is, of which there is nothing where all are
    /// charges.
    private static func payments(
        of view: SegmentView
    ) throws(SegmentError) -> (extra: [Int64], kinds: [ListedKind]) {
        let money = view.segment.money
        let count = view.header.chargeCount
        let hasRoles = view.roles != nil
        var extra: [Int64] = []
        var kinds: [ListedKind] = []
        extra.reserveCapacity(count)
        if hasRoles { kinds.reserveCapacity(count) }
        var place = StoredShares.Place()
        for charge in 0..<count {
            let payment = try view.payment(ofCharge: charge, from: place, in: money.span)
            if hasRoles { kinds.append(payment.kind) }
            extra.append(payment.extra)
            place.pass(payment.shares)
        }
        return (extra, kinds)
    }

    /// How many entries there are.
    var count: Int { view.order.isEmpty ? view.header.chargeCount : items.count }

    /// Whose entry it is.
    @inline(__always)
    func account(at place: Int) -> AccountSlot {
        guard let charge = textPlace(at: place) else {
            return others[Int(items[place] >> 1)].account
        }
        return AccountSlot(truncatingIfNeeded: view.word(.account, charge))
    }

    @inline(__always)
    func textPlace(at place: Int) -> Int? {
        guard !items.isEmpty else { return place }
        return items[place] & 1 == 0 ? Int(items[place] >> 1) : nil
    }

    func ownTexts(at place: Int) -> [TextCode] { othersTexts[Int(items[place] >> 1)] }

    func textBytes(_ column: Int) -> [UInt8] { view.part(of: ArchiveChunk.texts[column]) }

    var parameterBytes: [UInt8] { view.details }

    func readNumbers(
        _ wanted: [WantedEntry], _ words: inout [UInt64], to entries: inout [EntrySummary]
    ) {
        let charges = charges(of: wanted, to: &entries)
        read(.account, charges, &words, to: &entries) {
            $0.account = AccountSlot(truncatingIfNeeded: $1)
        }
        let time = view.header.time.micros
        read(.time, charges, &words, to: &entries) {
            $0.time = Instant(micros: time &+ ZigZag.decode($1))
        }
        read(.credits, charges, &words, to: &entries) {
            $0.credits = $0.kind == .hold ? 0 : Int64(bitPattern: $1)
        }
        read(.key, charges, &words, to: &entries) {
            $0.key = UInt32(truncatingIfNeeded: $1) &- 1
        }
        read(.units, charges, &words, to: &entries) { $0.units = Int64(bitPattern: $1) }
        read(.status, charges, &words, to: &entries) {
            $0.status = CallStatus(rawValue: UInt16(truncatingIfNeeded: $1))
        }
        read(.results, charges, &words, to: &entries) { $0.results = OptionalCount(stored: $1) }
        read(.bytes, charges, &words, to: &entries) { $0.bytes = OptionalCount(stored: $1) }
        read(.duration, charges, &words, to: &entries) {
            $0.duration = OptionalCount(stored: $1)
        }
    }

    /// The charges among some entries, of which it writes what lies beside columns, and all of the others.
    private func charges(
        of wanted: [WantedEntry], to entries: inout [EntrySummary]
    ) -> [WantedEntry] {
        var charges: [WantedEntry] = []
        charges.reserveCapacity(wanted.count)
        let segment = view.header.number
        for entry in wanted {
            let place = Int(entry.place)
            guard let charge = textPlace(at: place) else {
                entries[Int(entry.target)] = others[Int(items[place] >> 1)]
                continue
            }
            charges.append(WantedEntry(target: Int(entry.target), place: charge))
            let index = indices.isEmpty ? UInt32(truncatingIfNeeded: charge) : indices[charge]
            entries[Int(entry.target)].position = Position(segment: segment, index: index)
            entries[Int(entry.target)].kind = kinds.isEmpty ? .charge : kinds[charge]
            entries[Int(entry.target)].extra = extra[charge]
        }
        return charges
    }

    @inline(__always)
    private func read(
        _ column: ChargeColumns.Integer, _ charges: [WantedEntry], _ words: inout [UInt64],
        to entries: inout [EntrySummary], _ set: (inout EntrySummary, UInt64) -> Void
    ) {
        view.read(column, charges, to: &words)
        var entries = entries.mutableSpan
        for (index, entry) in charges.enumerated() {
            set(&entries[Int(entry.target)], words[index])
        }
    }
}

/// A chunk of the archive.
struct ChunkEntries: EntrySource, Sendable {
    let chunk: ArchiveChunk
    let texts: [SourceTexts]
    let parameters: SourceParameters
    /// For each entry where it stands in the columns that not every entry has a value in.
    private let conditional: [ArchiveChunk.Before]

    init(_ chunk: ArchiveChunk, _ pool: inout TextPool) throws(SegmentError) {
        self.chunk = chunk
        let stored = chunk.stored.span
        var texts: [SourceTexts] = []
        for column in chunk.texts { texts.append(try pool.column(column, chunk.count, in: stored)) }
        self.texts = texts
        parameters = try pool.parameters(chunk.parameters, chunk.count, in: stored)
        conditional = chunk.allBefore
    }

    @inline(__always)
    func textPlace(at place: Int) -> Int? { place }

    func ownTexts(at place: Int) -> [TextCode] { [] }

    func textBytes(_ column: Int) -> [UInt8] { chunk.stored }

    var parameterBytes: [UInt8] { chunk.stored }

    func readNumbers(
        _ wanted: [WantedEntry], _ words: inout [UInt64], to entries: inout [EntrySummary]
    ) throws(SegmentError) {
        for entry in wanted {
            let place = Int(entry.place)
            var before = conditional.isEmpty ? ArchiveChunk.Before() : conditional[place]
            entries[Int(entry.target)] = try chunk.numbers(at: place, &before)
        }
    }
}
