internal import Credit
internal import Ledger

/// Open holds as checkpoints keep them.
extension [UInt8] {
    mutating func append(_ hold: Hold) {
        append(position: hold.position)
        append(time: hold.placedAt)
        append(time: hold.terms.expiresAt)
        append(hold.terms.onExpiry.rawValue)
        append(signed: hold.terms.minimum)
        append(shares: hold.shares)
        append(signed: hold.overdraft)
        append(varint: UInt64(hold.price.version))
        append(varint: UInt64(hold.price.rule))
        append(varint: UInt64(hold.key &+ 1))
        append(signed: hold.units)
        append(hold.action, of: hold.texts)
        append(hold.details, of: hold.texts)
        append(hold.counted)
    }

    private mutating func append(_ details: CallDetails, of texts: [UInt8]) {
        append(details.team, of: texts)
        append(details.scenario, of: texts)
        append(details.run, of: texts)
        append(details.module, of: texts)
        append(details.requestID, of: texts)
        append(details.parameters, of: texts)
        append(details.metadata, of: texts)
        append(varint: details.results.stored)
        append(varint: details.bytes.stored)
        append(varint: details.duration.stored)
        append(time: details.occurredAt)
        append(varint: UInt64(details.status.rawValue))
        append(details.scenarioType.rawValue)
        append(details.isCheckRun ? 1 : 0)
    }

    private mutating func append(_ range: ByteRange, of texts: [UInt8]) {
        append(byteString: Array(texts[range.indices]))
    }
}

extension ByteReader {
    mutating func hold(
        of account: AccountSlot, in bytes: Span<UInt8>
    ) throws(SegmentError) -> Hold {
        let position = try position(in: bytes)
        let placedAt = try time(in: bytes)
        let terms = try holdTerms(in: bytes)
        let shares = try shares(in: bytes)
        let overdraft = try signed(in: bytes)
        let price = PriceReference(version: try slot(in: bytes), rule: try slot(in: bytes))
        let key = try slot(in: bytes) &- 1
        let units = try signed(in: bytes)
        var texts: [UInt8] = []
        let action = try range(in: bytes, to: &texts)
        return Hold(
            position: position, account: account, placedAt: placedAt, terms: terms,
            shares: shares, overdraft: overdraft, price: price, key: key, units: units,
            action: action, details: try callDetails(in: bytes, to: &texts), texts: texts,
            counted: try budgetCounts(in: bytes))
    }

    private mutating func holdTerms(in bytes: Span<UInt8>) throws(SegmentError) -> HoldTerms {
        let expiresAt = try time(in: bytes)
        guard let onExpiry = HoldExpiryPolicy(rawValue: try byte(in: bytes)) else {
            throw .malformed(at: offset)
        }
        return HoldTerms(
            expiresAt: expiresAt, onExpiry: onExpiry, minimum: try signed(in: bytes))
    }

    private mutating func callDetails(
        in bytes: Span<UInt8>, to texts: inout [UInt8]
    ) throws(SegmentError) -> CallDetails {
        var details = CallDetails()
        details.team = try range(in: bytes, to: &texts)
        details.scenario = try range(in: bytes, to: &texts)
        details.run = try range(in: bytes, to: &texts)
        details.module = try range(in: bytes, to: &texts)
        details.requestID = try range(in: bytes, to: &texts)
        details.parameters = try range(in: bytes, to: &texts)
        details.metadata = try range(in: bytes, to: &texts)
        details.results = OptionalCount(stored: try varint(in: bytes))
        details.bytes = OptionalCount(stored: try varint(in: bytes))
        details.duration = OptionalCount(stored: try varint(in: bytes))
        details.occurredAt = try time(in: bytes)
        details.status = CallStatus(rawValue: UInt16(truncatingIfNeeded: try varint(in: bytes)))
        details.scenarioType = ScenarioType(rawValue: try byte(in: bytes)) ?? .unsaid
        details.isCheckRun = try byte(in: bytes) == 1
        return details
    }

    private mutating func range(
        in bytes: Span<UInt8>, to texts: inout [UInt8]
    ) throws(SegmentError) -> ByteRange {
        let read = try byteString(in: bytes)
        return texts.appending(read.span)
    }
}
