internal import Credit
public import Ledger

/// The bytes of checkpointed things; each ends with a CRC-32 of what is before it and of the key
/// under which it is stored, so that one in another's place is noticed.
public enum StateEncoding: Sendable {
    public static func encode(_ key: APIKeyRecord, at slot: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        var new = NewAPIKey(
            role: key.role, name: key.name, secretHash: key.secretHash, hint: key.hint)
        new.scopes = key.scopes
        new.expiresAt = key.expiresAt
        bytes.append(new)
        bytes.append(fixed: key.id.rawValue)
        bytes.append(optional: key.account) { $0.append(varint: UInt64($1)) }
        bytes.append(key.isRevoked ? 1 : 0)
        bytes.append(time: key.createdAt)
        return bytes.withChecksum(under: [slot])
    }

    public static func apiKey(
        at slot: Int64, from stored: [UInt8]
    ) throws(SegmentError) -> APIKeyRecord {
        let bytes = try stored.checked(under: [slot])
        var reader = ByteReader()
        let new = try reader.newAPIKey(in: bytes.span)
        let id = APIKeyID(rawValue: try reader.fixed(UInt128.self, in: bytes.span))
        let account: AccountSlot? =
            try reader.byte(in: bytes.span) == 1 ? try reader.slot(in: bytes.span) : nil
        let isRevoked = try reader.byte(in: bytes.span) == 1
        return APIKeyRecord(
            restoring: id, key: new, account: account, isRevoked: isRevoked,
            createdAt: try reader.time(in: bytes.span))
    }

    public static func encode(_ plan: PlanEvent, at number: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(event: .planPut(plan))
        return bytes.withChecksum(under: [number])
    }

    public static func plan(
        at number: Int64, from stored: [UInt8]
    ) throws(SegmentError) -> PlanEvent {
        let bytes = try stored.checked(under: [number])
        var reader = ByteReader()
        guard case .planPut(let event) = try reader.event(in: bytes.span) else {
            throw .malformed(at: 0)
        }
        return event
    }

    public static func encode(
        _ list: Catalogue.PriceListVersion, at number: Int64
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(
            event: .priceListPut(
                PriceListEvent(
                    name: list.name, version: list.version, effectiveAt: list.effectiveAt,
                    json: list.json, time: list.createdAt)))
        return bytes.withChecksum(under: [number])
    }

    public static func priceList(
        at number: Int64, from stored: [UInt8]
    ) throws(SegmentError) -> Catalogue.PriceListVersion {
        let bytes = try stored.checked(under: [number])
        var reader = ByteReader()
        guard case .priceListPut(let event) = try reader.event(in: bytes.span) else {
            throw .malformed(at: 0)
        }
        return Catalogue.PriceListVersion(restoring: event)
    }
}
