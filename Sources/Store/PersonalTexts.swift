internal import Credit
internal import Ledger

extension Event {
    /// Calls `body` with each text of the event that can be personal, in a fixed order.
    ///
    /// These stand in the details part, so that they can be erased without breaking the chain; the money
    /// part has empty texts in their places.
    mutating func forEachPersonalText<Failure: Error>(
        _ body: (inout [UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        switch self {
        case .accountCreated(var new, let time):
            try new.name.change(body)
            try body(&new.metadata)
            self = .accountCreated(new, at: time)
        case .accountChanged(let slot, var change, let time):
            if var name = change.name {
                try name.change(body)
                change.name = name
            }
            if var metadata = change.metadata {
                try body(&metadata)
                change.metadata = metadata
            }
            self = .accountChanged(slot, change, at: time)
        case .apiKeyCreated(var new, let time):
            try new.name.change(body)
            self = .apiKeyCreated(new, at: time)
        case .apiKeyChanged(let slot, var change, let time):
            guard var name = change.name else { return }
            try name.change(body)
            change.name = name
            self = .apiKeyChanged(slot, change, at: time)
        case .granted(var event):
            try body(&event.memo)
            self = .granted(event)
        case .adjusted(var event):
            try body(&event.memo)
            self = .adjusted(event)
        case .refunded(var event):
            try body(&event.memo)
            self = .refunded(event)
        case .scenarioPut(var event):
            try body(&event.description)
            self = .scenarioPut(event)
        case .accountSuspended, .accountResumed, .apiKeyRevoked, .priceListPut, .planPut,
            .periodStarted, .planPending, .budgetPut, .budgetDeleted, .budgetRestarted, .lot,
            .released, .refused, .runStarted, .runFinished:
            break
        }
    }

    /// The same event with empty texts in the places of those.
    var withoutPersonalTexts: Event {
        var event = self
        event.forEachPersonalText { $0 = [] }
        return event
    }

    /// Appends those texts, each after its length.
    func appendPersonalTexts(to details: inout [UInt8]) {
        var event = self
        event.forEachPersonalText { details.append(byteString: $0) }
    }
}

extension String {
    /// Calls `body` with the bytes of the text, and takes them over as it leaves them.
    fileprivate mutating func change<Failure: Error>(
        _ body: (inout [UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        var bytes = Array(utf8)
        try body(&bytes)
        self = String(decoding: bytes, as: UTF8.self)
    }
}
