import Credit
import Engine
import JSON
import Ledger
import Partition
import Pricing
import SQLiteStore
import Store
import Terminal
import Wire

/// `tally prices simulate`: what a stored period would have cost under other prices.
struct SimulateCommand {
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
        period = try arguments.period()
        data = try arguments.value("--data") ?? DataOption.usual
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

    /// Prices segments on every core, and folds them in order.
    private func replay(
        _ journal: SQLiteJournalReader, _ simulation: inout PriceSimulation
    ) throws {
        let last = try journal.lastNumber()
        let first = try simulation.firstSegment(last: last) { number in
            try journal.segment(number)?.contents(after: nil).time
        }
        let terms = simulation.terms
        try JournalWalk(journal: journal, name: "simulate").run(
            first..<max(first, last + 1),
            prepare: { PricedSegment(try $0.contents(after: nil), by: terms) },
            take: { for segment in $0 { simulation.fold(segment) } })
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
        self.lines = lines + Self.deletions(answer)
    }

    private static func deletions(_ answer: JSONValue) -> [String] {
        guard case .number(let count)? = answer["details_deleted_calls"], count != "0" else {
            return []
        }
        return ["\(count) calls are counted at what they cost: their details were deleted"]
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
