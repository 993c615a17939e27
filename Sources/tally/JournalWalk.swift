import Dispatch
import SQLiteStore
import Store
import Synchronization
import Terminal

/// Reads a journal from segment to segment, on every core, in order.
struct JournalWalk {
    /// How many segments are read before they are taken.
    private static let stepSegments = 64
    /// And about how many bytes.
    private static let stepBytes = 8 << 20

    let journal: SQLiteJournalReader
    /// What the walk is called while it is under way.
    let name: String

    /// Reads `numbers`; each is prepared on any core, and they are taken some at a time in their order.
    func run<Prepared: Sendable>(
        _ numbers: Range<UInt64>, prepare: @Sendable (EncodedSegment) throws -> Prepared,
        take: ([Prepared]) throws -> Void
    ) throws {
        var bar = ProgressBar(name, total: Int(numbers.count))
        defer { bar.finish() }
        var number = numbers.lowerBound
        while number < numbers.upperBound {
            var segments: [EncodedSegment] = []
            var bytes = 0
            while number < numbers.upperBound, segments.count < Self.stepSegments,
                bytes < Self.stepBytes
            {
                guard let segment = try journal.segment(number) else {
                    throw Failure.failed("segment \(number) is missing")
                }
                bytes += segment.money.count + segment.details.count
                segments.append(segment)
                number += 1
            }
            try take(
                segments.concurrentMap { segment in
                    do {
                        return try prepare(segment)
                    } catch let error as SegmentError {
                        throw Failure.failed(
                            "segment \(segment.number) is not what was written: \(error)")
                    }
                })
            bar.show(Int(number - numbers.lowerBound))
        }
    }
}

extension Array where Element: Sendable {
    /// The results of a transform that runs on every core, in the order of the elements.
    func concurrentMap<Result: Sendable>(
        _ transform: @Sendable (Element) throws -> Result
    ) throws -> [Result] {
        let results = Mutex([Result?](repeating: nil, count: count))
        let failure = Mutex((any Error)?.none)
        DispatchQueue.concurrentPerform(iterations: count) { place in
            do {
                let result = try transform(self[place])
                results.withLock { $0[place] = result }
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return results.withLock { $0.compactMap(\.self) }
    }
}
