public import Credit

/// What is kept of an idempotency key on disk: part of its hash, and the segment of its event.
public struct KeyRecord: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// How many bits of a hash are kept: among 10^9 keys one new key in 17 000 looks like a known
    /// one, which reading the segment then shows.
    public static let hashBits = 44

    public let hash: UInt64
    public let segment: UInt64

    public init(hash: UInt64, segment: UInt64) {
        self.hash = hash
        self.segment = segment
    }

    /// The bits kept of the lower half of a hash.
    @inline(__always)
    static func stored(_ low: UInt64) -> UInt64 { low >> UInt64(64 - hashBits) }

    public static func < (left: Self, right: Self) -> Bool {
        (left.hash, left.segment) < (right.hash, right.segment)
    }
}

/// The idempotency keys of recent segments, all of them, exactly.
///
/// It is a list of indices: each holds the keys of some segments that follow each other, and only
/// the last one grows. An index is sealed when a checkpoint is taken, and dropped some time after
/// the checkpoint has its keys on disk; a command then has to say that its key is not among those
/// (docs/adr/0020-keys-on-disk.md).
public struct KeyWindow: Sendable {
    /// The keys of some segments, which change no more.
    public struct Part: Sendable {
        /// The last of its segments.
        public let through: UInt64
        public let keys: IdempotencyIndex
    }

    /// The parts that are complete, oldest first.
    public private(set) var sealed: [Part] = []
    private var live = IdempotencyIndex()
    /// Keys of segments up to this one are on disk alone.
    public private(set) var floor: UInt64
    private let seed: UInt64

    /// A window of the segments after `floor`.
    ///
    /// Nobody outside can foresee its hashes when `seed` is random; whoever reads keys on disk needs
    /// the same one.
    public init(seed: UInt64, after floor: UInt64 = 0) {
        self.seed = seed
        self.floor = floor
    }

    /// How many keys it holds of segments after this one, which ends a part.
    public func count(after segment: UInt64) -> Int {
        sealed.filter { $0.through > segment }.reduce(live.count) { $0 + $1.keys.count }
    }

    /// The hash under which the key of an account is kept.
    @inline(__always)
    public func hash(of key: Span<UInt8>, account id: Span<UInt8>) -> IdempotencyIndex.Hash {
        Self.hash(of: key, account: id, seed: seed)
    }

    /// The hash under which a window and disk keep the key of an account.
    @inline(__always)
    public static func hash(
        of key: Span<UInt8>, account id: Span<UInt8>, seed: UInt64
    ) -> IdempotencyIndex.Hash {
        var state = KeyedHash(seed: seed)
        state.mix(id)
        state.mix(key)
        return state.finished
    }

    /// Where the event for the key stands, if the window has it.
    @inline(__always)
    public func position(of hash: IdempotencyIndex.Hash) -> Position? {
        if let position = live.position(of: hash) { return position }
        for index in sealed.indices.reversed() {
            if let position = sealed[index].keys.position(of: hash) { return position }
        }
        return nil
    }

    /// Asks for the memory where the key would be looked for.
    @inline(__always)
    func prefetch(_ hash: IdempotencyIndex.Hash) {
        live.prefetch(hash)
        for index in sealed.indices { sealed[index].keys.prefetch(hash) }
    }

    /// Asks for the memory where a key that is new would be put.
    @inline(__always)
    func prefetchLive(_ hash: IdempotencyIndex.Hash) { live.prefetch(hash) }

    /// Asks for the memory where the key would be kept; the tags should be at hand by now.
    @inline(__always)
    func prefetchSlot(_ hash: IdempotencyIndex.Hash) {
        live.prefetchSlot(hash)
    }

    /// Keeps that the key's event stands at `position`; the key must not be there yet.
    public mutating func insert(_ hash: IdempotencyIndex.Hash, at position: Position) {
        live.insert(hash, at: position)
    }

    /// Ends the part at hand with the segment `through`, the last one applied.
    public mutating func seal(through: UInt64) {
        guard live.count > 0 else { return }
        sealed.append(Part(through: through, keys: live))
        live = IdempotencyIndex()
    }

    /// Drops parts whose keys are on disk, which has those up to the segment `stored`.
    ///
    /// The newest of them stays: commands on their way were looked up before disk had it.
    public mutating func drop(storedThrough stored: UInt64) {
        let count = sealed.count { $0.through <= stored } - 1
        guard count > 0 else { return }
        floor = sealed[count - 1].through
        sealed.removeFirst(count)
    }
}
