import Credit
import Ledger
import Store

/// A charge with its texts in place, so that it can be compared with one from another buffer.
struct PlainCharge: Hashable {
    let event: ChargeEvent
    let texts: [String]
    let shares: [LotShare]
    let role: HoldRole?

    init(_ charge: ChargeEvent, of contents: SegmentContents) {
        var bare = charge
        bare.sharesStart = 0
        bare.role = ChargeEvent.noRole
        bare.idempotence.key = .empty
        bare.action = .empty
        for field in Self.fields { bare.details[keyPath: field] = .empty }
        event = bare
        let ranges =
            [charge.idempotence.key, charge.action]
            + Self.fields.map { charge.details[keyPath: $0] }
        texts = ranges.map { String(decoding: contents.bytes[$0.indices], as: UTF8.self) }
        shares = Array(contents.shares[charge.shares])
        role = contents.role(of: charge)
    }

    private static var fields: [WritableKeyPath<CallDetails, ByteRange>] {
        [
            \.team, \.scenario, \.run, \.module, \.requestID, \.parameters, \.metadata,
        ]
    }
}

extension SegmentContents {
    /// What two equal segments have in common, whatever their buffers.
    var plain: [PlainEvent] {
        var all: [PlainEvent] = []
        visit { _, item in
            switch item {
            case .charge(let index): all.append(.charge(PlainCharge(charges[index], of: self)))
            case .event(let index): all.append(.event(events[index]))
            }
        }
        return all
    }
}

enum PlainEvent: Hashable {
    case charge(PlainCharge)
    case event(Event)
}
