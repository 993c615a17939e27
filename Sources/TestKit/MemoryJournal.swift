public import Store
internal import Synchronization

/// A journal in memory, which can be told to fail.
public final class MemoryJournal: Journal, JournalReader, Sendable {
    private struct State: Sendable {
        var segments: [EncodedSegment] = []
        var appendsLeft = Int.max
        var storesFailing = false
    }

    private let state = Mutex(State())

    public init() {}

    /// Lets `count` more appends succeed; after that each one fails, and stores its segment
    /// nevertheless when `storing` says so.
    public func fail(after count: Int, storing: Bool = false) {
        state.withLock { state in
            state.appendsLeft = count
            state.storesFailing = storing
        }
    }

    /// What has been stored, in order.
    public var segments: [EncodedSegment] { state.withLock { $0.segments } }

    public func append(_ segment: EncodedSegment) throws(StoreError) {
        let isStored = state.withLock { state in
            let succeeds = state.appendsLeft > 0
            state.appendsLeft -= 1
            if succeeds || state.storesFailing { state.segments.append(segment) }
            return succeeds
        }
        guard isStored else { throw .outcomeUnknown("told to fail") }
    }

    public func prune(_ step: RetentionStep) {
        state.withLock { state in
            for pruned in step.segments {
                let place = Int(pruned.number) - 1
                let segment = state.segments[place]
                state.segments[place] = EncodedSegment(
                    number: segment.number, money: segment.money, details: nil,
                    hash: segment.hash, kept: KeptDetails(body: pruned.kept, step: 1))
            }
        }
    }

    public func finish() {}

    public func lastNumber() throws(StoreError) -> UInt64 {
        state.withLock { $0.segments.last?.number ?? 0 }
    }

    public func segment(_ number: UInt64) throws(StoreError) -> EncodedSegment? {
        state.withLock { state in
            let place = Int(number) - 1
            return state.segments.indices.contains(place) ? state.segments[place] : nil
        }
    }
}
