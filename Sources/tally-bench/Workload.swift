import Credit
import Engine
import Ledger

/// Random numbers from a seed (splitmix64), so that runs can be compared.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    /// A number from 0 to `count`, exclusive.
    mutating func below(_ count: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(count)).high)
    }
}

/// The charges that every case makes: whole calls of an AI product with all that is recorded.
///
/// Each has a random key of 16 visible bytes, API key, team, scenario, run, module, three
/// parameters that the price list prices, occurred_at and bytes.
struct Workload {
    static let models = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4", "gemini-2.5-flash"]
    static let priceList = """
        {"rules":[{"id":"chat","action":"chat.completions","parts":[
        {"parameter":"input_tokens","price":0.0025,"per":1},
        {"parameter":"output_tokens","price":0.01,"per":1}],
        "rounding":{"to":0.01,"mode":"up"}}]}
        """

    /// The run that calls of one account belong to at the moment.
    private struct Run {
        var number = 0
        var callsLeft = 0
    }

    let accountCount: Int
    private var random: SeededRandom
    private var runs: [Run]
    private var runCount = 0

    init(accountCount: Int, seed: UInt64) {
        self.accountCount = accountCount
        random = SeededRandom(seed: seed)
        runs = [Run](repeating: Run(), count: accountCount)
    }

    static func account(_ index: Int) -> String { "acct-\(index)" }

    /// A batch of `count` charges that happened shortly before `now`.
    mutating func batch(_ count: Int, now: Instant) -> CommandBatch {
        var batch = CommandBatch(origin: 0)
        batch.bytes.reserveCapacity(count * 200)
        for _ in 0..<count { batch.append(charge(&batch.bytes, now: now), tag: 0) }
        return batch
    }

    /// A batch of `count` holds for calls that have begun.
    mutating func holds(_ count: Int, now: Instant) -> CommandBatch {
        var batch = CommandBatch(origin: 0)
        batch.bytes.reserveCapacity(count * 200)
        let request = HoldRequest(seconds: 3600, onExpiry: .release, minimum: 0)
        for _ in 0..<count { batch.append(charge(&batch.bytes, now: now), request, tag: 0) }
        return batch
    }

    /// A batch that captures holds once their calls are done, priced by what these say then.
    mutating func captures(of holds: [Position]) -> CommandBatch {
        var batch = CommandBatch(origin: 0)
        batch.bytes.reserveCapacity(holds.count * 100)
        for hold in holds {
            var command = ChargeCommand()
            command.idempotence = Idempotence(
                key: randomKey(&batch.bytes), fingerprint: UInt128(random.next()))
            command.details.parameters = parameters(&batch.bytes)
            command.details.status = .succeeded
            command.onShort = .collect
            batch.append(command, capturing: hold, tag: 0)
        }
        return batch
    }

    private mutating func charge(_ bytes: inout [UInt8], now: Instant) -> ChargeCommand {
        let account = random.below(accountCount)
        var command = ChargeCommand()
        command.account = bytes.appending("acct-", account)
        command.action = bytes.appending("chat.completions")
        command.idempotence = Idempotence(
            key: randomKey(&bytes),
            fingerprint: UInt128(random.next()) << 64 | UInt128(random.next()))
        command.key = APIKeySlot(truncatingIfNeeded: account % 3)
        command.details = details(of: account, &bytes, now: now)
        return command
    }

    private mutating func details(
        of account: Int, _ bytes: inout [UInt8], now: Instant
    ) -> CallDetails {
        if runs[account].callsLeft == 0 {
            runCount += 1
            runs[account] = Run(number: runCount, callsLeft: 20 + random.below(21))
        }
        runs[account].callsLeft -= 1
        var details = CallDetails()
        details.team = bytes.appending("team-", account % 7)
        details.scenario = bytes.appending("scenario-", account * 4 + runs[account].number % 4)
        details.scenarioType = .agent
        details.run = bytes.appending("run-", 1_000_000 + runs[account].number)
        details.module = bytes.appending("module-", runs[account].callsLeft % 12)
        details.parameters = parameters(&bytes)
        details.bytes = OptionalCount(Int64(400 + random.below(8000)))
        details.occurredAt = Instant(micros: now.micros - Int64(random.below(2_000_000)))
        details.status = .succeeded
        return details
    }

    private mutating func parameters(_ bytes: inout [UInt8]) -> ByteRange {
        let start = bytes.count
        bytes.append(text: "{\"input_tokens\":")
        bytes.append(decimal: UInt64(1 + random.below(4000)))
        bytes.append(text: ",\"model\":\"")
        bytes.append(text: Self.models[random.below(Self.models.count)])
        bytes.append(text: "\",\"output_tokens\":")
        bytes.append(decimal: UInt64(1 + random.below(800)))
        bytes.append(text: "}")
        return ByteRange(start: start, count: bytes.count - start)
    }

    private mutating func randomKey(_ bytes: inout [UInt8]) -> ByteRange {
        let start = bytes.count
        for _ in 0..<2 {
            var word = random.next()
            for _ in 0..<8 {
                bytes.append(0x21 + UInt8(truncatingIfNeeded: word % 94))
                word /= 94
            }
        }
        return ByteRange(start: start, count: 16)
    }
}

extension [UInt8] {
    fileprivate mutating func appending(_ text: String, _ number: Int? = nil) -> ByteRange {
        let start = count
        append(text: text)
        if let number { append(decimal: UInt64(number)) }
        return ByteRange(start: start, count: count - start)
    }
}
