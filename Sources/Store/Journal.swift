/// Why storage did not do what was asked.
public enum StoreError: Error, Hashable, Sendable {
    /// Another process holds the data folder.
    case inUse(path: String)
    /// The store cannot be opened or read; says why.
    case unavailable(String)
    /// What is stored is not what was written; never answered with a guess.
    case corrupt(String)
    /// A commit failed and may still have happened: the process must stop and recover.
    case outcomeUnknown(String)
    /// The segment does not follow the last one stored.
    case outOfOrder(expected: UInt64, got: UInt64)
}

extension StoreError: CustomStringConvertible {
    /// What an operator reads.
    public var description: String {
        switch self {
        case .inUse(let path): "\(path) is in use by another process"
        case .unavailable(let reason): reason
        case .corrupt(let reason): reason
        case .outcomeUnknown(let reason): "a commit failed and may have happened: \(reason)"
        case .outOfOrder(let expected, let got): "segment \(got) does not follow: \(expected) does"
        }
    }
}

/// Where segments become durable, in order; has one writer.
public protocol Journal: ~Copyable {
    /// Stores the segment and returns once it is durable.
    ///
    /// After ``StoreError/outcomeUnknown(_:)`` nothing may be appended any more: the segment may be
    /// there after a restart.
    mutating func append(_ segment: EncodedSegment) throws(StoreError)

    /// Deletes details, all that the step says or nothing, and returns once that is durable.
    ///
    /// What ``append(_:)`` says of a failure goes for this as well.
    mutating func prune(_ step: RetentionStep) throws(StoreError)

    /// Takes what was deleted out of the log as well; false when somebody still reads there.
    ///
    /// What ``append(_:)`` says of a failure goes for this as well.
    mutating func clearLog() throws(StoreError) -> Bool

    /// Tidies up at a clean end, after the last segment.
    mutating func finish()
}

extension Journal where Self: ~Copyable {
    /// A store that deletes nothing.
    public mutating func prune(_ step: RetentionStep) throws(StoreError) {
        throw .unavailable("this store deletes no details")
    }

    /// A store without a log.
    public mutating func clearLog() throws(StoreError) -> Bool { true }
}

/// Where stored segments are read from.
public protocol JournalReader {
    /// The number of the last segment stored; 0 when there is none.
    func lastNumber() throws(StoreError) -> UInt64
    /// The segment with this number, or nil when there is none.
    func segment(_ number: UInt64) throws(StoreError) -> EncodedSegment?
}
