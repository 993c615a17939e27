internal import Credit
internal import Ledger

/// Where an entry stands in its source, and where it goes in the chunk that is gathered.
struct WantedEntry: Sendable, BitwiseCopyable {
    let target: UInt32
    /// In the source's list of entries, or in its columns of texts.
    let place: UInt32

    init(target: Int, place: Int) {
        self.target = UInt32(truncatingIfNeeded: target)
        self.place = UInt32(truncatingIfNeeded: place)
    }
}

/// Entries from several sources that become one chunk of the archive: their numbers, and their texts as
/// codes of one pool.
///
/// They are gathered column by column of one source after the other: the entries that a chunk takes of a
/// source are anywhere in it, so that each look is a wait for memory, and many of them overlap.
struct GatheredEntries: Sendable {
    /// Without their texts.
    private(set) var entries: [EntrySummary] = []
    /// By the places of `ArchiveChunk.texts`.
    private(set) var texts = [[TextCode]](repeating: [], count: ArchiveChunk.texts.count)
    private(set) var parameters: [TextCode] = []
    /// What is taken out of the parameters: the first integers of all, then the second and so on.
    private(set) var values = [[UInt64]](repeating: [], count: ParametersColumn.placesMax)
    /// How many integers each entry's parameters have, and those, of all entries by their places.
    private var markCounts: [UInt8] = []
    private var marked = [[UInt64]](repeating: [], count: ParametersColumn.placesMax)
    private var words: [UInt64] = []
    private var stored: [WantedEntry] = []

    /// Begins a chunk of at most so many entries, each of which is to be gathered.
    mutating func begin(_ count: Int) {
        entries.refill(.blank, count)
        parameters.refill(.empty, count)
        markCounts.refill(0, count)
        for column in texts.indices { texts[column].refill(.empty, count) }
    }

    /// Takes entries of a source, whose codes are of the same pool as all others.
    mutating func gather(
        _ wanted: [WantedEntry], of source: borrowing some EntrySource
    ) throws(SegmentError) {
        try source.readNumbers(wanted, &words, to: &entries)
        stored.removeAll(keepingCapacity: true)
        for entry in wanted {
            if let place = source.textPlace(at: Int(entry.place)) {
                stored.append(WantedEntry(target: Int(entry.target), place: place))
            } else {
                let own = source.ownTexts(at: Int(entry.place))
                for (column, code) in own.enumerated() { texts[column][Int(entry.target)] = code }
            }
        }
        for column in texts.indices {
            let bytes = source.textBytes(column)
            try source.texts[column].read(stored, in: bytes.span, to: &texts[column])
        }
        try gatherParameters(of: source.parameters, in: source.parameterBytes)
    }

    private mutating func gatherParameters(
        of source: SourceParameters, in stored: [UInt8]
    ) throws(SegmentError) {
        let bytes = stored.span
        try source.shapes.read(self.stored, in: bytes, to: &parameters)
        for entry in self.stored {
            markCounts[Int(entry.target)] = UInt8(
                truncatingIfNeeded: try source.markCount(at: Int(entry.place), in: bytes))
        }
        for mark in source.values.indices {
            if marked[mark].count < entries.count { marked[mark].refill(0, entries.count) }
            for entry in self.stored where markCounts[Int(entry.target)] > mark {
                marked[mark][Int(entry.target)] = source.value(
                    mark, at: Int(entry.place), in: bytes)
            }
        }
    }

    /// True when an entry that was gathered has something that goes with the details of its call.
    func hasDetails(at target: Int) -> Bool {
        entries[target].duration != .none || parameters[target] != .empty
            || texts[ArchiveChunk.moduleColumn][target] != .empty
    }

    /// Takes away what goes with the details of the call of an entry that was gathered.
    mutating func deleteDetails(at target: Int) {
        entries[target].duration = .none
        texts[ArchiveChunk.moduleColumn][target] = .empty
        parameters[target] = .empty
        markCounts[target] = 0
    }

    /// Ends the chunk with so many entries.
    mutating func finish(_ count: Int) {
        let spare = entries.count - count
        entries.removeLast(spare)
        parameters.removeLast(spare)
        markCounts.removeLast(spare)
        for column in texts.indices { texts[column].removeLast(spare) }
        for mark in values.indices {
            values[mark].removeAll(keepingCapacity: true)
            for (target, count) in markCounts.enumerated() where count > mark {
                values[mark].append(marked[mark][target])
            }
        }
    }
}

extension Array {
    /// Becomes so many of one value.
    fileprivate mutating func refill(_ value: Element, _ count: Int) {
        removeAll(keepingCapacity: true)
        append(contentsOf: repeatElement(value, count: count))
    }
}
