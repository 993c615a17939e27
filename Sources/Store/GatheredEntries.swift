internal import Credit
internal import Ledger

/// Entries from several sources that become one chunk of the archive: their numbers, and their texts as
/// codes of one pool.
struct GatheredEntries: Sendable {
    /// Without their texts.
    var entries: [EntrySummary] = []
    /// By the places of `ArchiveChunk.texts`.
    var texts = [[TextCode]](repeating: [], count: ArchiveChunk.texts.count)
    var parameters: [TextCode] = []
    /// What is taken out of the parameters: the first integers of all, then the second and so on.
    var values = [[UInt64]](repeating: [], count: ParametersColumn.placesMax)

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        parameters.removeAll(keepingCapacity: true)
        for column in texts.indices { texts[column].removeAll(keepingCapacity: true) }
        for mark in values.indices { values[mark].removeAll(keepingCapacity: true) }
    }

    /// Appends the entry at a place of a source, whose codes are of the same pool as all others; without
    /// what goes with the details of its call, if so asked.
    @inline(__always)
    mutating func append(
        _ place: Int, of source: borrowing some EntrySource, withDetails: Bool = true
    ) throws(SegmentError) {
        entries.append(try source.numbers(at: place))
        guard let stored = source.textPlace(at: place) else {
            for (column, code) in source.ownTexts(at: place).enumerated() {
                texts[column].append(code)
            }
            parameters.append(.empty)
            return
        }
        for column in texts.indices {
            texts[column].append(
                try source.texts[column].code(at: stored, in: source.textBytes(column).span))
        }
        guard withDetails else { return deleteDetails() }
        let bytes = source.parameterBytes.span
        parameters.append(try source.parameters.shapes.code(at: stored, in: bytes))
        for mark in 0..<(try source.parameters.markCount(at: stored, in: bytes)) {
            values[mark].append(source.parameters.value(mark, at: stored, in: bytes))
        }
    }

    private mutating func deleteDetails() {
        entries[entries.count - 1].duration = .none
        texts[ArchiveChunk.moduleColumn][entries.count - 1] = .empty
        parameters.append(.empty)
    }
}
