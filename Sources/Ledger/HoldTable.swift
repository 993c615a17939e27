internal import Credit

/// The open holds of all accounts: found by position, and by which of an account expires first.
///
/// In shards, so that what a checkpoint's image shares with it is copied a part at a time.
struct HoldTable: Sendable {
    private static let shardCount = 256

    private var holds = [[Position: Hold]](repeating: [:], count: shardCount)
    private var queues = [[AccountSlot: ExpiryQueue]](repeating: [:], count: shardCount)
    /// How many holds are open.
    private(set) var count = 0

    private static func shard(of position: Position) -> Int {
        Int(truncatingIfNeeded: position.segment &* 31 &+ UInt64(position.index)) & (shardCount - 1)
    }

    private static func shard(of account: AccountSlot) -> Int { Int(account) & (shardCount - 1) }

    /// The open hold that was placed at `position`.
    subscript(position: Position) -> Hold? { holds[Self.shard(of: position)][position] }

    /// The open holds of an account, by position.
    func holds(of account: AccountSlot) -> [Hold] {
        guard let queue = queues[Self.shard(of: account)][account] else { return [] }
        return queue.positions.sorted().compactMap { self[$0] }
    }

    /// How many holds of an account are open.
    func count(of account: AccountSlot) -> Int {
        queues[Self.shard(of: account)][account]?.openCount ?? 0
    }

    /// The open hold of an account that expires first: by time, then by position.
    func first(of account: AccountSlot) -> (expiresAt: Instant, position: Position)? {
        queues[Self.shard(of: account)][account]?.first
    }

    mutating func insert(_ hold: Hold) {
        holds[Self.shard(of: hold.position)][hold.position] = hold
        queues[Self.shard(of: hold.account)][hold.account, default: ExpiryQueue()].insert(
            hold.position, at: hold.terms.expiresAt)
        count += 1
    }

    /// Takes a hold out, nil when it is not open.
    mutating func remove(_ position: Position) -> Hold? {
        guard let hold = holds[Self.shard(of: position)].removeValue(forKey: position) else {
            return nil
        }
        count -= 1
        let shard = Self.shard(of: hold.account)
        if count(of: hold.account) == 1 {
            queues[shard][hold.account] = nil
        } else {
            queues[shard][hold.account]?.remove(position)
        }
        return hold
    }
}

/// The open holds of one account in the order in which they expire: a binary heap in which those
/// settled before their time wait until they come to the top, or until they are half of it.
private struct ExpiryQueue: Sendable {
    private struct Entry: Comparable {
        let expiresAt: Instant
        let position: Position

        static func < (left: Self, right: Self) -> Bool {
            (left.expiresAt, left.position) < (right.expiresAt, right.position)
        }
    }

    private var heap: [Entry] = []
    private var settled: Set<Position> = []

    var openCount: Int { heap.count - settled.count }

    /// The open ones, in no order.
    var positions: [Position] { heap.map(\.position).filter { !settled.contains($0) } }

    var first: (expiresAt: Instant, position: Position)? {
        heap.first.map { ($0.expiresAt, $0.position) }
    }

    mutating func insert(_ position: Position, at expiresAt: Instant) {
        heap.append(Entry(expiresAt: expiresAt, position: position))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func remove(_ position: Position) {
        settled.insert(position)
        if settled.count > heap.count / 2 {
            heap.removeAll { settled.contains($0.position) }
            settled = []
            heap.sort()
        }
        while let top = heap.first, settled.remove(top.position) != nil { removeFirst() }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            let left = parent * 2 + 1
            guard left < heap.count else { return }
            let right = left + 1
            let child = right < heap.count && heap[right] < heap[left] ? right : left
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
