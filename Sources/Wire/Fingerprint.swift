public import Credit
internal import Digest
public import Ledger

/// What tells whether two commands under one idempotency key are the same.
///
/// The first 128 bits of the SHA-256 of the command in a canonical form: a byte for the version of
/// this form, one for the kind, then each field that has a value, in the order below, as a byte for
/// the field, its length as four bytes (low first) and its bytes; numbers take eight bytes. Equal
/// commands are equal however they were spelled, by whichever route they came.
public struct Fingerprint: Sendable {
    private static let version: UInt8 = 1

    enum Kind: UInt8 {
        case charge = 1
        case grant = 2
        case void = 3
        case adjustment = 4
        case hold = 5
        case capture = 6
        case release = 7
        case refund = 8
        case subscription = 9
    }

    private var form: [UInt8] = []

    /// One with no working memory yet.
    public init() {}

    /// The fingerprint of a charge whose account and key are resolved and whose texts are `texts`.
    public mutating func of(_ charge: ChargeCommand, texts: Span<UInt8>) -> UInt128 {
        begin(.charge)
        add(charge, texts)
        return finish()
    }

    /// The fingerprint of a hold for a call, as ``of(_:texts:)`` takes it.
    public mutating func of(
        _ call: ChargeCommand, _ hold: HoldRequest, texts: Span<UInt8>
    ) -> UInt128 {
        begin(.hold)
        add(call, texts)
        add(21, signed: hold.seconds)
        add(22, UInt64(hold.onExpiry.rawValue))
        add(23, signed: hold.minimum)
        return finish()
    }

    /// The fingerprint of the capture of a hold, which names no account.
    public mutating func of(
        _ call: ChargeCommand, capturing hold: HoldID, texts: Span<UInt8>
    ) -> UInt128 {
        begin(.capture)
        add(call, texts)
        add(hold)
        return finish()
    }

    /// Adds the fields of an id.
    mutating func add<Kind>(_ id: ID<Kind>) {
        add(24, UInt64(truncatingIfNeeded: id.rawValue >> 64))
        add(25, UInt64(truncatingIfNeeded: id.rawValue))
    }

    private mutating func add(_ charge: ChargeCommand, _ texts: Span<UInt8>) {
        add(1, charge.account, of: texts)
        add(2, charge.action, of: texts)
        if charge.key != ChargeCommand.noKey { add(3, UInt64(charge.key)) }
        if charge.amount != ChargeCommand.notByHand { add(4, signed: charge.amount) }
        if charge.postedAt != .never { add(5, signed: charge.postedAt.micros) }
        if charge.onShort != .refuse { add(6, UInt64(charge.onShort.rawValue)) }
        let details = charge.details
        add(7, details.team, of: texts)
        add(8, details.scenario, of: texts)
        add(9, details.run, of: texts)
        add(10, details.module, of: texts)
        add(11, details.requestID, of: texts)
        add(12, details.parameters, of: texts)
        add(13, details.metadata, of: texts)
        if details.results != .none { add(14, details.results.stored) }
        if details.bytes != .none { add(15, details.bytes.stored) }
        if details.duration != .none { add(16, details.duration.stored) }
        if details.occurredAt != .never { add(17, signed: details.occurredAt.micros) }
        if details.status != .unsaid { add(18, UInt64(details.status.rawValue)) }
        if details.scenarioType != .unsaid { add(19, UInt64(details.scenarioType.rawValue)) }
        if details.isCheckRun { add(20, 1) }
    }

    mutating func begin(_ kind: Kind) {
        form.removeAll(keepingCapacity: true)
        form.append(Self.version)
        form.append(kind.rawValue)
    }

    @inline(__always)
    mutating func add(_ field: UInt8, _ range: ByteRange, of texts: Span<UInt8>) {
        guard !range.isEmpty else { return }
        add(field, bytes: texts.extracting(range.indices))
    }

    mutating func add(_ field: UInt8, bytes: Span<UInt8>) {
        form.append(field)
        append(UInt32(truncatingIfNeeded: bytes.count).littleEndian)
        _ = form.appending(bytes)
    }

    mutating func add(_ field: UInt8, signed value: Int64) {
        add(field, UInt64(bitPattern: value))
    }

    mutating func add(_ field: UInt8, _ value: UInt64) {
        form.append(field)
        append(value.littleEndian)
    }

    private mutating func append(_ word: some FixedWidthInteger) {
        unsafe withUnsafeBytes(of: word) { unsafe form.append(contentsOf: $0) }
    }

    func finish() -> UInt128 {
        var hash = SHA256()
        hash.update(form.span)
        return hash.finishPrefix()
    }
}
