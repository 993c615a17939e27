import SQLiteStore
import Store

/// Checks every segment of a journal, on every core: checksums, contents, hashes and chain.
struct JournalCheck {
    private struct Link: Sendable {
        let segment: UInt64
        let previous: [UInt8]
        let hash: [UInt8]
    }

    let journal: SQLiteJournalReader

    /// Fails with the first segment up to `last` that is not what was written.
    func run(through last: UInt64) throws {
        var hash = SegmentFormat.firstHash
        try JournalWalk(journal: journal, name: "check").run(
            1..<last + 1,
            prepare: { (segment) throws -> Link in
                let header: EncodedSegment.Header
                do {
                    header = try segment.header()
                    _ = try segment.contents(after: header.previous)
                } catch {
                    let damage = segment.damage(after: [])?.text ?? "\(error)"
                    throw Failure.failed(
                        "segment \(segment.number) is not what was written: \(damage)")
                }
                return Link(
                    segment: segment.number, previous: header.previous, hash: segment.hash)
            },
            take: { links in
                for link in links {
                    guard link.previous == hash else {
                        throw Failure.failed(
                            "segment \(link.segment) does not follow the one before it")
                    }
                    hash = link.hash
                }
            })
    }
}
