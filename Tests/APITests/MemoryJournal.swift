import Credit
import Ledger
import Reports
import Store
import Synchronization

/// A journal in memory, which can be told to fail.
final class MemoryStorage: Sendable {
    let segments = Mutex<[EncodedSegment]>([])
    let isBroken = Mutex(false)
}

struct MemoryJournal: Journal, Sendable {
    let storage: MemoryStorage

    mutating func finish() {}

    func append(_ segment: EncodedSegment) throws(StoreError) {
        guard !storage.isBroken.withLock({ $0 }) else { throw .outcomeUnknown("told to fail") }
        storage.segments.withLock { $0.append(segment) }
    }
}

extension MemoryStorage: JournalReader {
    func lastNumber() throws(StoreError) -> UInt64 {
        segments.withLock { $0.last?.number ?? 0 }
    }

    func segment(_ number: UInt64) throws(StoreError) -> EncodedSegment? {
        segments.withLock { $0.first { $0.number == number } }
    }
}
