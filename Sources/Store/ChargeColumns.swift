internal import Credit
internal import Ledger

/// The charges of a segment turned into columns, in one pass over them.
///
/// A charge takes four cache lines, and a large segment far more than the first caches hold: a pass
/// for each column would read all of it from memory each time.
struct ChargeColumns: Sendable {
    /// The columns of integers, in the order of the money part and then of the details.
    enum Integer: Int, CaseIterable {
        case account, sequence, time, credits, overdrawn, uncollected, sharesCount
        case priceVersion, priceRule, key, units, status, available, held, negative
        case results, bytes, duration, occurrence, scenario
    }

    /// The columns of texts.
    enum Text: Int, CaseIterable {
        case action, key, team, scenario, run, module, requestID, metadata, parameters
    }

    private(set) var words: [UInt64] = []
    private(set) var ranges: [ByteRange] = []
    /// How far apart two columns begin.
    private var stride = 0

    private var count = 0

    /// The places of a column in `words`.
    func range(of column: Integer) -> Range<Int> { range(column.rawValue) }

    /// The places of a column in `ranges`.
    func range(of column: Text) -> Range<Int> { range(column.rawValue) }

    private func range(_ column: Int) -> Range<Int> { column * stride..<column * stride + count }

    /// Takes in the charges of a segment that was begun at `time`.
    mutating func take(_ charges: [ChargeEvent], time: Instant) {
        // Columns a multiple of 4096 bytes apart would all fall into the same few cache lines.
        count = charges.count
        stride = (count + 15) & ~7
        if words.count < stride * Integer.allCases.count {
            words = [UInt64](repeating: 0, count: stride * Integer.allCases.count)
            ranges = [ByteRange](repeating: .empty, count: stride * Text.allCases.count)
        }
        for index in charges.indices { put(index, charges, time.micros) }
    }

    @inline(__always)
    private mutating func put(_ index: Int, _ charges: [ChargeEvent], _ time: Int64) {
        let charges = charges.span
        let place = index
        put(.account, place, UInt64(charges[index].head.account))
        put(.sequence, place, charges[index].head.sequence)
        put(.time, place, ZigZag.encode(charges[index].head.time.micros &- time))
        put(.credits, place, charges[index].credits)
        put(.overdrawn, place, charges[index].overdrawn)
        put(.uncollected, place, charges[index].uncollected)
        put(.sharesCount, place, UInt64(charges[index].sharesCount))
        put(.priceVersion, place, UInt64(charges[index].price.version))
        put(.priceRule, place, UInt64(charges[index].price.rule))
        put(.key, place, UInt64(charges[index].key &+ 1))
        put(.units, place, charges[index].units)
        put(.status, place, UInt64(charges[index].details.status.rawValue))
        put(.available, place, charges[index].head.balance.available.micros)
        put(.held, place, charges[index].head.balance.held.micros)
        put(.negative, place, charges[index].head.balance.negative.micros)
        put(.results, place, charges[index].details.results.stored)
        put(.bytes, place, charges[index].details.bytes.stored)
        put(.duration, place, charges[index].details.duration.stored)
        put(.occurrence, place, Self.occurrence(charges[index]))
        let type = UInt64(charges[index].details.scenarioType.rawValue) << 1
        put(.scenario, place, type | (charges[index].details.isCheckRun ? 1 : 0))
        put(.action, place, charges[index].action)
        put(.key, place, charges[index].idempotence.key)
        put(.team, place, charges[index].details.team)
        put(.scenario, place, charges[index].details.scenario)
        put(.run, place, charges[index].details.run)
        put(.module, place, charges[index].details.module)
        put(.requestID, place, charges[index].details.requestID)
        put(.metadata, place, charges[index].details.metadata)
        put(.parameters, place, charges[index].details.parameters)
    }

    @inline(__always)
    private mutating func put(_ column: Integer, _ place: Int, _ word: UInt64) {
        words[column.rawValue &* stride &+ place] = word
    }

    @inline(__always)
    private mutating func put(_ column: Integer, _ place: Int, _ word: Int64) {
        put(column, place, UInt64(bitPattern: word))
    }

    @inline(__always)
    private mutating func put(_ column: Text, _ place: Int, _ range: ByteRange) {
        ranges[column.rawValue &* stride &+ place] = range
    }

    /// How long before the entry's time the call happened, plus one; 0 when that was not said.
    @inline(__always)
    private static func occurrence(_ charge: borrowing ChargeEvent) -> UInt64 {
        guard charge.details.occurredAt != .never else { return 0 }
        return ZigZag.encode(charge.head.time.micros &- charge.details.occurredAt.micros) &+ 1
    }
}
