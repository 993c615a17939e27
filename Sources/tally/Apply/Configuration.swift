import CivilTime
import Credit
import JSON
import Ledger
import Pricing
import Wire

/// What a file says of price lists, plans and accounts, checked as the server checks it.
struct Configuration {
    struct PriceListPart {
        let name: Name
        let draft: PriceList.Draft
    }

    struct AccountPart {
        let id: Name
        /// What is said of the account itself, as the API names it.
        let members: [String: JSONValue]
        /// The plan that it is to have; the inner nil is none, the outer that nothing is said.
        let plan: Name??
        let isSuspended: Bool?
        let budgets: [BudgetPart]

        /// The budgets, each after its parent, which is one of them or of `others`.
        func budgetsInOrder(besides others: Set<String>) throws -> [BudgetPart] {
            var rest = budgets
            var known = others
            var ordered: [BudgetPart] = []
            while !rest.isEmpty {
                let ready = rest.filter { $0.body.parent.map { known.contains($0.text) } ?? true }
                guard !ready.isEmpty else {
                    let first = rest[0]
                    throw Failure.failed(
                        "accounts.\(id.text).budgets.\(first.name.text).parent: there is no budget "
                            + "\(first.body.parent?.text ?? ""), or it stands below this one")
                }
                ordered += ready
                known.formUnion(ready.map(\.name.text))
                rest.removeAll { known.contains($0.name.text) }
            }
            return ordered
        }

        /// The same without its plan, and not suspended: as entries of the past need it.
        var forImport: Self {
            Self(id: id, members: members, plan: nil, isSuspended: nil, budgets: [])
        }
    }

    struct BudgetPart {
        let name: Name
        let json: JSONValue
        let body: BudgetBody
    }

    /// The most bytes of a file.
    private static let bytesMax = 64 << 20
    private static let limits = APILimits()
    private static let zones = TimeZones()

    let priceLists: [PriceListPart]
    let plans: [PlanTerms]
    let accounts: [AccountPart]

    /// Reads a file, YAML unless its name ends with `.json`; `-` is standard input.
    init(path: String) throws {
        let text = try InputFile.bytes(of: path, limit: Self.bytesMax)
        // A byte order mark is no part of JSON.
        let isMarked = text.starts(with: [0xEF, 0xBB, 0xBF])
        let json =
            path.hasSuffix(".json")
            ? Array(text.dropFirst(isMarked ? 3 : 0)) : try YAMLText.json(text, path: path)
        let root: JSONValue
        do {
            root = try JSONValue(json)
        } catch {
            throw Failure.failed("\(path): \(Self.text(of: error))")
        }
        do {
            try self.init(root)
        } catch Failure.failed(let message) {
            throw Failure.failed("\(path): \(message)")
        }
    }

    private static func text(of error: any Error) -> String {
        if let failure = error as? Failure { return failure.message ?? "" }
        if let json = error as? JSONError { return "it is no JSON, at byte \(json.offset + 1)" }
        return "\(error)"
    }

    private init(_ root: JSONValue) throws {
        guard let parts = root.members else {
            throw Failure.failed("it takes an object with price_lists, plans and accounts")
        }
        var (priceLists, plans): ([PriceListPart], [PlanTerms]) = ([], [])
        var accounts: [AccountPart] = []
        for (part, value) in parts {
            let sections = try Self.named(value, in: part)
            switch part {
            case "price_lists": priceLists = try sections.map(Self.priceList)
            case "plans": plans = try sections.map(Self.plan)
            case "accounts": accounts = try sections.map(Self.account)
            default:
                throw Failure.failed("unknown \(part): it takes price_lists, plans and accounts")
            }
        }
        (self.priceLists, self.plans, self.accounts) = (priceLists, plans, accounts)
    }

    /// The members of a section in the order of their names.
    private static func named(
        _ value: JSONValue, in section: String
    ) throws -> [(name: Name, value: JSONValue)] {
        guard value != .null else { return [] }
        guard let members = value.members else {
            throw Failure.failed("\(section): it takes an object, each member by its id")
        }
        return try members.sorted { $0.key < $1.key }.map { name, value in
            guard let id = try? Name(name) else {
                throw Failure.failed("\(section).\(name): an id is 1 to 64 of A-Z a-z 0-9 . _ : -")
            }
            return (id, value)
        }
    }

    private static func priceList(_ name: Name, _ value: JSONValue) throws -> PriceListPart {
        do throws(PriceListError) {
            return PriceListPart(name: name, draft: try PriceList.Draft(json: value.bytes.span))
        } catch {
            throw Failure.failed("price_lists.\(name.text): \(error.text)")
        }
    }

    private static func plan(_ id: Name, _ value: JSONValue) throws -> PlanTerms {
        try checked("plans.\(id.text)") { () throws(Problem) in
            try PlanTerms(id: id, body: value.bytes, limits: limits)
        }
    }

    /// Only accounts, such as a table has them.
    init(accounts: [AccountPart]) {
        (priceLists, plans) = ([], [])
        self.accounts = accounts
    }

    /// What is said of one account.
    static func account(_ id: Name, _ value: JSONValue) throws -> AccountPart {
        let path = "accounts.\(id.text)"
        guard var members = value.members else {
            throw Failure.failed("\(path): it takes an object")
        }
        let budgets = try members.removeValue(forKey: "budgets").map { value in
            try named(value, in: "\(path).budgets").map { try budget($0, $1, of: path) }
        }
        if let name = members.first(where: {
            $0.value == .null && $0.key != "plan" && $0.key != "price_list"
        })?
        .key {
            throw Failure.failed("\(path).\(name): it has no value; leave it out")
        }
        guard members["id"] == nil else {
            throw Failure.failed("\(path).id: the id stands before the colon")
        }
        let suspended = members.removeValue(forKey: "suspended")
        var isSuspended: Bool?
        switch suspended {
        case nil: break
        case .bool(let isTrue)?: isSuspended = isTrue
        default: throw Failure.failed("\(path).suspended: it is true or false")
        }
        let new = try checked(path) { () throws(Problem) in
            try NewAccount(body: creation(of: id, members), limits: limits)
        }
        guard zones.rules(of: new.timeZone) != nil else {
            throw Failure.failed("\(path).time_zone: it is no time zone that this system knows")
        }
        let plan = members.removeValue(forKey: "plan").map { $0.string.flatMap { try? Name($0) } }
        return AccountPart(
            id: id, members: members, plan: plan, isSuspended: isSuspended, budgets: budgets ?? [])
    }

    /// The body that makes an account of what a file says; its name is its id unless it says another.
    static func creation(of id: Name, _ members: [String: JSONValue]) -> [UInt8] {
        var all = members.filter { $0.value != .null }
        all["id"] = .string(id.text)
        if all["name"] == nil { all["name"] = .string(id.text) }
        return JSONValue.object(all).bytes
    }

    private static func budget(
        _ name: Name, _ value: JSONValue, of account: String
    ) throws -> BudgetPart {
        let body = try checked("\(account).budgets.\(name.text)") { () throws(Problem) in
            try BudgetBody(value.bytes, limits: limits)
        }
        return BudgetPart(name: name, json: value, body: body)
    }

    private static func checked<Value>(
        _ path: String, _ read: () throws(Problem) -> Value
    ) throws -> Value {
        do throws(Problem) {
            return try read()
        } catch {
            let field = error.field.map { ".\($0)" } ?? ""
            throw Failure.failed("\(path)\(field): \(error.detail)")
        }
    }
}
