/// The connections of one loop, by slot, with their deadlines side by side.
///
/// Deadlines are not kept in order: looking at each of 10 000 integers takes a few microseconds
/// a tick, and setting one costs a store where an ordered structure would move on each request.
struct ConnectionTable {
    /// How many connections over the limits are answered at once; more are closed unanswered.
    static let refusedMax = 64

    private var slots: [Connection?] = []
    private var free: [Int] = []
    /// In milliseconds, by slot.
    private var deadlines: [UInt64] = []
    /// Whether the connection in the slot was counted, by slot.
    private var admitted: [Bool] = []
    private(set) var refusedCount = 0

    var isEmpty: Bool { free.count == slots.count }

    var all: [Connection] { slots.compactMap(\.self) }

    subscript(slot: Int) -> Connection? {
        slots.indices ~= slot ? slots[slot] : nil
    }

    mutating func add(isAdmitted: Bool, make: (Int) -> Connection) -> Connection {
        let slot = free.popLast() ?? slots.count
        if slot == slots.count {
            slots.append(nil)
            deadlines.append(.max)
            admitted.append(true)
        }
        let connection = make(slot)
        slots[slot] = connection
        deadlines[slot] = .max
        admitted[slot] = isAdmitted
        if !isAdmitted { refusedCount += 1 }
        return connection
    }

    mutating func remove(slot: Int) {
        guard slots[slot] != nil else { return }
        if !admitted[slot] { refusedCount -= 1 }
        slots[slot] = nil
        free.append(slot)
    }

    func isAdmitted(_ connection: Connection) -> Bool {
        admitted[connection.slot]
    }

    mutating func setDeadline(of connection: Connection, to time: UInt64) {
        deadlines[connection.slot] = time
    }

    /// The connections whose deadline has passed.
    func expired(at now: UInt64) -> [Connection] {
        deadlines.indices.compactMap { deadlines[$0] <= now ? slots[$0] : nil }
    }
}
