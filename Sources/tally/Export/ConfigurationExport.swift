import Credit
import JSON
import Ledger
import Wire

extension LedgerExport {
    /// Writes the file that `tally apply` takes, in YAML; gives how many things it names.
    func writeConfiguration(to output: ExportOutput) throws -> Int {
        var plans: [String: JSONValue] = [:]
        for plan in ledger.catalogue.plans {
            plans[plan.terms.id.text] = try Self.members(
                of: PlanAnswer(plan: plan), but: ["id", "version", "created_at"])
        }
        var described: [String: JSONValue] = [:]
        var count = plans.count
        for (slot, profile) in accounts {
            let budgets = try budgets(of: slot)
            var account =
                try Self.members(
                    of: AccountAnswer(profile: profile, record: ledger.record(slot), nextPlan: nil),
                    but: ["id", "next_plan", "created_at", "anchor"]
                ).members ?? [:]
            if profile.isAnchorFixed { account["anchor"] = .string(profile.anchor.rfc3339) }
            if !budgets.isEmpty { account["budgets"] = .object(budgets) }
            described[profile.id.text] = .object(account)
            count += 1 + budgets.count
        }
        let lists = try priceLists(to: output)
        let sections = [("price_lists", lists), ("plans", plans), ("accounts", described)]
        for (name, things) in sections where !things.isEmpty {
            try output.write(Array("\(name):\n".utf8))
            for (id, thing) in things.sorted(by: { $0.key < $1.key }) {
                try output.write(Array("  \(ConfigurationText.key(id)):\n".utf8))
                try output.write(ConfigurationText.members(of: thing, depth: 2))
            }
        }
        return count + lists.count
    }

    /// The price lists as they are in force; a file has room for no others, which are named in it.
    private func priceLists(to output: ExportOutput) throws -> [String: JSONValue] {
        var lists: [String: JSONValue] = [:]
        let now = Instant.now
        let versions = Dictionary(grouping: ledger.catalogue.priceLists, by: \.name)
        for (name, all) in versions.sorted(by: { $0.key < $1.key }) {
            let inForce = all.filter { $0.effectiveAt <= now }.max {
                ($0.effectiveAt, $0.version) < ($1.effectiveAt, $1.version)
            }
            guard let shown = inForce ?? all.last else { continue }
            for later in all where later.effectiveAt > now && later != shown {
                let note =
                    "# Not here: version \(later.version) of \(name.text), which begins at "
                    + "\(later.effectiveAt.rfc3339).\n"
                try output.write(Array(note.utf8))
            }
            var json = try JSONValue(shown.json).members ?? [:]
            if inForce != nil { json["effective_at"] = nil }
            lists[name.text] = .object(json)
        }
        return lists
    }

    private func budgets(of slot: AccountSlot) throws -> [String: JSONValue] {
        let keys = ledger.catalogue.apiKeys
        var found: [String: JSONValue] = [:]
        for budget in ledger.budgets(of: slot) {
            let answer = BudgetAnswer(budget: budget) { slot in
                Int(slot) < keys.count ? keys[Int(slot)].id.text : nil
            }
            found[budget.terms.name.text] = try Self.members(
                of: answer, but: ["name", "window_start", "resets_at", "used", "counters"])
        }
        return found
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
