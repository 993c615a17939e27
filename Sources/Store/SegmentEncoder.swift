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

    /// The parts as read back from storage.
    public init(number: UInt64, money: [UInt8], details: [UInt8], hash: [UInt8]) {
        self.number = number
        self.money = money
        self.details = details
        self.hash = hash
    }
}

/// The format of segments, a draft until it is frozen as version 1 (docs/journal-format.md).
public enum SegmentFormat: Sendable {
    /// The first bytes of a money part.
    public static let magic: [UInt8] = Array("TLYS".utf8)
    /// The version that this code writes, and the newest that it reads.
    public static let version: UInt16 = 0
    /// The hash that stands before the first segment.
    public static let firstHash = [UInt8](repeating: 0, count: SHA256.byteCount)
    /// How many integer columns come before the texts of the charges' money.
    static let moneyColumns = 15
    /// How many bytes a fingerprint has.
    static let fingerprintBytes = 16
    /// How many bytes the salt of the details part has.
    public static let saltBytes = 16
}

/// Writes segments column by column; keeps its buffers between segments.
public struct SegmentEncoder: Sendable {
    private var money: [UInt8] = []
    private var details: [UInt8] = []
    private var scratch: [UInt64] = []
    private var texts = TextColumn()
    private var parameters = ParametersColumn()

    public init() {}

    /// The stored form of `contents`, chained to the segment with the hash `previous`.
    public mutating func encode(
        _ contents: SegmentContents, previous: [UInt8], salt: [UInt8]
    ) -> EncodedSegment {
        let count = max(contents.charges.count, contents.shares.count)
        if scratch.count < count { scratch = [UInt64](repeating: 0, count: count) }
        encodeDetails(contents, salt: salt)
        encodeHead(contents, previous: previous)
        encodeMoney(contents)
        encodeEvents(contents)
        encodeShares(contents)
        money.append(fixed: CRC32.checksum(of: money.span))
        return EncodedSegment(
            number: contents.number, money: money, details: details,
            hash: SHA256.digest(of: money.span))
    }

    private mutating func encodeHead(_ contents: SegmentContents, previous: [UInt8]) {
        money.removeAll(keepingCapacity: true)
        money.append(contentsOf: SegmentFormat.magic)
        money.append(fixed: SegmentFormat.version)
        money.append(fixed: contents.number)
        money.append(fixed: contents.time.micros)
        money.append(contentsOf: previous)
        money.append(contentsOf: SHA256.digest(of: details.span))
        money.append(varint: UInt64(contents.charges.count))
        money.append(varint: UInt64(contents.shares.count))
        money.append(varint: UInt64(contents.events.count))
    }

    private mutating func encodeMoney(_ contents: SegmentContents) {
        let charges = contents.charges
        let time = contents.time.micros
        integers(contents) { UInt64($0.head.account) }
        integers(contents) { $0.head.sequence }
        integers(contents) { ZigZag.encode($0.head.time.micros &- time) }
        integers(contents) { UInt64(bitPattern: $0.credits) }
        integers(contents) { UInt64(bitPattern: $0.overdrawn) }
        integers(contents) { UInt64(bitPattern: $0.uncollected) }
        integers(contents) { UInt64($0.sharesCount) }
        integers(contents) { UInt64($0.price.version) }
        integers(contents) { UInt64($0.price.rule) }
        integers(contents) { UInt64($0.key &+ 1) }
        integers(contents) { UInt64(bitPattern: $0.units) }
        integers(contents) { UInt64($0.details.status.rawValue) }
        integers(contents) { UInt64(bitPattern: $0.head.balance.available.micros) }
        integers(contents) { UInt64(bitPattern: $0.head.balance.held.micros) }
        integers(contents) { UInt64(bitPattern: $0.head.balance.negative.micros) }
        texts.append(
            to: &money, scratch: &scratch, count: charges.count, mayRepeat: true,
            source: contents.bytes, range: { charges[$0].action })
        texts.append(
            to: &money, scratch: &scratch, count: charges.count, mayRepeat: false,
            source: contents.bytes, range: { charges[$0].idempotence.key })
        for charge in charges { money.append(fixed: charge.idempotence.fingerprint) }
    }

