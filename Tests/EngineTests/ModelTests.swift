import Credit
import Digest
import Engine
import Ledger
import Store
import TestKit
import Testing

struct ModelTests {
    @Test(arguments: UInt64(1)...150)
    func `every reply and every event is what the model predicts`(seed: UInt64) throws {
        var run = try ModelRun(seed: seed)
        for _ in 0..<60 { try run.segment() }
        run.checkBalances()
    }

    @Test(arguments: UInt64(1)...40, [EncodedSegment.DetailTexts.read, .forFolding])
    func `a ledger recovered from the journal is the one that wrote it`(
        seed: UInt64, details: EncodedSegment.DetailTexts
    ) throws {
        var run = try ModelRun(seed: seed)
        for _ in 0..<40 { try run.segment() }
        var folded: [UInt64] = []
        let recovered = try Recovery.recover(
            from: run.journal, checkpoint: nil, seed: seed &* 3, interimEvents: .max,
            details: details, fold: { folded.append($0.number) })
        #expect(folded == run.journal.segments.map(\.number))
        #expect(recovered.last.number == folded.last ?? 0)
        #expect(recovered.last.hash == run.journal.segments.last?.hash ?? SegmentFormat.firstHash)
        let ledger = recovered.ledger
        #expect(ledger.accountCount == run.engine.ledger.accountCount)
        for slot in 0..<AccountSlot(ledger.accountCount) {
            let was = run.engine.ledger.image.account(slot, changedAfter: 0)
            #expect(ledger.image.account(slot, changedAfter: 0) == was)
        }
        #expect(ledger.keyWindow.count(after: 0) == run.engine.ledger.keyWindow.count(after: 0))
        #expect(ledger.catalogue.apiKeys == run.engine.ledger.catalogue.apiKeys)
    }
}

/// An engine and the model side by side.
private struct ModelRun: ~Copyable {
    let seed: UInt64
    let journal = MemoryJournal()
    var engine: Engine
    var stage: CommitStage<MemoryJournal>
    var model = ModelLedger()
    var names: [String] = []
    var now: Int64 = 1_700_000_000_000_000
    private var random: SeededRandom
    private var workload: Workload
    private var encoder = SegmentEncoder()
    private var previous = SegmentFormat.firstHash

    init(seed: UInt64) throws {
        self.seed = seed
        random = SeededRandom(seed: seed)
        workload = Workload(character: Workload.Character(using: &random))
        engine = try Engine(ledger: Ledger(seed: seed), after: .start)
        stage = CommitStage(journal: journal, after: .start)
    }

    mutating func segment() throws {
        moveClock()
        var expected: [ModelReply] = []
        for _ in 0..<random.skewed(below: 3) + 1 {
            var batch = CommandBatch(origin: 1)
            for _ in 0..<random.skewed(below: 12) {
                let operation = workload.next(using: &random, at: now)
                try batch.append(operation)
                let reply = model.perform(operation, at: now)
                if case .move(let move) = operation, case .grant = move.kind,
                    case .recorded(let spot) = reply
                {
                    workload.learn(of: spot, on: move.account)
                }
                expected.append(reply)
            }
            engine.submit(batch, at: Instant(micros: now))
        }
        if random.chance(50) {
            engine.sweep(at: Instant(micros: now))
            model.sweep(at: now, limit: Engine.sweepMax)
        }
        try check(expected)
    }

    private mutating func moveClock() {
        switch random.below(4) {
        case 0: break
        case 1: now += random.number(in: 0...2)
        case 2: now += random.number(in: 0...600_000_000)
        default:
            guard let edge = workload.edges.randomElement(using: &random) else { return }
            now = max(now, edge + random.number(in: -1...1))
        }
    }

    private mutating func check(_ expected: [ModelReply]) throws {
        let salt = [UInt8](repeating: 1, count: SegmentFormat.saltBytes)
        guard var pending = engine.nextSegment(salt: salt) else {
            #expect(expected.isEmpty)
            return
        }
        if random.chance(50) { pending.encode(with: &encoder) }
        let outcomes = stage.commit(&pending).flatMap(\.outcomes)
        #expect(outcomes.map { ModelReply($0) } == expected, "seed \(seed)")
        #expect(pending.contents.modelEvents(names: &names) == model.events, "seed \(seed)")
        if let encoded = pending.encoded {
            let stored = try encoded.contents(after: previous)
            var known = names
            #expect(stored.modelEvents(names: &known) == model.events, "seed \(seed)")
            previous = encoded.hash
        }
        model.endSegment()
    }

    func checkBalances() {
        for name in model.names {
            #expect(ModelView(engine.ledger, account: name) == model.view(of: name), "seed \(seed)")
        }
        for slot in 0..<AccountSlot(engine.ledger.accountCount) {
            #expect(engine.ledger.audit(account: slot).isEmpty, "seed \(seed)")
        }
    }
}
