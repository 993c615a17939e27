public import Credit
public import Engine
public import JSON
public import Ledger
internal import Pricing

/// What a stored period would have cost under a draft, as JSON or as a table.
public struct SimulationAnswer: Sendable {
    /// The most accounts that the JSON names, those that change most first.
    public static let accountsMax = 1000

    private let simulation: PriceSimulation
    private let list: Name
    private let period: Range<Instant>
    private let id: @Sendable (AccountSlot) -> Name?

    /// The answer for the list that a draft would replace; `id` names an account.
    public init(
        _ simulation: PriceSimulation, list: Name, period: Range<Instant>,
        id: @escaping @Sendable (AccountSlot) -> Name?
    ) {
        self.simulation = simulation
        self.list = list
        self.period = period
        self.id = id
    }

    /// A line for each account and action, with a header; what is said of the account as a whole
    /// stands in each of its lines.
    public var csv: [UInt8] {
        var bytes = Array(
            ("account,action,calls,credits_before,credits_after,difference,refused_calls,"
                + "refused_credits,account_first_refused_at,account_lowest_balance_after,"
                + "account_goes_negative\n").utf8)
        let accounts = Dictionary(
            simulation.accounts.map { ($0.slot, $0) }, uniquingKeysWith: { first, _ in first })
        for row in simulation.rows {
            bytes += Array("\(id(row.account)?.text ?? ""),".utf8) + row.action
            bytes += Array(",\(row.sums.calls),".utf8)
            bytes.append(micros: row.sums.before)
            bytes.append(UInt8(ascii: ","))
            bytes.append(micros: row.sums.after)
            bytes.append(UInt8(ascii: ","))
            bytes.append(micros: row.sums.difference)
            bytes += Array(",\(row.sums.refusedCalls),".utf8)
            bytes.append(micros: row.sums.refused)
            bytes.append(UInt8(ascii: ","))
            if let account = accounts[row.account] {
                if let time = account.firstRefusedAt { bytes += Array(time.rfc3339.utf8) }
                bytes.append(UInt8(ascii: ","))
                bytes.append(micros: account.lowestAfter)
                bytes += Array(",\(account.goesNegative)".utf8)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }
}

extension SimulationAnswer: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: 1 << 16)
        writer.beginObject()
        writer.member("list", list)
        writer.member("from", period.lowerBound)
        writer.member("to", period.upperBound)
        writer.add(simulation.total)
        addUnpriced(to: &writer)
        writer.member("details_deleted_calls", simulation.deletedCalls)
        let accounts = simulation.accounts
        writer.member("accounts_refused", accounts.count { $0.sums.refusedCalls > 0 })
        writer.member("accounts_going_negative", accounts.count { $0.goesNegative })
        writer.key("actions")
        writer.beginArray()
        for (action, sums) in simulation.sumsByAction {
            writer.beginObject()
            writer.key("action")
            writer.value(string: action.span)
            writer.add(sums)
            writer.endObject()
        }
        writer.endArray()
        add(accounts, to: &writer)
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }

    private func addUnpriced(to writer: inout JSONWriter) {
        writer.key("unpriced")
        writer.beginObject()
        writer.member("calls", simulation.unpricedCalls)
        writer.key("examples")
        writer.beginArray()
        for call in simulation.unpriced {
            writer.beginObject()
            writer.member("entry_id", call.position.id(as: EntryID.self))
            writer.key("action")
            writer.value(string: call.action.span)
            writer.member("code", call.error.code)
            writer.member("field", call.error.field)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    private func add(_ accounts: [PriceSimulation.Account], to writer: inout JSONWriter) {
        let rows = Dictionary(grouping: simulation.rows, by: \.account)
        let sorted = accounts.sorted {
            ($1.sums.difference.magnitude, $0.slot) < ($0.sums.difference.magnitude, $1.slot)
        }
        writer.key("accounts")
        writer.beginArray()
        for account in sorted.prefix(Self.accountsMax) {
            writer.beginObject()
            writer.member("account", id(account.slot))
            writer.add(account.sums)
            writer.member("first_refused_at", account.firstRefusedAt)
            writer.member("lowest_balance_before", CreditsSum(micros: account.lowestBefore))
            writer.member("lowest_balance_after", CreditsSum(micros: account.lowestAfter))
            writer.member("goes_negative", account.goesNegative)
            writer.key("actions")
            writer.beginArray()
            for row in rows[account.slot] ?? [] {
                writer.beginObject()
                writer.key("action")
                writer.value(string: row.action.span)
                writer.add(row.sums)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.member("accounts_omitted", max(0, accounts.count - Self.accountsMax))
    }
}

extension PriceSimulation.Sums {
    /// What would be paid more, in micro-credits.
    var difference: Int128 { after - before }
}

extension JSONWriter {
    fileprivate mutating func add(_ sums: PriceSimulation.Sums) {
        member("calls", sums.calls)
        member("credits_before", CreditsSum(micros: sums.before))
        member("credits_after", CreditsSum(micros: sums.after))
        member("difference", CreditsSum(micros: sums.difference))
        member("refused_calls", sums.refusedCalls)
        member("refused_credits", CreditsSum(micros: sums.refused))
    }
}
