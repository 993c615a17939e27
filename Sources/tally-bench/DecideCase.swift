import Credit
import Engine
import Ledger
import Store

/// What the writer thread alone does: decide, apply and encode, with nothing stored.
struct DecideCase {
    let accounts: Int
    let batch: Int
    let seconds: Double
    let isSubscribed: Bool

    private static let chargesMax = 1_500_000

    func run() throws -> Measurement {
        var engine = try Engine(ledger: Ledger(seed: 7), after: .start)
        let now = Instant(micros: 1_795_253_400_000_000)
        let salt = [UInt8](repeating: 1, count: SegmentFormat.saltBytes)
        for setup in try Setup(accounts: accounts, isSubscribed: isSubscribed).batches() {
            engine.submit(setup, at: now)
            _ = engine.nextSegment(salt: salt)
        }
        var workload = Workload(accountCount: accounts, seed: 42)
        let batches = (0..<max(1, Self.chargesMax / batch)).map { _ in
            workload.batch(batch, now: now)
        }
        var encoder = SegmentEncoder()
        var hash = SegmentFormat.firstHash
        var latencies: [UInt64] = []
        var bytes = 0
        let begin = Monotonic.now()
        let deadline = begin + UInt64(seconds * 1e9)
        for batch in batches {
            let start = Monotonic.now()
            guard start < deadline else { break }
            engine.submit(batch, at: now)
            if let segment = engine.nextSegment(salt: salt) {
                let encoded = encoder.encode(segment.contents, previous: hash, salt: salt)
                bytes += encoded.money.count + encoded.details.count
                hash = encoded.hash
                encoder.recycle(encoded)
                engine.recycle(segment.contents)
            }
            latencies.append(Monotonic.now() - start)
        }
        return Measurement(
            name: "decide", accounts: accounts, batch: batch, count: latencies.count * batch,
            seconds: Double(Monotonic.now() - begin) / 1e9, latencies: latencies, bytes: bytes)
    }
}

/// What every case begins with: a price list and accounts with a grant each.
struct Setup {
    let accounts: Int
    /// Whether each has its credits from a monthly plan, and a budget with a limit for each team.
    var isSubscribed = false

    private static let batchItemsMax = 8000
    private static let credits: Int64 = 1 << 50

    func batches() throws -> [CommandBatch] {
        var batches: [CommandBatch] = []
        var batch = CommandBatch(origin: 0)
        batch.append(
            .putPriceList(
                try Name(PriceBook.defaultName), effectiveAt: nil,
                json: Array(Workload.priceList.utf8)), tag: 0)
        let plan = try Name("plan")
        if isSubscribed {
            batch.append(
                .putPlan(PlanTerms(id: plan, name: "", credits: Self.credits, period: .month)),
                tag: 0)
        }
        for index in 0..<accounts {
            let id = try Name(Workload.account(index))
            batch.append(.createAccount(NewAccount(id: id, name: id.text)), tag: 0)
            let request: MoneyRequest =
                isSubscribed
                ? .subscribe(plan, atPeriodEnd: false)
                : .grant(NewGrant(amount: Credits(micros: Self.credits), source: .plan))
            batch.append(
                .money(
                    MoneyCommand(
                        account: id, idempotencyKey: Array("grant".utf8), fingerprint: 1,
                        request: request)), tag: 0)
            if isSubscribed { batch.append(.putBudget(account: id, try Self.budget()), tag: 0) }
            if batch.count >= Self.batchItemsMax {
                batches.append(batch)
                batch = CommandBatch(origin: 0)
            }
        }
        return batches + (batch.count > 0 ? [batch] : [])
    }

    private static func budget() throws -> BudgetTerms {
        BudgetTerms(
            name: try Name("teams"),
            scope: BudgetDimension.allCases.map { $0 == .team ? .each : .any }, limit: credits,
            window: .month, parent: nil)
    }
}
