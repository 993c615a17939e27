internal import Ledger

extension [AccountSlot] {
    /// The places of the accounts in the order of these; those of one account stay in order.
    var orderOfPlaces: [UInt32] {
        let passBits: UInt32 = 11
        let greatest = reduce(AccountSlot(0)) { Swift.max($0, $1) }
        var order = indices.map { UInt32(truncatingIfNeeded: $0) }
        var other = order
        var shift: UInt32 = 0
        while shift < 32, greatest >> shift > 0 {
            var starts = [Int](repeating: 0, count: 1 << Int(passBits))
            for place in order { starts[digit(Int(place), shift, passBits)] += 1 }
            var sum = 0
            for digit in starts.indices { (starts[digit], sum) = (sum, sum + starts[digit]) }
            for place in order {
                let digit = digit(Int(place), shift, passBits)
                other[starts[digit]] = place
                starts[digit] += 1
            }
            swap(&order, &other)
            shift += passBits
        }
        return order
    }

    @inline(__always)
    private func digit(_ place: Int, _ shift: UInt32, _ bits: UInt32) -> Int {
        Int((self[place] >> shift) & (1 << bits - 1))
    }
}
