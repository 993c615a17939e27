public import Credit
public import Ledger
public import Store
internal import Synchronization

/// What is known of a batch's idempotency keys that only disk has.
public struct KeyProof: Sendable {
    /// Disk was asked for the keys of segments up to this one; what is not in ``found`` is not there.
    public fileprivate(set) var through: UInt64
    /// Items whose keys were found, and where their events stand.
    public fileprivate(set) var found: [Int: Position] = [:]
    /// Items whose keys may be on disk, which must be looked up before the batch is decided.
    fileprivate var suspects: [Int] = []
    /// The runs asked.
    fileprivate var runs: [KeyRun] = []

    /// Of a batch for a ledger that has all of its keys in memory.
    static let unneeded = Self(through: .max)

    private init(through: UInt64) {
        self.through = through
    }

    fileprivate init(through: UInt64, runs: [KeyRun]) {
        self.through = through
        self.runs = runs
    }

    /// False when the key with this hash is surely not on disk, as far as memory can tell.
    func mayBeOnDisk(_ hash: IdempotencyIndex.Hash) -> Bool {
        runs.contains { $0.filter?.mayHold(hash.stored) != false }
    }
}

/// Looks up idempotency keys on disk before their commands reach the writer.
///
/// Most keys are new: the filters in memory say so at once. The others are looked for on disk, and
/// in the segments that disk names, where the keys themselves stand. What comes out is exact
/// (docs/adr/0020-keys-on-disk.md).
public final class KeyArchive: Sendable {
    private struct State: Sendable {
        var runs: [KeyRun] = []
        /// Disk has the keys of all segments up to this one.
        var through: UInt64 = 0
    }

    private let state: Mutex<State>
    private let seed: UInt64
    private let keys: any KeyReader
    private let journal: any JournalReader & Sendable

    /// An archive of the runs that `keys` reads, whose hashes were made with `seed`; they hold the
    /// keys of all segments up to `through` of `journal`.
    public init(
        seed: UInt64, runs: [KeyRun], through: UInt64, keys: any KeyReader,
        journal: any JournalReader & Sendable
    ) {
        self.seed = seed
        self.keys = keys
        self.journal = journal
        state = Mutex(State(runs: runs, through: through))
    }

    /// Disk has the keys of all segments up to this one.
    public var through: UInt64 { state.withLock { $0.through } }

    /// How many keys disk has.
    public var count: Int { state.withLock { $0.runs.reduce(0) { $0 + $1.count } } }

    /// Disk has these runs now, with the keys of all segments up to `through`.
    public func publish(_ runs: [KeyRun], through: UInt64) {
        state.withLock { state in
            state.runs = runs
            state.through = through
        }
    }

    /// Asks memory about the keys of a batch; false when disk has to be asked about some.
    public func check(_ batch: inout CommandBatch) -> Bool {
        let state = state.withLock { $0 }
        batch.keys = KeyProof(through: state.through, runs: state.runs)
        guard !state.runs.isEmpty else { return true }
        let asked = hashes(of: batch)
        var isSuspect = [Bool](repeating: false, count: asked.count)
        for run in state.runs {
            guard let filter = run.filter else {
                isSuspect = [Bool](repeating: true, count: asked.count)
                break
            }
            for index in asked.indices where filter.mayHold(asked[index].hash) {
                isSuspect[index] = true
            }
        }
        batch.keys.suspects = zip(asked, isSuspect).filter(\.1).map(\.0.item)
        return batch.keys.suspects.isEmpty
    }

    /// Asks disk about the keys that ``check(_:)`` was not sure of.
    ///
    /// `accountID` gives the ids of accounts.
    public func lookUp(
        _ batch: inout CommandBatch, accountID: (AccountSlot) -> Name?
    ) throws(StoreError) {
        let suspects = Set(batch.keys.suspects)
        let asked = hashes(of: batch).filter { suspects.contains($0.item) }
        let filters = [SegmentRange: KeyFilter](
            uniqueKeysWithValues: batch.keys.runs.compactMap { run in
                run.filter.map { (run.range, $0) }
            })
        let segments = try keys.segments(of: asked.map(\.hash), filters: filters)
        var places: [UInt64: [Int]] = [:]
        for (asked, segments) in zip(asked, segments) {
            for segment in segments { places[segment, default: []].append(asked.item) }
        }
        for (segment, items) in places.sorted(by: { $0.key < $1.key }) {
            let keys = try keys(of: segment)
            for item in items {
                if let position = batch.position(of: item, in: keys, accountID) {
                    batch.keys.found[item] = position
                }
            }
        }
        batch.keys.suspects = []
    }

    private func hashes(of batch: CommandBatch) -> [(item: Int, hash: UInt64)] {
        var hashes: [(item: Int, hash: UInt64)] = []
        hashes.reserveCapacity(batch.count)
        for item in 0..<batch.count {
            let hash = batch.withKey(of: item) { account, key in
                KeyWindow.hash(of: key, account: account, seed: seed)
            }
            if let hash { hashes.append((item, hash.stored)) }
        }
        return hashes
    }

    private func keys(of number: UInt64) throws(StoreError) -> SegmentKeys {
        guard let segment = try journal.segment(number) else {
            throw .corrupt("a key was recorded in segment \(number), which is missing")
        }
        do throws(SegmentError) {
            return try segment.keys()
        } catch {
            throw .corrupt("segment \(number): \(error)")
        }
    }
}

extension CommandBatch {
    /// Calls `body` with the account and the key of an item; nil when it has none, or leaves the
    /// account to its hold.
    fileprivate func withKey<Result>(
        of item: Int, _ body: (_ account: Span<UInt8>, _ key: Span<UInt8>) -> Result
    ) -> Result? {
        switch items[item] {
        case .charge(let place), .hold(let place, _), .capture(let place, of: _):
            let charge = charges[place]
            guard !charge.account.isEmpty else { return nil }
            return body(
                bytes.span.extracting(charge.account.indices),
                bytes.span.extracting(charge.idempotence.key.indices))
        case .command(let place):
            guard case .money(let command) = commands[place], let account = command.account else {
                return nil
            }
            let id = account.text
            return body(id.utf8.span, command.idempotencyKey.span)
        case .query: return nil
        }
    }

    /// Where the event for an item's key stands in a segment, if it does.
    fileprivate func position(
        of item: Int, in keys: SegmentKeys, _ accountID: (AccountSlot) -> Name?
    ) -> Position? {
        withKey(of: item) { account, key in
            keys.entries.first { entry in
                guard keys.bytes.span.extracting(entry.key.indices).isEqual(to: key),
                    let id = accountID(entry.account)?.text
                else { return false }
                return account.isEqual(to: id.utf8.span)
            }?.position
        } ?? nil
    }
}
