import Credit
import HTTP
import JSON
import Ledger
import Pricing
import Terminal
import Wire

/// Compares a file with a server: what the server would have to change.
struct ConfigurationComparison {
    /// When accounts that have a plan get another.
    enum PlanChange: String {
        case now
        case periodEnd = "period_end"
    }

    let connection: TallyConnection
    let planChange: PlanChange
    private(set) var changes: [ConfigurationChange] = []
    /// How many things are as the file says.
    private(set) var unchangedCount = 0
    /// What will come although nothing differs now.
    private(set) var warnings: [String] = []
    private var plans: [String: JSONValue] = [:]
    /// The price lists that there will be, by whether there are; asked for once each.
    private var knownLists: [Name: Bool] = [:]

    init(_ connection: TallyConnection, planChange: PlanChange) {
        self.connection = connection
        self.planChange = planChange
    }

    /// Finds all that differs, in the order in which it can be changed.
    mutating func compare(_ configuration: Configuration) throws {
        try readPlans()
        var bar = ProgressBar("compare", total: configuration.accounts.count)
        defer { bar.finish() }
        for part in configuration.priceLists { knownLists[part.name] = true }
        for part in configuration.priceLists { try compare(part) }
        for terms in configuration.plans { try compare(terms) }
        let planIDs = Set(plans.keys).union(configuration.plans.map(\.id.text))
        for (index, part) in configuration.accounts.enumerated() {
            if case .some(.some(let plan)) = part.plan, !planIDs.contains(plan.text) {
                throw Failure.failed(
                    "accounts.\(part.id.text).plan: there is no plan \(plan.text), "
                        + "in the file or on the server")
            }
            try compare(part)
            bar.show(index + 1)
        }
    }

    private mutating func add(_ change: ConfigurationChange?) {
        if let change { changes.append(change) } else { unchangedCount += 1 }
    }

    private func current(_ path: String) throws -> JSONValue? {
        let (status, json) = try connection.send(
            connection.request(.get, path), allowing: [200, 404])
        return status == 200 ? json : nil
    }

    private mutating func checkPriceList(_ list: JSONValue?, at path: String) throws {
        guard let list = list?.string, let name = try? Name(list) else { return }
        if knownLists[name] == nil {
            knownLists[name] = try current("/v1/price-lists/\(name.text)") != nil
        }
        guard knownLists[name] == true else {
            throw Failure.failed(
                "\(path).price_list: there is no price list \(list), in the file or on the server")
        }
    }
}

extension ConfigurationComparison {
    private mutating func compare(_ part: Configuration.PriceListPart) throws {
        let path = "/v1/price-lists/\(part.name.text)"
        let wanted = try JSONValue(part.draft.canonicalJSON)
        let step = ConfigurationChange.Step(
            method: .put, path: path, body: part.draft.canonicalJSON)
        guard var found = try current(path) else {
            guard part.draft.effectiveAt.map({ $0 > .now }) ?? true else {
                throw Self.isPast(part.name)
            }
            return add(
                ConfigurationChange(
                    kind: .create, object: "price list", id: part.name.text,
                    note: "\(part.draft.rules.count) rules", steps: [step]))
        }
        // What is in force counts, or the version that begins when the file says.
        let begin = part.draft.effectiveAt
        let isLater = begin.map { $0 > .now } ?? false
        let scheduled = found["scheduled"]?.array ?? []
        let same = scheduled.last { $0["effective_at"]?.string.flatMap(Self.time) == begin }
        if isLater, let same, case .number(let version)? = same["version"] {
            found = try current("\(path)/versions/\(version)") ?? found
        }
        var fields = Self.priceDifferences(found, wanted)
        if isLater, same == nil {
            let name = "effective_at"
            fields.append(
                .init(name: name, from: found[name], to: begin.map { .string($0.rfc3339) }))
        }
        guard !fields.isEmpty else {
            if !isLater, let next = scheduled.first?["effective_at"]?.string {
                warnings.append(
                    "price list \(part.name.text): another version begins at \(next) and replaces this one"
                )
            }
            return add(nil)
        }
        guard begin == nil || isLater else { throw Self.isPast(part.name) }
        add(
            ConfigurationChange(
                kind: .change, object: "price list", id: part.name.text, fields: fields,
                note: "a new version; calls of before keep theirs", steps: [step]))
    }

    private static func time(_ text: String) -> Instant? { try? Instant(rfc3339: text.utf8.span) }