    /// The lots that paid; what a single lot paid follows from the charge and is left out.
    private mutating func encodeShares(_ contents: SegmentContents) {
        let shares = contents.shares
        let count = shares.count
        IntegerColumn.append(to: &money, scratch: &scratch, count: count) {
            shares[$0].grant.segment
        }
        IntegerColumn.append(to: &money, scratch: &scratch, count: count) {
            UInt64(shares[$0].grant.index)
        }
        IntegerColumn.append(to: &money, scratch: &scratch, count: count) {
            UInt64(shares[$0].source.rawValue)
        }
        let split = contents.charges.filter { $0.sharesCount > 1 }.flatMap(\.shares)
        IntegerColumn.append(to: &money, scratch: &scratch, count: split.count) {
            UInt64(bitPattern: shares[split[$0]].micros)
        }
    }

    private mutating func encodeEvents(_ contents: SegmentContents) {
        guard !contents.events.isEmpty else { return }
        let order = contents.order
        if scratch.count < order.count { scratch = [UInt64](repeating: 0, count: order.count) }
        IntegerColumn.append(to: &money, scratch: &scratch, count: order.count) {
            order[$0] ? 1 : 0
        }
        for event in contents.events { money.append(event: event) }
    }

    private mutating func encodeDetails(_ contents: SegmentContents, salt: [UInt8]) {
        details.removeAll(keepingCapacity: true)
        details.append(contentsOf: salt)
        names(contents) { $0.details.team }
        names(contents) { $0.details.scenario }
        names(contents) { $0.details.run }
        names(contents) { $0.details.module }
        names(contents, mayRepeat: false) { $0.details.requestID }
        names(contents) { $0.details.metadata }
        let charges = contents.charges
        parameters.append(
            to: &details, scratch: &scratch, count: charges.count, source: contents.bytes,
            range: { charges[$0].details.parameters })
        details(contents) { $0.details.results.stored }
        details(contents) { $0.details.bytes.stored }
        details(contents) { $0.details.duration.stored }
        details(contents) { Self.occurrence($0) }
        details(contents) {
            UInt64($0.details.scenarioType.rawValue) << 1 | ($0.details.isCheckRun ? 1 : 0)
        }
        details.append(fixed: CRC32.checksum(of: details.span))
    }

    /// How long before the entry's time the call happened, plus one; 0 when that was not said.
    private static func occurrence(_ charge: ChargeEvent) -> UInt64 {
        guard charge.details.occurredAt != .never else { return 0 }
        return ZigZag.encode(charge.head.time.micros &- charge.details.occurredAt.micros) &+ 1
    }

    @inline(__always)
    private mutating func integers(
        _ contents: SegmentContents, _ value: (ChargeEvent) -> UInt64
    ) {
        let charges = contents.charges
        IntegerColumn.append(to: &money, scratch: &scratch, count: charges.count) {
            value(charges[$0])
        }
    }

    @inline(__always)
    private mutating func details(
        _ contents: SegmentContents, _ value: (ChargeEvent) -> UInt64
    ) {
        let charges = contents.charges
        IntegerColumn.append(to: &details, scratch: &scratch, count: charges.count) {
            value(charges[$0])
        }
    }

    @inline(__always)
    private mutating func names(
        _ contents: SegmentContents, mayRepeat: Bool = true, _ range: (ChargeEvent) -> ByteRange
    ) {
        let charges = contents.charges
        texts.append(
            to: &details, scratch: &scratch, count: charges.count, mayRepeat: mayRepeat,
            source: contents.bytes, range: { range(charges[$0]) })
    }
}
