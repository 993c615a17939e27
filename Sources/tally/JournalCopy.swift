import SQLiteStore
import Store
import Terminal

/// Copies segments from one journal to another, and checks each on the way.
struct JournalCopy {
    /// A commit of the copy holds about so many bytes.
    private static let commitBytesMax = 8 << 20
    /// And at most so many segments.
    private static let commitSegmentsMax = 4096

    let source: SQLiteJournalReader
    /// What the copying is called in progress and errors.
    let name: String

    /// Copies what `target`, which ends with the segment of `mark`, lacks up to segment `last`.
    ///
    /// What is copied is sound: each segment's checksums, contents and hash are checked, and that it
    /// follows the one before. The copy ends at any moment with whole segments.
    func run(
        to target: inout SQLiteJournal, after mark: JournalMark, through last: UInt64
    ) throws -> (head: JournalMark, events: Int) {
        var head = mark
        var events = 0
        var waiting: [EncodedSegment] = []
        var bytes = 0
        var bar = ProgressBar(name, total: Int(last - min(last, mark.number)))
        defer { bar.finish() }
        while head.number < last {
            guard let segment = try source.segment(head.number + 1) else {
                throw Failure.failed("segment \(head.number + 1) is missing")
            }
            do {
                let contents = try segment.contents(after: head.hash)
                events += contents.count
                head = JournalMark(
                    number: segment.number, hash: segment.hash, time: contents.time)
            } catch {
                let damage = segment.damage(after: head.hash)?.text ?? "\(error)"
                throw Failure.failed("segment \(segment.number) is not what was written: \(damage)")
            }
            waiting.append(segment)
            bytes += segment.money.count + segment.details.count
            if bytes >= Self.commitBytesMax || waiting.count >= Self.commitSegmentsMax {
                try target.append(waiting)
                waiting.removeAll()
                bytes = 0
            }
            bar.show(Int(head.number - mark.number))
        }
        if !waiting.isEmpty { try target.append(waiting) }
        target.finish()
        return (head, events)
    }
}