    private static func isPast(_ list: Name) -> Failure {
        .failed("price_lists.\(list.text).effective_at: it is past; leave it out for now")
    }

    private static func priceDifferences(
        _ old: JSONValue, _ new: JSONValue
    ) -> [ConfigurationChange.Field] {
        let name = "usd_per_credit"
        let rules = ruleDifferences(old["rules"]?.array ?? [], new["rules"]?.array ?? [])
        guard old[name] != new[name] else { return rules }
        return [.init(name: name, from: old[name], to: new[name])] + rules
    }

    /// The rules that differ, by their ids; their order where only that does.
    private static func ruleDifferences(
        _ old: [JSONValue], _ new: [JSONValue]
    ) -> [ConfigurationChange.Field] {
        guard old != new else { return [] }
        let named = { (rules: [JSONValue]) in
            Dictionary(rules.map { ($0["id"]?.string ?? "", $0) }, uniquingKeysWith: { $1 })
        }
        let (before, after) = (named(old), named(new))
        let ids = Set(before.keys).union(after.keys).sorted()
        let fields = ids.flatMap { id -> [ConfigurationChange.Field] in
            guard let old = before[id]?.members, let new = after[id]?.members else {
                return [.init(name: "rule \(id)", from: before[id], to: after[id])]
            }
            return Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }
                .map { .init(name: "rule \(id): \($0)", from: old[$0], to: new[$0]) }
        }
        guard fields.isEmpty else { return fields }
        let order = { (rules: [JSONValue]) in JSONValue.array(rules.compactMap { $0["id"] }) }
        return [.init(name: "order of rules", from: order(old), to: order(new))]
    }
}

extension ConfigurationComparison {
    private mutating func readPlans() throws {
        var cursor: String?
        repeat {
            let more = cursor.map { "&cursor=\($0)" } ?? ""
            let (_, page) = try connection.send(
                connection.request(.get, "/v1/plans?limit=1000\(more)"))
            for plan in page["data"]?.array ?? [] {
                if let id = plan["id"]?.string { plans[id] = plan }
            }
            cursor = page["next_cursor"]?.string
        } while cursor != nil
    }

    private mutating func compare(_ terms: PlanTerms) throws {
        var answer: [UInt8] = []
        PlanAnswer(plan: PlanEvent(terms: terms, version: 0, time: .epoch)).write(to: &answer)
        let wanted = try JSONValue(answer).members ?? [:]
        try checkPriceList(wanted["price_list"], at: "plans.\(terms.id.text)")
        let known = Set(["id", "version", "created_at"])
        var change = ConfigurationChange(
            kind: plans[terms.id.text] == nil ? .create : .change, object: "plan",
            id: terms.id.text)
        if let found = plans[terms.id.text] {
            for (name, value) in wanted.sorted(by: { $0.key < $1.key })
            where !known.contains(name) && found[name] != value {
                change.fields.append(.init(name: name, from: found[name], to: value))
            }
            guard !change.fields.isEmpty else { return add(nil) }
            change.note = "a new version, for periods that begin from then on"
        }
        let body = wanted.filter { !known.contains($0.key) && $0.value != .null }
        change.steps = [
            .init(
                method: .put, path: "/v1/plans/\(terms.id.text)",
                body: JSONValue.object(body).bytes)
        ]
        add(change)
    }
}

extension ConfigurationComparison {
    private mutating func compare(_ part: Configuration.AccountPart) throws {
        let path = "/v1/accounts/\(part.id.text)"
        try checkPriceList(part.members["price_list"], at: "accounts.\(part.id.text)")
        guard let found = try current(path) else {
            var members = part.members
            if case .some(.some(let plan)) = part.plan { members["plan"] = .string(plan.text) }
            var change = ConfigurationChange(kind: .create, object: "account", id: part.id.text)
            let body = Configuration.creation(of: part.id, members)
            change.steps = [.init(method: .post, path: "/v1/accounts", body: body)]
            if part.isSuspended == true {
                change.steps.append(.init(method: .post, path: path + "/suspend", body: []))
            }
            add(change)
            for budget in try part.budgetsInOrder(besides: []) {
                try compare(budget, of: part.id, current: nil)
            }
            return
        }
        try compare(part, with: found, at: path)
        guard !part.budgets.isEmpty else { return }
        let (_, page) = try connection.send(connection.request(.get, "\(path)/budgets"))
        let known = Dictionary(
            (page["data"]?.array ?? []).map { ($0["name"]?.string ?? "", $0) },
            uniquingKeysWith: { $1 })
        for budget in try part.budgetsInOrder(besides: Set(known.keys)) {
            try compare(budget, of: part.id, current: known[budget.name.text])
        }
    }

