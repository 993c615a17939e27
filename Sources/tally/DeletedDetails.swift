import SQLiteStore
import Store

/// Deletes from a backup what was deleted from the journal since it was made.
struct DeletedDetails {
    /// So many segments are dealt with in one commit.
    private static let commitSegmentsMax = 256

    let source: SQLiteJournalReader

    /// Deletes it from `target`, which lies in the folder at `path` and ends with segment `last`.
    ///
    /// It ends at any moment with whole segments; what is missing the next backup deletes.
    func delete(from target: inout SQLiteJournal, in path: String, through last: UInt64) throws {
        let copy = try SQLiteJournalReader(folder: path)
        var first: UInt64 = 1
        while first <= last {
            let erased = try source.erased(
                from: first, to: last, limit: Self.commitSegmentsMax)
            guard let end = erased.last else { return }
            let known = try copy.keptSteps(from: first, to: end)
            let wanted = try source.keptSteps(from: first, to: end)
            var bare = Set(try copy.erased(from: first, to: end, limit: Int(end - first) + 1))
            bare.subtract(known.keys)
            var rows: [(number: UInt64, kept: KeptDetails?)] = []
            for number in erased {
                let isDone =
                    wanted[number].map { $0 == known[number] } ?? bare.contains(number)
                guard !isDone else { continue }
                rows.append((number, try source.segment(number)?.kept))
            }
            if !rows.isEmpty { try target.prune(asIn: rows) }
            first = end + 1
        }
    }
}
