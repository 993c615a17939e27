import Credit
import Engine
import JSON
import Ledger
import SQLiteStore
import Store
import Terminal
import Wire

/// Writes what the ledger of a journal holds at its end: accounts, lots, keys.
struct LedgerExport {
    let ledger: Ledger
    /// What was said of grants, by where they stand in the journal.
    private let memos: [Position: [UInt8]]

    /// Folds a whole journal.
    init(_ journal: SQLiteJournalReader) throws {
        var memos: [Position: [UInt8]] = [:]
        var segments = 0
        var bar = ProgressBar("read", total: Int(try journal.lastNumber()))
        defer { bar.finish() }
        do throws(StoreError) {
            let recovered = try Recovery.recover(
                from: journal, checkpoint: nil, seed: 0, interimEvents: StoreTuning().interimEvents
            ) { contents in
                segments += 1
                bar.show(segments)
                contents.visit { position, item in
                    guard case .event(let index) = item,
                        case .granted(let grant) = contents.events[index], !grant.memo.isEmpty
                    else { return }
                    memos[position] = grant.memo
                }
            }
            ledger = recovered.ledger
        } catch {
            throw Failure.failed("the journal is not what was written: \(error)")
        }
        self.memos = memos
    }

    private var accounts: [(slot: AccountSlot, profile: AccountProfile)] {
        ledger.catalogue.accounts.enumerated().map {
            (AccountSlot(truncatingIfNeeded: $0.offset), $0.element)
        }
    }

    /// Writes a row for each account; gives how many, as all of these do.
    func writeAccounts(_ format: ExportFormat, to output: ExportOutput) throws -> Int {
        let table = try ExportTable(
            [
                "id", "name", "plan", "anchor", "time_zone", "overdraft_limit", "price_list",
                "suspended", "created_at", "available", "held", "negative", "granted", "charged",
                "refunded", "uncollected", "seq", "metadata",
            ], format, to: output)
        for (slot, profile) in accounts {
            let record = ledger.record(slot)
            try table.add([
                .text(profile.id.text), .text(profile.name), .optional(profile.plan?.id.text),
                .time(profile.anchor), .text(profile.timeZone),
                .amount(Credits(micros: record.overdraftLimit)),
                .optional(profile.priceList?.text), .flag(record.isSuspended),
                .time(profile.createdAt), .amount(Credits(micros: record.available)),
                .amount(Credits(micros: record.held)), .amount(Credits(micros: record.debt)),
                .sum(record.granted), .sum(record.charged), .sum(record.refunded),
                .sum(record.uncollected), .number(Int64(clamping: record.sequence)),
                profile.metadata.isEmpty ? .none : .json(profile.metadata),
            ])
        }
        return accounts.count
    }

    /// Writes a row for each grant of which something remains or is held.
    func writeBalances(_ format: ExportFormat, to output: ExportOutput) throws -> Int {
        let table = try ExportTable(
            [
                "account", "grant", "credits", "held", "granted", "kind", "priority",
                "effective_at", "expires_at", "package", "price_paid", "payment_reference", "note",
            ], format, to: output)
        var count = 0
        for (slot, profile) in accounts {
            for lot in ledger.lots(of: slot) where lot.remaining > 0 || lot.held > 0 {
                let memo = try memos[lot.position].map { try JSONValue($0) }
                let paid = memo?["price_paid"]?.bytes
                try table.add([
                    .text(profile.id.text), .text(lot.id.text),
                    .amount(Credits(micros: lot.remaining)), .amount(Credits(micros: lot.held)),
                    .amount(Credits(micros: lot.granted)), .text(lot.source.text),
                    .number(Int64(lot.priority)), .time(lot.effectiveAt), .end(lot.expiresAt),
                    .optional(memo?["package"]?.string), paid.map { .json($0) } ?? .none,
                    .optional(memo?["payment_reference"]?.string),
                    .optional(memo?["note"]?.string),
                ])
                count += 1
            }
        }
        return count
    }

