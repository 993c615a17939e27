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
    /// Whether each call is held first and captured a batch later.
    let isHeld: Bool

    private static let chargesMax = 1_500_000

    func run() throws -> Measurement {
        var writer = try Writer()
        for setup in try Setup(accounts: accounts, isSubscribed: isSubscribed).batches() {
            _ = writer.decide(setup)
        }
        writer.bytes = 0
        var workload = Workload(accountCount: accounts, seed: 42)
        let batches = (0..<max(1, Self.chargesMax / batch)).map { _ in
            isHeld
                ? workload.holds(batch, now: Writer.now) : workload.batch(batch, now: Writer.now)
        }
        var latencies: [UInt64] = []
        var left = UInt64(seconds * 1e9)
        for batch in batches where left > 0 {
            var taken = writer.time { $0.decide(batch) }
            if isHeld {
                let captures = workload.captures(of: taken.placed)
                taken.nanoseconds += writer.time { $0.decide(captures) }.nanoseconds
            }
            latencies.append(taken.nanoseconds)
            left -= min(left, taken.nanoseconds)
        }
        return Measurement(
            name: isHeld ? "decide-holds" : "decide", accounts: accounts, batch: batch,
            count: latencies.count * batch, seconds: Double(latencies.reduce(0, +)) / 1e9,
            latencies: latencies, bytes: writer.bytes)
    }
}

/// An engine whose segments are encoded and thrown away.
private struct Writer {
    static let now = Instant(micros: 1_795_253_400_000_000)

    private var engine: Engine
    private var encoder = SegmentEncoder()
    private var hash = SegmentFormat.firstHash
    private let salt = [UInt8](repeating: 1, count: SegmentFormat.saltBytes)
    /// How long all segments were.
    var bytes = 0

    init() throws {
        engine = try Engine(ledger: Ledger(seed: 7), after: .start)
    }

    /// Decides and encodes a batch; gives where its items were recorded.
    mutating func decide(_ batch: CommandBatch) -> [Position] {
        engine.submit(batch, at: Self.now)
        guard let segment = engine.nextSegment(salt: salt) else { return [] }
        let encoded = encoder.encode(segment.contents, previous: hash, salt: salt)
        bytes += encoded.money.count + encoded.details.count
        hash = encoded.hash
        encoder.recycle(encoded)
        engine.recycle(segment.contents)
        return segment.batches.flatMap(\.outcomes).compactMap { outcome in
            if case .recorded(let position) = outcome { position } else { nil }
        }
    }

    mutating func time(
        _ body: (inout Self) -> [Position]
    ) -> (placed: [Position], nanoseconds: UInt64) {
        let start = Monotonic.now()
        let placed = body(&self)
        return (placed, Monotonic.now() - start)
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
