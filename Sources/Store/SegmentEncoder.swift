internal import Credit
internal import Digest
internal import Ledger

/// A segment as it is stored: the money part, which the chain covers, and the details part.
public struct EncodedSegment: Hashable, Sendable {
    /// From 1, without gaps.
    public let number: UInt64
    /// Header, money columns and other events.
    public let money: [UInt8]
    /// Salt and details columns.
    public let details: [UInt8]
    /// SHA-256 of the money part, which holds the hash before and that of the details.
    public let hash: [UInt8]
    /// True when the details were deleted: the chain stands, and what they said is empty.
    public let isErased: Bool
    /// What of the deleted details stays, apart from the chain; nil when nothing does.
    public let kept: KeptDetails?

    /// The parts as read back from storage; nil for details that were deleted.
    public init(
        number: UInt64, money: [UInt8], details: [UInt8]?, hash: [UInt8],
        kept: KeptDetails? = nil
    ) {
        self.number = number
        self.money = money
        self.details = details ?? []
        self.hash = hash
        isErased = details == nil
        self.kept = details == nil ? kept : nil
    }
}

/// The format of segments (docs/journal-format.md).
public enum SegmentFormat: Sendable {
    /// The first bytes of a money part.
    public static let magic: [UInt8] = Array("TLYS".utf8)
    /// The newest version that this code reads; it reads the ones before as well.
    public static let version: UInt16 = 4
    /// The version of a segment with numbered texts.
    static let numberedVersion: UInt16 = 4
    /// The version of a segment with events of scenarios and without numbered texts.
    static let scenariosVersion: UInt16 = 3
    /// The version of a segment with uses of budgets and without events of later versions.
    static let usesVersion: UInt16 = 2
    /// The version of a segment without uses of budgets; it never changes meaning.
    static let plainVersion: UInt16 = 1
    /// Where the number of the segment stands in the money part: after magic and version.
    static let numberOffset = magic.count + 2
    /// Where the hash of the segment before stands: after the number and the time.
    static let previousHashOffset = numberOffset + 8 + 8
    /// The hash that stands before the first segment.
    public static let firstHash = [UInt8](repeating: 0, count: SHA256.byteCount)
    /// How many integer columns come before the texts of the charges' money.
    static let moneyColumns = 15
    /// How many text columns say what budgets go by: team, scenario, run.
    static let scopeColumns = 3
    /// How many text columns the money part has: action, idempotency key and those.
    static let moneyTexts = 2 + scopeColumns
    /// How many bytes a fingerprint has.
    static let fingerprintBytes = 16

    /// The oldest version that can say all of a segment.
    static func version(of contents: SegmentContents, hasNumbered: Bool) -> UInt16 {
        if hasNumbered { return numberedVersion }
        if contents.events.contains(where: \.isOfScenarios) { return scenariosVersion }
        return contents.uses.isEmpty ? plainVersion : usesVersion
    }

    /// How many bytes the salt of the details part has.
    public static let saltBytes = 16
}

extension Event {
    /// True for events that version 3 of the format brought.
    var isOfScenarios: Bool {
        switch self {
        case .scenarioPut, .runStarted, .runFinished: true
        default: false
        }
    }
}

/// A segment as it is stored, but for the hash of the one before and what follows from that.
///
/// Whichever thread has time makes this; the one that commits then chains it.
public struct UnchainedSegment: Sendable {
    /// From 1, without gaps.
    public let number: UInt64
    private var money: [UInt8]
    private let details: [UInt8]

    fileprivate init(number: UInt64, money: [UInt8], details: [UInt8]) {
        self.number = number
        self.money = money
        self.details = details
    }

    /// The segment, chained to the one with the hash `previous`.
    public consuming func chained(after previous: [UInt8]) -> EncodedSegment {
        let start = SegmentFormat.previousHashOffset
        for (offset, byte) in previous.enumerated() { money[start + offset] = byte }
        money.append(fixed: CRC32.checksum(of: money.span))
        return EncodedSegment(
            number: number, money: money, details: details, hash: SHA256.digest(of: money.span))
    }
}

/// Writes segments column by column; keeps its buffers between segments.
public struct SegmentEncoder: Sendable {
    private var money: [UInt8] = []
    private var details: [UInt8] = []
    /// The columns of team, scenario and run.
    private var scope: [UInt8] = []
    private var scratch: [UInt64] = []
    private var columns = ChargeColumns()
    private var texts = TextColumn()
    private var parameters = ParametersColumn()

    /// Segments that nobody needs any more, for the memory that they hold.
    private var spares: [EncodedSegment] = []

