internal import Credit
internal import Engine
internal import HTTP
internal import Wire

/// A request that waits for the writer or for a report.
enum Pending {
    /// A single charge.
    case charge(ChargeExchange)
    /// Some charges of a batch, decided together.
    case chunk(BatchExchange, Int)
    /// A command or query of a rare route: what to do with the outcome.
    case outcome((Settlement) -> Void)
    /// What to do with the report.
    case report((any Sendable) -> Void)
}

/// What became of a command or query.
enum Settlement {
    /// The outcome, the batch that it stands in, and its place there.
    case decided(Outcome, AnsweredBatch, Int)
    /// The writer had no room for it.
    case overloaded
}

/// The request of a single charge, until it is answered.
struct ChargeExchange: Sendable {
    let exchange: ExchangeID
    let requestID: RequestID
    /// `credit-usage: true` was sent.
    let wantsCreditUsage: Bool
}

/// The requests of one loop that wait, each under a number that is used again once it is answered.
struct PendingTable {
    private var slots: [Pending?] = []
    private var free: [UInt32] = []

    /// How many requests wait.
    var count: Int { slots.count - free.count }

    mutating func add(_ pending: Pending) -> UInt32 {
        guard let slot = free.popLast() else {
            slots.append(pending)
            return UInt32(truncatingIfNeeded: slots.count - 1)
        }
        slots[Int(slot)] = pending
        return slot
    }

    /// Takes out what waits under a number.
    mutating func take(_ slot: UInt32) -> Pending? {
        let index = Int(slot)
        guard slots.indices.contains(index), let pending = slots[index].take() else { return nil }
        free.append(slot)
        return pending
    }
}
