import Credit
import Engine
import Ledger
import Store
import TestKit
import Testing

struct SweepTests {
    @Test func `a sweep fills one segment and goes on in the next`() throws {
        var engine = try Engine(ledger: Ledger(seed: 1), after: .start)
        for account in 0..<200 {
            var batch = CommandBatch(origin: 0)
            try batch.append(.createAccount("account-\(account)", overdraft: 0))
            for lot in 0..<60 {
                let terms = GrantTerms(1, until: 100)
                try batch.append(
                    .move(Move(.grant(terms), on: "account-\(account)", key: "\(lot)")))
            }
            engine.submit(batch, at: .epoch)
            _ = engine.nextSegment(salt: [])
        }
        var counts: [Int] = []
        for _ in 0..<3 {
            engine.sweep(at: Instant(micros: 100))
            counts.append(engine.nextSegment(salt: [])?.contents.count ?? 0)
        }
        #expect(counts.reduce(0, +) == 12_000)
        #expect(counts.allSatisfy { $0 < Engine.segmentEventsSoftMax + 60 })
        for slot in 0..<AccountSlot(200) { #expect(engine.ledger.record(slot).available == 0) }
    }
}
