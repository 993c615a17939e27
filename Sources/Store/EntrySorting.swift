internal import Ledger

extension EntrySummaries {
    /// The places of the entries, which are in the order of their positions, in that of their
    /// accounts; those of one account stay in order.
    public var orderByAccount: [UInt32] {
        let passBits: UInt32 = 11
        let greatest = entries.reduce(AccountSlot(0)) { max($0, $1.account) }
        var order = entries.indices.map { UInt32(truncatingIfNeeded: $0) }
        var other = order
        var shift: UInt32 = 0
        while shift < 32, greatest >> shift > 0 {
            var starts = [Int](repeating: 0, count: 1 << Int(passBits))
            for index in order { starts[digit(Int(index), shift, passBits)] += 1 }
            var sum = 0
            for digit in starts.indices { (starts[digit], sum) = (sum, sum + starts[digit]) }
            for index in order {
                let digit = digit(Int(index), shift, passBits)
                other[starts[digit]] = index
                starts[digit] += 1
            }
            swap(&order, &other)
            shift += passBits
        }
        return order
    }

    /// Forgets all entries; keeps the memory that they took.
    public mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    @inline(__always)
    private func digit(_ index: Int, _ shift: UInt32, _ bits: UInt32) -> Int {
        Int((entries[index].account >> shift) & (1 << bits - 1))
    }
}