    private mutating func compare(
        _ part: Configuration.AccountPart, with found: JSONValue, at path: String
    ) throws {
        var change = ConfigurationChange(kind: .change, object: "account", id: part.id.text)
        var body: [String: JSONValue] = [:]
        for (name, value) in part.members.sorted(by: { $0.key < $1.key }) {
            let isSame = try Self.isSame(value, found[name] ?? .null, in: name)
            guard !isSame else { continue }
            guard name != "anchor" else {
                throw Failure.failed(
                    "accounts.\(part.id.text).anchor: an account keeps the anchor that it was made "
                        + "with, \(found[name]?.string ?? "")")
            }
            body[name] = value
            change.fields.append(.init(name: name, from: found[name], to: value))
        }
        if !body.isEmpty {
            change.steps.append(
                .init(method: .patch, path: path, body: JSONValue.object(body).bytes))
        }
        comparePlan(part, with: found, at: path, &change)
        if let isSuspended = part.isSuspended, found["suspended"] != .bool(isSuspended) {
            change.fields.append(
                .init(name: "suspended", from: found["suspended"], to: .bool(isSuspended)))
            let verb = isSuspended ? "suspend" : "resume"
            change.steps.append(.init(method: .post, path: "\(path)/\(verb)", body: []))
        }
        add(change.fields.isEmpty ? nil : change)
    }

    /// True when the server would read both alike.
    private static func isSame(_ new: JSONValue, _ old: JSONValue, in name: String) throws -> Bool {
        guard name != "anchor" else {
            let times = [new, old].map { value in
                value.string.flatMap { try? Instant(rfc3339: $0.utf8.span) }
            }
            return new == .null || times[0] == times[1]
        }
        let changes = [new, old].map { value in
            let body = JSONValue.object([name: value]).bytes
            return Result { () throws(Problem) in
                try AccountChange(body: body, limits: APILimits())
            }
        }
        return try changes[0].get() == changes[1].get()
    }

    private func comparePlan(
        _ part: Configuration.AccountPart, with found: JSONValue, at path: String,
        _ change: inout ConfigurationChange
    ) {
        guard let plan = part.plan else { return }
        let wanted = plan.map { JSONValue.string($0.text) } ?? .null
        let current = found["plan"] ?? .null
        let next = found["next_plan"]?["plan"] ?? current
        // A change that waits is left alone: the file says what the plan is, not what it will be.
        let isAgreed = wanted == current || planChange == .periodEnd && wanted == next
        guard !isAgreed else { return }
        // Without a plan there is no period to wait for the end of.
        let when = current == .null ? PlanChange.now : planChange
        change.fields.append(.init(name: "plan", from: current, to: wanted))
        change.note = when == .now ? "plan: at once" : "plan: at the end of the period"
        let body = JSONValue.object(["plan": wanted, "when": .string(when.rawValue)])
        change.steps.append(
            .init(method: .post, path: path + "/plan", body: body.bytes, isMoney: true))
    }

    private mutating func compare(
        _ part: Configuration.BudgetPart, of account: Name, current: JSONValue?
    ) throws {
        var change = ConfigurationChange(
            kind: current == nil ? .create : .change, object: "budget",
            id: "\(account.text)/\(part.name.text)")
        if let current {
            let names = ["scope", "limit", "window", "parent"]
            let shown = names.reduce(into: [String: JSONValue]()) { shown, name in
                if let value = current[name], value != .null { shown[name] = value }
            }
            let found = try BudgetBody(JSONValue.object(shown).bytes, limits: APILimits())
            guard found != part.body else { return add(nil) }
            for name in names {
                let new = part.json[name].flatMap { $0 == .null ? nil : $0 }
                let isSame = name == "limit" ? found.limit == part.body.limit : shown[name] == new
                if !isSame { change.fields.append(.init(name: name, from: shown[name], to: new)) }
            }
            if let other = change.fields.first(where: { $0.name != "limit" }) {
                throw Failure.failed(
                    "accounts.\(account.text).budgets.\(part.name.text).\(other.name): only the limit of a "
                        + "budget can be changed; delete it first")
            }
        }
        change.steps = [
            .init(
                method: .put, path: "/v1/accounts/\(account.text)/budgets/\(part.name.text)",
                body: part.json.bytes)
        ]
        add(change)
    }
}
