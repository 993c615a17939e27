import Credit
import JSON
import Ledger
import Store

/// An event with its texts in place, so that it can be compared with one from another buffer.
enum PlainEvent: Equatable {
    case charge(ChargeEvent, texts: [[UInt8]], shares: [LotShare], role: HoldRole?)
    case event(Event)
}

extension SegmentContents {
    /// What two equal segments have in common, whatever their buffers.
    var plain: [PlainEvent] {
        var all: [PlainEvent] = []
        visit { _, item in
            switch item {
            case .charge(let index): all.append(plain(charges[index]))
            case .event(let index): all.append(.event(events[index]))
            }
        }
        return all
    }

    private func plain(_ charge: ChargeEvent) -> PlainEvent {
        var bare = charge
        bare.sharesStart = 0
        bare.role = ChargeEvent.noRole
        var ranges = [charge.idempotence.key, charge.action]
        bare.idempotence.key = .empty
        bare.action = .empty
        for field in Self.fields {
            ranges.append(charge.details[keyPath: field])
            bare.details[keyPath: field] = .empty
        }
        return .charge(
            bare, texts: ranges.map { Array(bytes[$0.indices]) },
            shares: Array(shares[charge.shares]), role: role(of: charge))
    }

    private static var fields: [WritableKeyPath<CallDetails, ByteRange>] {
        [\.team, \.scenario, \.run, \.module, \.requestID, \.parameters, \.metadata]
    }

    /// True when the parameters of all charges are spelled as what is recorded.
    var hasCanonicalParameters: Bool {
        charges.allSatisfy { charge in
            let text = Array(bytes[charge.details.parameters.indices])
            return text.isEmpty || (try? CanonicalJSON.bytes(of: text.span)) == text
        }
    }
}
