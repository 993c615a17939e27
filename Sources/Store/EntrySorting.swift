internal import Ledger

extension EntrySummaries {
    /// Puts the entries, which are in the order of their positions, into that of their accounts;
    /// those of one account stay in order.
    public mutating func sortByAccount() {
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
        entries = order.map { entries[Int($0)] }
    }

    @inline(__always)
    private func digit(_ index: Int, _ shift: UInt32, _ bits: UInt32) -> Int {
        Int((entries[index].account >> shift) & (1 << bits - 1))
    }
}
