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

    /// A line for each account and action, with a header.
    public var csv: [UInt8] {
        var bytes = Array("account,action,calls,credits_before,credits_after,difference\n".utf8)
        for row in simulation.rows {
            bytes += Array("\(id(row.account)?.text ?? ""),".utf8) + row.action
            bytes += Array(",\(row.sums.calls),".utf8)
            bytes.append(micros: row.sums.before)
            bytes.append(UInt8(ascii: ","))
            bytes.append(micros: row.sums.after)
            bytes.append(UInt8(ascii: ","))
            bytes.append(micros: row.sums.difference)
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
        let accounts = simulation.accounts
        let refusing = accounts.filter { $0.refusedCalls > 0 }
        writer.key("refused")
        writer.beginObject()
        writer.member("calls", refusing.reduce(0) { $0 + $1.refusedCalls })
        writer.member("accounts", refusing.count)
        writer.endObject()
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
            writer.member("refused_calls", account.refusedCalls)
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
    }
}