    public init() {}

    /// Takes back a segment that was stored, to write into its memory again.
    public mutating func recycle(_ segment: consuming EncodedSegment) {
        spares.append(segment)
    }

    /// The stored form of `contents`, chained to the segment with the hash `previous`.
    public mutating func encode(
        _ contents: SegmentContents, previous: [UInt8], salt: [UInt8]
    ) -> EncodedSegment {
        encode(contents, salt: salt).chained(after: previous)
    }

    /// The stored form of `contents` before it is chained to another segment.
    public mutating func encode(_ contents: SegmentContents, salt: [UInt8]) -> UnchainedSegment {
        if let spare = spares.popLast() {
            money = spare.money
            details = spare.details
        }
        columns.take(contents.charges, time: contents.time)
        encodeDetails(contents, salt: salt)
        encodeHead(contents, hasNumbered: encodeScope(contents))
        encodeMoney(contents)
        encodeEvents(contents)
        encodeShares(contents)
        encodeRoles(contents)
        encodeUses(contents)
        return UnchainedSegment(number: contents.number, money: money, details: details)
    }

    /// Encodes what budgets go by; true when any of it is numbered.
    private mutating func encodeScope(_ contents: SegmentContents) -> Bool {
        scope.removeAll(keepingCapacity: true)
        var hasNumbered = false
        for column in [ChargeColumns.Text.team, .scenario, .run] {
            let isNumbered = texts.append(
                columns.ranges, columns.range(of: column), of: contents.bytes, mayNumber: true,
                to: &scope)
            hasNumbered = hasNumbered || isNumbered
        }
        return hasNumbered
    }

    private mutating func encodeHead(_ contents: SegmentContents, hasNumbered: Bool) {
        money.removeAll(keepingCapacity: true)
        money.append(contentsOf: SegmentFormat.magic)
        let version = SegmentFormat.version(of: contents, hasNumbered: hasNumbered)
        money.append(fixed: version)
        money.append(fixed: contents.number)
        money.append(fixed: contents.time.micros)
        money.append(contentsOf: SegmentFormat.firstHash)
        money.append(contentsOf: SHA256.digest(of: details.span))
        money.append(varint: UInt64(contents.charges.count))
        money.append(varint: UInt64(contents.shares.count))
        money.append(varint: UInt64(contents.events.count))
        money.append(varint: UInt64(contents.roles.count))
        guard version != SegmentFormat.plainVersion else { return }
        money.append(varint: UInt64(contents.uses.count))
    }

    private mutating func encodeMoney(_ contents: SegmentContents) {
        for column in ChargeColumns.Integer.allCases.prefix(SegmentFormat.moneyColumns) {
            IntegerColumn.append(columns.words, columns.range(of: column), to: &money)
        }
        texts.append(
            columns.ranges, columns.range(of: ChargeColumns.Text.action), of: contents.bytes,
            to: &money)
        texts.append(
            columns.ranges, columns.range(of: ChargeColumns.Text.key), of: contents.bytes,
            mayRepeat: false, to: &money)
        money.append(contentsOf: scope)
        let charges = contents.charges.span
        for index in charges.indices { money.append(fixed: charges[index].idempotence.fingerprint) }
    }

    /// The lots that paid; what a single lot paid follows from the charge and is left out.
    private mutating func encodeShares(_ contents: SegmentContents) {
        let shares = contents.shares
        appendMoney(shares.count) { shares[$0].grant.segment }
        appendMoney(shares.count) { UInt64(shares[$0].grant.index) }
        appendMoney(shares.count) { UInt64(shares[$0].source.rawValue) }
        let counts = columns.range(of: .sharesCount)
        var split: [Int] = []
        for (index, place) in counts.enumerated() where columns.words[place] > 1 {
            split.append(contentsOf: contents.charges[index].shares)
        }
        appendMoney(split.count) { UInt64(bitPattern: shares[split[$0]].micros) }
    }

