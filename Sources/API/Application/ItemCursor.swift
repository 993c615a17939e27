internal import Credit
internal import Store

/// Finds events of one segment by their place; quick when asked in ascending order.
struct ItemCursor {
    private var index = 0
    /// How many of the events before `index` are charges.
    private var charges = 0

    mutating func item(
        at position: Position, in contents: borrowing SegmentContents
    ) -> SegmentContents.Item? {
        let target = Int(position.index)
        guard target < contents.count else { return nil }
        guard !contents.events.isEmpty else { return .charge(target) }
        if target < index { self = ItemCursor() }
        while index < target {
            if contents.order[index] { charges += 1 }
            index += 1
        }
        return contents.order[target] ? .charge(charges) : .event(target - charges)
    }
}
