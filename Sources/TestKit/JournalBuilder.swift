public import Credit
internal import Engine
public import Ledger
public import Store

/// An engine that writes random segments, for tests of what stores them.
public struct JournalBuilder: Sendable {
    private var engine: Engine
    /// What has been encoded, in order.
    public private(set) var segments: [EncodedSegment] = []
    public private(set) var contents: [SegmentContents] = []
    private var encoder = SegmentEncoder()
    private var names: [String] = []
    private var random: SeededRandom
    private var workload: Workload
    private var now: Int64 = 1_795_253_400_000_000

    /// A builder whose segments follow from `seed`; it begins with `accounts` accounts.
    public init(seed: UInt64, accounts: Int = 4) throws {
        random = SeededRandom(seed: seed)
        workload = Workload(character: Workload.Character(using: &random))
        engine = try Engine(ledger: Ledger(seed: seed), after: .start)
        let new = (1...accounts).map { Operation.createAccount("account-\($0)", overdraft: 0) }
        try add(new)
    }

    /// The last segment.
    public var mark: JournalMark {
        guard let last = segments.last, let time = contents.last?.time else { return .start }
        return JournalMark(number: last.number, hash: last.hash, time: time)
    }

    /// Adds a segment of what was asked.
    public mutating func add(_ operations: [Operation]) throws {
        var batch = CommandBatch(origin: 0)
        for operation in operations { try batch.append(operation) }
        add(batch)
    }

    /// Adds a segment in which a key of an account is revoked.
    public mutating func revoke(_ key: APIKeyID, of account: Name) {
        var batch = CommandBatch(origin: 0)
        batch.append(.revokeAPIKey(key, account: account), tag: 0)
        add(batch)
    }

    private mutating func add(_ batch: CommandBatch) {
        engine.submit(batch, at: Instant(micros: now))
        engine.sweep(at: Instant(micros: now))
        let salt = random.bytes(SegmentFormat.saltBytes)
        guard let pending = engine.nextSegment(salt: salt), !pending.contents.isEmpty else {
            return
        }
        segments.append(
            encoder.encode(pending.contents, previous: mark.hash, salt: salt))
        contents.append(pending.contents)
        learn(pending.contents.modelEvents(names: &names))
        engine.sealKeys()
    }

    /// Remembers what later requests may be about.
    private mutating func learn(_ events: [ModelEvent]) {
        for event in events {
            switch event.kind {
            case .granted: workload.learn(of: event.spot, on: event.account)
            case .held: workload.learn(ofHold: event.spot, on: event.account)
            case .charged, .captured: workload.learn(ofCharge: event)
            default: break
            }
        }
    }

    /// Adds up to `count` segments of random requests.
    public mutating func grow(by count: Int) throws {
        for _ in 0..<count {
            now += random.number(in: 0...600_000_000)
            var operations: [Operation] = []
            for _ in 0..<1 + random.below(12) {
                operations.append(workload.next(using: &random, at: now))
            }
            try add(operations)
        }
    }

    /// The accounts and the catalogue as they are now.
    public var image: LedgerImage { engine.ledger.image }

    /// How many idempotency keys there are now.
    public var keyCount: Int { engine.ledger.keyWindow.count(after: 0) }

    /// All accounts as they are now.
    public var accounts: [AccountImage] {
        let image = image
        return (0..<image.accountCount).compactMap {
            image.account(AccountSlot($0), changedAfter: 0)
        }
    }

    /// A checkpoint of the accounts as they are now, without usage and events.
    public var checkpoint: Checkpoint {
        Checkpoint(through: mark, image: image, usage: ListedUsage())
    }
}

extension JournalBuilder: JournalReader {
    public func lastNumber() throws(StoreError) -> UInt64 { segments.last?.number ?? 0 }

    public func segment(_ number: UInt64) throws(StoreError) -> EncodedSegment? {
        segments.first { $0.number == number }
    }
}
