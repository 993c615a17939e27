internal import TestKit

/// What callers were told, kept apart from the model: the promises that must hold for ever.
struct ReplyBook {
    private struct KeyName: Hashable {
        let account: String
        let key: String
    }

    private enum Knowledge: Hashable {
        /// An attempt is out whose reply never came.
        case unsure
        /// Told that nothing happened.
        case absent
        /// Told that it happened there.
        case stands(Spot)
    }

    private var recorded: [Spot: ModelEvent] = [:]
    private var keys: [KeyName: Knowledge] = [:]
    /// Moves whose outcome the caller does not know, oldest first.
    private(set) var unsettled: [Move] = []

    /// The caller hears nothing, or that nobody knows.
    mutating func hearNothing(of operation: Operation) {
        guard case .move(let move) = operation else { return }
        unsettled.append(move)
        let name = KeyName(account: move.account, key: move.key)
        if case .stands = keys[name] { return }
        keys[name] = .unsure
    }

    /// The caller hears a reply.
    mutating func hear(
        _ reply: ModelReply, to operation: Operation, event: ModelEvent?
    ) throws(Failure) {
        if case .recorded(let spot) = reply, let event { recorded[spot] = event }
        guard case .move(let move) = operation else { return }
        unsettled.removeAll { $0.account == move.account && $0.key == move.key }
        let name = KeyName(account: move.account, key: move.key)
        switch (reply, keys[name]) {
        case (.recorded(let spot), .stands(let first)), (.seenBefore(let spot), .stands(let first)):
            guard spot == first else {
                throw Failure("key \(move.key) stood at \(first) and now at \(spot)")
            }
        case (.recorded(let spot), _), (.seenBefore(let spot), _): keys[name] = .stands(spot)
        case (.rejected(let code), .stands(let first)):
            throw Failure("key \(move.key) stood at \(first) and is now refused with \(code)")
        case (.rejected, _): keys[name] = .absent
        case (.view, _): break
        }
    }

    /// Every promise against the whole journal.
    func check(_ journal: [ModelEvent]) throws(Failure) {
        var found: [KeyName: Spot] = [:]
        var bySpot: [Spot: ModelEvent] = [:]
        for event in journal {
            bySpot[event.spot] = event
            guard !event.key.isEmpty else { continue }
            let name = KeyName(account: event.account, key: event.key)
            if let first = found.updateValue(event.spot, forKey: name) {
                throw Failure("key \(event.key) happened at \(first) and again at \(event.spot)")
            }
        }
        for (spot, event) in recorded.sorted(by: { $0.key < $1.key }) {
            guard let stored = bySpot[spot] else {
                throw Failure("acknowledged and lost: \(event)")
            }
            guard stored == event else { throw Failure("acknowledged \(event), stored \(stored)") }
        }
        for (name, knowledge) in keys.sorted(by: { $0.key.key < $1.key.key }) {
            switch knowledge {
            case .unsure: break
            case .absent:
                guard let spot = found[name] else { continue }
                throw Failure("told that \(name.key) did not happen, but it did at \(spot)")
            case .stands(let spot):
                guard found[name] == spot else {
                    throw Failure("told that \(name.key) stands at \(spot), but it does not")
                }
            }
        }
    }
}
