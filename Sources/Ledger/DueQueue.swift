internal import Credit

/// Which accounts fall due next: a binary heap by time, then slot.
///
/// An account is added whenever its time changes; what it was added with before is stale, and whoever
/// takes entries out asks the account. The owner rebuilds the heap when most of it is stale.
struct DueQueue: Sendable {
    struct Entry: Comparable, Sendable, BitwiseCopyable {
        let time: Instant
        let slot: AccountSlot

        static func < (left: Self, right: Self) -> Bool {
            (left.time, left.slot) < (right.time, right.slot)
        }
    }

    private var heap: [Entry] = []

    var count: Int { heap.count }
    var first: Entry? { heap.first }

    /// Takes over these entries instead of all it has.
    mutating func replace(by entries: [Entry]) {
        heap = entries.sorted()
    }

    mutating func insert(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard !heap.isEmpty else { return }
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
