public import Credit
public import Ledger

/// The events of one segment, decided and in order: what one commit makes durable.
///
/// Charges lie apart from other events because they are kept in columns; `order` says how the two
/// interleave and is empty while all events are charges.
public struct SegmentContents: Sendable {
    /// One event of a segment: where to find it.
    public enum Item: Hashable, Sendable, BitwiseCopyable {
        /// The place in `charges`.
        case charge(Int)
        /// The place in `events`.
        case event(Int)
    }

    /// The most events of a segment: the index in a position has 24 bits.
    public static let eventsMax = IdempotencyIndex.segmentEventsMax
    /// The most lot shares of a segment.
    public static let sharesMax = 1 << 28
    /// The most uses of budgets of a segment.
    public static let usesMax = 1 << 28

    /// From 1, without gaps.
    public private(set) var number: UInt64
    /// When the segment was begun.
    public private(set) var time: Instant
    public var charges: [ChargeEvent] = []
    /// The lots that paid, charge by charge.
    public var shares: [LotShare] = []
    /// What charges say of holds, in order.
    public var roles: [HoldRole] = []
    /// What budgets had used when charges were decided, charge by charge.
    public var uses: [RecordedUse] = []
    /// The texts that the charges' ranges refer to.
    public var bytes: [UInt8] = []
    public var events: [Event] = []
    /// For each event in order whether it is a charge; empty when all are.
    public var order: [Bool] = []

    /// For each charge 0, or why its details were deleted (``deletion(ofCharge:)``); empty when all
    /// have theirs.
    var deletions: [UInt16] = []
    /// True when details of the segment were deleted, all or some.
    public internal(set) var hasDeletedDetails = false

    /// A segment without events.
    public init(number: UInt64, time: Instant) {
        self.number = number
        self.time = time
    }

    /// Sets the time of a segment that has no events yet.
    public mutating func begin(at time: Instant) {
        self.time = time
    }

    /// Becomes another segment without events; keeps the memory of what it held, unless somebody
    /// else still reads that.
    public mutating func restart(as number: UInt64, time: Instant) {
        self.number = number
        self.time = time
        charges.removeAll(keepingCapacity: true)
        shares.removeAll(keepingCapacity: true)
        roles.removeAll(keepingCapacity: true)
        uses.removeAll()
        bytes.removeAll(keepingCapacity: true)
        events.removeAll()
        order.removeAll()
        deletions.removeAll()
        hasDeletedDetails = false
    }

    /// How many events there are.
    public var count: Int { charges.count + events.count }

    /// True when there is nothing to commit.
    public var isEmpty: Bool { charges.isEmpty && events.isEmpty }

    /// The position that the next event added will have.
    public var nextPosition: Position {
        Position(segment: number, index: UInt32(truncatingIfNeeded: count))
    }

    /// Adds a charge whose texts already lie in `bytes` and whose shares in `shares`.
    @inlinable
    public mutating func append(_ charge: ChargeEvent) {
        if !events.isEmpty { order.append(true) }
        charges.append(charge)
    }

    /// Adds what a budget had used to the charge that is added next.
    public mutating func append(_ use: BudgetUse) {
        uses.append(RecordedUse(charge: charges.count, use: use))
    }

    /// What budgets had used when the charge at `place` was decided.
    public func uses(ofCharge place: Int) -> [BudgetUse] {
        uses.filter { $0.charge == place }.map(\.use)
    }

    /// Adds a charge event that places or captures a hold.
    public mutating func append(_ charge: ChargeEvent, _ role: HoldRole) {
        var linked = charge
        linked.role = UInt32(truncatingIfNeeded: roles.count)
        roles.append(role)
        append(linked)
    }

    /// What a charge event says of a hold; nil for a plain charge.
    @inlinable
    public func role(of charge: ChargeEvent) -> HoldRole? {
        charge.role == ChargeEvent.noRole ? nil : roles[Int(charge.role)]
    }

    /// Adds an event that is no charge.
    public mutating func append(_ event: Event) {
        if events.isEmpty { order = [Bool](repeating: true, count: charges.count) }
        order.append(false)
        events.append(event)
    }

    /// The event at `index` of this segment, or nil when there is none.
    public func item(at index: Int) -> Item? {
        guard index >= 0, index < count else { return nil }
        guard !events.isEmpty else { return .charge(index) }
        let charges = order[..<index].count(where: \.self)
        return order[index] ? .charge(charges) : .event(index - charges)
    }

    /// Calls `body` with every event in order.
    public func visit<Failure: Error>(
        _ body: (Position, Item) throws(Failure) -> Void
    ) throws(Failure) {
        var charge = 0
        var event = 0
        for index in 0..<count {
            let position = Position(segment: number, index: UInt32(truncatingIfNeeded: index))
            if events.isEmpty || order[index] {
                try body(position, .charge(charge))
                charge += 1
            } else {
                try body(position, .event(event))
                event += 1
            }
        }
    }
}