    /// Writes a row for each key of a customer: the hash of its secret, never the secret.
    func writeKeys(_ format: ExportFormat, to output: ExportOutput) throws -> Int {
        let table = try ExportTable(
            [
                "account", "id", "name", "sha256", "hint", "scopes", "expires_at", "revoked",
                "created_at",
            ], format, to: output)
        var count = 0
        for key in ledger.catalogue.apiKeys {
            guard case .customer(let account) = key.role else { continue }
            let digits = key.secretHash.map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
            try table.add([
                .text(account.text), .text(key.id.text), .text(key.name), .text(digits.joined()),
                .text(key.hint), .texts(key.scopes), key.expiresAt.map { .time($0) } ?? .none,
                .flag(key.isRevoked), .time(key.createdAt),
            ])
            count += 1
        }
        return count
    }
}

extension LedgerExport {
    /// Writes the file that `tally apply` takes, in YAML; gives how many things it names.
    func writeConfiguration(to output: ExportOutput) throws -> Int {
        var lists: [String: JSONValue] = [:]
        for version in ledger.catalogue.priceLists {
            lists[version.name.text] = try JSONValue(version.json)
        }
        var plans: [String: JSONValue] = [:]
        for plan in ledger.catalogue.plans {
            plans[plan.terms.id.text] = try Self.members(
                of: PlanAnswer(plan: plan), but: ["id", "version", "created_at"])
        }
        var described: [String: JSONValue] = [:]
        var budgetCount = 0
        for (slot, profile) in accounts {
            var account =
                try Self.members(
                    of: AccountAnswer(profile: profile, record: ledger.record(slot), nextPlan: nil),
                    but: ["id", "next_plan", "created_at", "anchor"]
                ).members ?? [:]
            if profile.isAnchorFixed { account["anchor"] = .string(profile.anchor.rfc3339) }
            let budgets = ledger.budgets(of: slot)
            budgetCount += budgets.count
            if !budgets.isEmpty {
                let keys = ledger.catalogue.apiKeys
                account["budgets"] = .object(
                    Dictionary(
                        try budgets.map { budget in
                            let answer = BudgetAnswer(budget: budget) { slot in
                                Int(slot) < keys.count ? keys[Int(slot)].id.text : nil
                            }
                            let json = try Self.members(
                                of: answer,
                                but: ["name", "window_start", "resets_at", "used", "counters"])
                            return (budget.terms.name.text, json)
                        }, uniquingKeysWith: { $1 }))
            }
            described[profile.id.text] = .object(account)
        }
        let sections = [("price_lists", lists), ("plans", plans), ("accounts", described)]
        for (name, things) in sections where !things.isEmpty {
            try output.write(Array("\(name):\n".utf8))
            for (id, thing) in things.sorted(by: { $0.key < $1.key }) {
                try output.write(Array("  \(ConfigurationText.key(id)):\n".utf8))
                try output.write(ConfigurationText.members(of: thing, depth: 2))
            }
        }
        return lists.count + plans.count + described.count + budgetCount
    }

    /// What an answer says that is not null, but some members.
    private static func members(
        of answer: some JSONWritable, but left: Set<String>
    ) throws -> JSONValue {
        var bytes: [UInt8] = []
        answer.write(to: &bytes)
        let members = try JSONValue(bytes).members ?? [:]
        return .object(
            members.filter { name, value in
                let isEmpty = value == .null || name != "scope" && value == .object([:])
                return !left.contains(name) && !isEmpty
            })
    }
}

/// Configuration as YAML: blocks where people read, JSON within them.
enum ConfigurationText {
    /// A key as it is written in a block.
    static func key(_ name: String) -> String {
        let isPlain = name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_.-]*/) != nil
        return isPlain ? name : String(decoding: JSONValue.string(name).bytes, as: UTF8.self)
    }

    /// The members of an object, one a line, `depth` levels from the left.
    static func members(of value: JSONValue, depth: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        let indent = String(repeating: "  ", count: depth)
        for (name, value) in (value.members ?? [:]).sorted(by: { $0.key < $1.key }) {
            bytes.append(contentsOf: "\(indent)\(key(name)):".utf8)
            switch value {
            case .object(let members) where name == "budgets" && !members.isEmpty:
                bytes.append(0x0A)
                bytes.append(contentsOf: Self.members(of: value, depth: depth + 1))
            case .array(let elements) where !elements.isEmpty:
                bytes.append(0x0A)
                for element in elements {
                    bytes.append(contentsOf: "\(indent)  - ".utf8)
                    bytes.append(contentsOf: element.bytes + [0x0A])
                }
            default:
                bytes.append(UInt8(ascii: " "))
                bytes.append(contentsOf: value.bytes + [0x0A])
            }
        }
        return bytes
    }
}
