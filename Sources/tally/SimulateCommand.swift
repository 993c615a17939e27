import Credit
import Dispatch
import Engine
import JSON
import Ledger
import Partition
import Pricing
import SQLiteStore
import Store
import Synchronization
import Terminal
import Wire

/// `tally prices simulate`: what a stored period would have cost under other prices.
struct SimulateCommand {
    /// How many segments are read before they are priced side by side.
    private static let stepSegments = 64

    private let list: Name
    private let draft: PriceList.Draft
    private let period: Range<Instant>
    private let data: String

    init(_ arguments: Arguments) throws {
        guard let name = try? Name(arguments.values[1]) else {
            throw Failure.usage("\(arguments.values[1]) is no name of a price list")
        }
        list = name
        draft = try PriceDraftFile(path: arguments.values[2]).draft
        let from = try Self.time("--from", arguments) ?? .earliest
        let to = try Self.time("--to", arguments) ?? .latest
        guard from < to else { throw Failure.usage("--to is after --from") }
        period = from..<to
        data = try arguments.value("--data") ?? DataOption.usual
    }

    private static func time(_ option: String, _ arguments: Arguments) throws -> Instant? {
        guard let text = try arguments.value(option) else { return nil }
        guard let time = try? Instant(rfc3339: text.utf8.span) else {
            throw Failure.usage("\(option) is a time such as 2026-11-01T00:00:00Z")
        }
        return time
    }

    func run(_ arguments: Arguments) throws {
        let folder = try DataOption.open(data, creating: false)
        let files = try OpenFiles(in: folder, seed: UInt64.random(in: .min ... .max))
        let ledger = files.recovered.ledger
        let versions = ledger.catalogue.priceLists.enumerated()
            .filter { $0.element.name == list }.map { UInt32($0.offset + 1) }
        guard !versions.isEmpty else {
            throw Failure.failed("\(data) has no price list \(list.text)")
        }
        var simulation = PriceSimulation(
            PriceSimulation.Terms(
                draft: PriceList(name: list, version: 0, effectiveAt: .epoch, draft: draft),
                versions: Set(versions), period: period),
            overdraftLimits: ledger.overdraftLimits)
        try replay(files.reader, &simulation)
        let accounts = ledger.catalogue.accounts.map(\.id)
        let answer = SimulationAnswer(simulation, list: list, period: period) { slot in
            Int(slot) < accounts.count ? accounts[Int(slot)] : nil
        }
        try show(answer, arguments)
    }

    /// Prices some segments at a time on every core, and folds them in order.
    private func replay(
        _ journal: SQLiteJournalReader, _ simulation: inout PriceSimulation
    ) throws {
        let last = try journal.lastNumber()
        let first = try simulation.firstSegment(last: last) { number in
            try journal.segment(number)?.contents(after: nil).time
        }
        var bar = ProgressBar("simulate", total: Int(last - min(last, first) + 1))
        defer { bar.finish() }
        var number = first
        while number <= last {
            let numbers = number...min(last, number + UInt64(Self.stepSegments) - 1)
            let encoded = try numbers.map { try journal.segment($0) }
            let priced = Mutex([PricedSegment?](repeating: nil, count: encoded.count))
            let failure = Mutex(String?.none)
            let (terms, segments) = (simulation.terms, encoded)
            DispatchQueue.concurrentPerform(iterations: segments.count) { place in
                do {
                    guard let contents = try segments[place]?.contents(after: nil) else { return }
                    let found = PricedSegment(contents, by: terms)
                    priced.withLock { $0[place] = found }
                } catch {
                    failure.withLock { $0 = "\(error)" }
                }
            }
            if let reason = failure.withLock({ $0 }) {
                throw Failure.failed("the journal is not what was written: \(reason)")
            }
            for segment in priced.withLock({ $0 }) {
                guard let segment else { throw Failure.failed("a segment is missing") }
                simulation.fold(segment)
            }
            number = numbers.upperBound + 1
            bar.show(Int(number - first))
        }
    }

    private func show(_ answer: SimulationAnswer, _ arguments: Arguments) throws {
        guard !arguments.has("--csv") || !arguments.has("--json") else {
            throw Failure.usage("it is --csv or --json")
        }
        if arguments.has("--csv") {
            return Terminal.print(String(decoding: answer.csv.dropLast(), as: UTF8.self))
        }
        var bytes: [UInt8] = []
        answer.write(to: &bytes)
        guard !arguments.has("--json") else {
            return Terminal.print(String(decoding: bytes, as: UTF8.self))
        }
        Terminal.print(SimulationText(try JSONValue(bytes)).lines.joined(separator: "\n"))
    }
}

/// A simulation as people read it.
struct SimulationText {
    /// The most accounts that are shown.
    private static let accountsMax = 20

    let lines: [String]

    init(_ answer: JSONValue) {
        let number = { (value: JSONValue?) in
            if case .number(let text)? = value { ReplayReport.grouped(text) } else { "" }
        }
        let sums = { (name: String, value: JSONValue) in
            [
                name, number(value["calls"]), number(value["credits_before"]),
                number(value["credits_after"]), number(value["difference"]),
                number(value["refused_calls"]), number(value["refused_credits"]),
            ]
        }
        let header = ["", "calls", "before", "after", "difference", "refused", "credits"]
        var rows = [header, sums("all", answer)]
        for action in answer["actions"]?.array ?? [] {
            rows.append(sums(action["action"]?.string ?? "", action))
        }
        rows.append([])
        let accounts = answer["accounts"]?.array ?? []
        for account in accounts.prefix(Self.accountsMax) {
            let name = account["account"]?.string ?? ""
            let isNegative = account["goes_negative"] == .bool(true)
            rows.append(
                sums(name, account)
                    + (isNegative ? ["down to \(number(account["lowest_balance_after"]))"] : []))
        }
        var lines = Self.table(rows)
        if accounts.count > Self.accountsMax {
            lines.append("(\(accounts.count - Self.accountsMax) more accounts: --csv or --json)")
        }
        let counted = { (member: String, noun: String) in
            let count = number(answer[member])
            return "\(count) \(noun)\(count == "1" ? "" : "s")"
        }
        lines += [
            "",
            "\(counted("refused_calls", "call")) of \(counted("accounts_refused", "account")) would "
                + "be refused, \(counted("accounts_going_negative", "account")) would go negative "
                + "if none were",
        ]
        if case .number(let count)? = answer["unpriced"]?["calls"], count != "0" {
            let first = answer["unpriced"]?["examples"]?.array?.first
            lines.append(
                "\(count) calls have no price in the draft, such as \(first?["action"]?.string ?? "") "
                    + "(\(first?["code"]?.string ?? ""))")
        }
        self.lines = lines
    }

    /// Columns as wide as they must be, names to the left and figures to the right.
    private static func table(_ rows: [[String]]) -> [String] {
        var widths = [Int](repeating: 0, count: rows.map(\.count).max() ?? 0)
        for row in rows {
            for (place, cell) in row.enumerated() { widths[place] = max(widths[place], cell.count) }
        }
        return rows.map { row in
            row.enumerated().map { place, cell in
                let gap = String(repeating: " ", count: widths[place] - cell.count)
                return place == 0 ? cell + gap : "  " + gap + cell
            }.joined()
        }
    }
}
