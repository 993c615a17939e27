/// Up to where a state file reaches, and how much is in it.
public struct StateHead: Hashable, Sendable {
    /// How many rows there are of what, so that none can be missing unnoticed.
    public struct Counts: Hashable, Sendable {
        public var accounts = 0
        public var apiKeys = 0
        public var priceLists = 0
        public var plans = 0
        public var scenarios = 0
        /// The last segment whose usage is stored, 0 for none.
        public var usageThrough = 0
        /// Idempotency keys in all runs.
        public var keys = 0

        public init() {}

        fileprivate static var all: [any WritableKeyPath<Self, Int> & Sendable] {
            [
                \.accounts, \.apiKeys, \.priceLists, \.plans, \.scenarios, \.usageThrough,
                \.keys,
            ]
        }
    }

    /// The last segment that it includes.
    public let through: JournalMark
    public let counts: Counts
    /// What hashes of idempotency keys are made with.
    public let keySeed: UInt64

    public init(through: JournalMark, counts: Counts, keySeed: UInt64) {
        self.through = through
        self.counts = counts
        self.keySeed = keySeed
    }

    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: through.number)
        bytes.append(byteString: through.hash)
        bytes.append(time: through.time)
        bytes.append(fixed: keySeed)
        for count in Counts.all { bytes.append(varint: UInt64(counts[keyPath: count])) }
        return bytes.withChecksum()
    }

    /// Reads what ``encoded`` gives.
    public init(from stored: [UInt8]) throws(SegmentError) {
        let bytes = try stored.checked()
        var reader = ByteReader()
        through = JournalMark(
            number: try reader.varint(in: bytes.span),
            hash: try reader.byteString(in: bytes.span), time: try reader.time(in: bytes.span))
        keySeed = try reader.fixed(UInt64.self, in: bytes.span)
        var counts = Counts()
        for count in Counts.all {
            counts[keyPath: count] = try reader.count(limit: .max, in: bytes.span)
        }
        self.counts = counts
    }
}