    /// What charges say of holds: which do, and which of the two; then the holds placed and those
    /// captured.
    private mutating func encodeRoles(_ contents: SegmentContents) {
        guard !contents.roles.isEmpty else { return }
        let roles = contents.roles
        let charges = contents.charges
        let places = charges.indices.filter { charges[$0].role != ChargeEvent.noRole }
        appendMoney(places.count) { UInt64(places[$0]) }
        appendMoney(roles.count) { roles[$0].code }
        var placed: [(terms: HoldTerms, time: Instant)] = []
        var captured: [HoldSettlement] = []
        for (place, role) in zip(places, roles) {
            switch role {
            case .placed(let terms): placed.append((terms, charges[place].head.time))
            case .captured(let settlement): captured.append(settlement)
            }
        }
        appendMoney(placed.count) {
            UInt64(bitPattern: placed[$0].terms.expiresAt.micros &- placed[$0].time.micros)
        }
        appendMoney(placed.count) { UInt64(placed[$0].terms.onExpiry.rawValue) }
        appendMoney(placed.count) { UInt64(bitPattern: placed[$0].terms.minimum) }
        appendMoney(captured.count) { captured[$0].hold.segment }
        appendMoney(captured.count) { UInt64(captured[$0].hold.index) }
        appendMoney(captured.count) { UInt64(bitPattern: captured[$0].reserved) }
        appendMoney(captured.count) { UInt64(bitPattern: captured[$0].repaid) }
        appendMoney(captured.count) { UInt64(bitPattern: captured[$0].lapsed) }
    }

    /// What budgets had used: of which charges, and then by column.
    private mutating func encodeUses(_ contents: SegmentContents) {
        let uses = contents.uses
        guard !uses.isEmpty else { return }
        appendMoney(uses.count) { UInt64(uses[$0].charge) }
        var names: [UInt8] = []
        let ranges = uses.map { names.appending($0.use.budget.text.utf8.span) }
        texts.append(ranges, ranges.indices, of: names, to: &money)
        appendMoney(uses.count) { UInt64(bitPattern: uses[$0].use.limit) }
        appendMoney(uses.count) { UInt64(truncatingIfNeeded: uses[$0].use.before) }
        appendMoney(uses.count) { UInt64(truncatingIfNeeded: uses[$0].use.before >> 64) }
        appendMoney(uses.count) { UInt64(bitPattern: uses[$0].use.change) }
        appendMoney(uses.count) { place in
            let resetsAt = uses[place].use.resetsAt
            guard resetsAt != .never else { return 0 }
            let time = contents.charges[uses[place].charge].head.time
            return UInt64(bitPattern: resetsAt.micros &- time.micros)
        }
    }

    private mutating func encodeEvents(_ contents: SegmentContents) {
        guard !contents.events.isEmpty else { return }
        let order = contents.order
        appendMoney(order.count) { order[$0] ? 1 : 0 }
        for event in contents.events { money.append(event: event.withoutPersonalTexts) }
    }

    /// Appends a column of `count` integers to the money part.
    @inline(__always)
    private mutating func appendMoney(_ count: Int, _ value: (Int) -> UInt64) {
        if scratch.count < count { scratch = [UInt64](repeating: 0, count: count) }
        for index in 0..<count { scratch[index] = value(index) }
        IntegerColumn.append(scratch, 0..<count, to: &money)
    }

    private mutating func encodeDetails(_ contents: SegmentContents, salt: [UInt8]) {
        details.removeAll(keepingCapacity: true)
        details.append(contentsOf: salt)
        appendDetails(of: contents)
        details.append(fixed: CRC32.checksum(of: details.span))
    }

    /// What stays of the details of a stored segment, with what ``SegmentContents/deletions`` says.
    ///
    /// Without the salt: whoever had it could try texts against the hash that the chain keeps.
    mutating func encodeKept(_ contents: SegmentContents) -> [UInt8] {
        columns.take(contents.charges, time: contents.time)
        details.removeAll(keepingCapacity: true)
        details.append(KeptDetails.version)
        let words = contents.deletions.map { UInt64($0) }
        IntegerColumn.append(words, words.indices, to: &details)
        appendDetails(of: contents)
        return details.withChecksum(under: KeptDetails.key(contents.number))
    }

    /// Appends the columns of the details, then the personal texts of the other events.
    private mutating func appendDetails(of contents: SegmentContents) {
        for column in [ChargeColumns.Text.module, .requestID, .metadata] {
            texts.append(
                columns.ranges, columns.range(of: column), of: contents.bytes,
                mayRepeat: column != .requestID, to: &details)
        }
        parameters.append(
            columns.ranges, columns.range(of: ChargeColumns.Text.parameters), of: contents.bytes,
            to: &details)
        for column in ChargeColumns.Integer.allCases.dropFirst(SegmentFormat.moneyColumns) {
            IntegerColumn.append(columns.words, columns.range(of: column), to: &details)
        }
        for event in contents.events { event.appendPersonalTexts(to: &details) }
    }
}

extension HoldRole {
    /// 0 placed, 1 captured on request, 2 captured when it expired.
    fileprivate var code: UInt64 {
        switch self {
        case .placed: 0
        case .captured(let settlement): settlement.cause == .requested ? 1 : 2
        }
    }
}
