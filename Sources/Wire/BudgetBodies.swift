public import Credit
public import JSON
public import Ledger

/// What `PUT /v1/accounts/{id}/budgets/{name}` asks for.
public struct BudgetBody: Hashable, Sendable {
    private enum Field: String, CaseIterable {
        case scope
        case limit
        case window
        case parent
    }

    fileprivate enum ScopeField: String, CaseIterable {
        case team
        case key
        case scenario
        case run
        case action
    }

    private static let fields = FieldTable<Field>()
    private static let scopeFields = FieldTable<ScopeField>()
    private static let each = "*"

    /// The value asked for in each dimension; `*` for each, nil for whatever it is.
    public private(set) var scope: [BudgetDimension: String] = [:]
    public private(set) var limit = Credits.zero
    public private(set) var window = BudgetWindow.none
    public private(set) var parent: Name?

    /// Reads the body.
    public init(_ body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var (scope, limit): ([BudgetDimension: String], Credits) = ([:], .zero)
        var (window, parent): (BudgetWindow, Name?) = (.none, nil)
        try reader.object(Self.fields, required: [.scope, .limit, .window]) {
            (reader, field) throws(ValueError) in
            switch field {
            case .scope: scope = try Self.scope(&reader)
            case .limit:
                limit = try reader.amount()
                guard limit >= .zero else { throw .amountOutOfRange("a limit is at least 0") }
            case .window: window = try Self.window(&reader)
            case .parent: parent = try reader.isNull() ? nil : try reader.name()
            }
        }
        (self.scope, self.limit, self.window, self.parent) = (scope, limit, window, parent)
    }

    private static func window(
        _ reader: inout BodyReader
    ) throws(ValueError) -> BudgetWindow {
        let text = try reader.string()
        guard let window = BudgetWindow.allCases.first(where: { $0.text == text }) else {
            throw .invalid("it is none, run, hour, day, week, month or period")
        }
        return window
    }

    private static func scope(
        _ reader: inout BodyReader
    ) throws(ValueError) -> [BudgetDimension: String] {
        var scope: [BudgetDimension: String] = [:]
        try reader.members(scopeFields) { (reader, field) throws(ValueError) in
            let text = try reader.string()
            guard text == each || (try? Name(text)) != nil else {
                throw .invalid("it is an id, or * for each of them")
            }
            scope[field.dimension] = text
        }
        return scope
    }

    /// The terms of the budget called `name`; `slot` finds a key by its id.
    public func terms(
        name: Name, slot: (APIKeyID) -> APIKeySlot?
    ) throws(Problem) -> BudgetTerms {
        var matches: [BudgetMatch] = []
        for dimension in BudgetDimension.allCases {
            switch scope[dimension] {
            case nil: matches.append(.any)
            case Self.each: matches.append(.each)
            case .some(let text) where dimension == .key:
                guard let id = try? APIKeyID(text: text.utf8.span), let found = slot(id) else {
                    throw Problem(
                        .invalidField, "the account has no key with this id", field: "scope.key")
                }
                matches.append(.only(CallScope.value(of: found)))
            case .some(let text): matches.append(.only(Array(text.utf8)))
            }
        }
        return BudgetTerms(
            name: name, scope: matches, limit: limit.micros, window: window, parent: parent)
    }
}

extension BudgetBody.ScopeField {
    fileprivate var dimension: BudgetDimension {
        switch self {
        case .team: .team
        case .key: .key
        case .scenario: .scenario
        case .run: .run
        case .action: .action
        }
    }
}

/// A budget as JSON, with what has been used of it.
public struct BudgetAnswer: Sendable {
    /// The most counters that are listed: those with most use.
    public static let countersMax = 100

    public var budget: Budget
    /// The id of a key by its slot.
    public var keyID: @Sendable (APIKeySlot) -> String?

    public init(budget: Budget, keyID: @escaping @Sendable (APIKeySlot) -> String?) {
        self.budget = budget
        self.keyID = keyID
    }
}

extension BudgetAnswer: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        let terms = budget.terms
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("name", terms.name)
        writer.key("scope")
        writer.beginObject()
        for (match, dimension) in zip(terms.scope, BudgetDimension.allCases) {
            switch match {
            case .any: break
            case .each: writer.member(dimension.text, "*")
            case .only(let value): writer.member(dimension.text, text(value, of: dimension))
            }
        }
        writer.endObject()
        writer.member("limit", Credits(micros: terms.limit))
        writer.member("window", terms.window.text)
        writer.member("parent", terms.parent)
        writer.member("window_start", budget.windowStart)
        writer.member("resets_at", budget.windowEnd == .never ? nil : budget.windowEnd)
        write(counters: budget.counters, to: &writer)
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }

    private func write(counters: [(key: [UInt8], used: Int128)], to writer: inout JSONWriter) {
        let most = counters.sorted { $1.used < $0.used }.prefix(Self.countersMax)
        writer.member("used", CreditsSum(micros: counters.reduce(0) { $0 + $1.used }))
        writer.key("counters")
        writer.beginArray()
        for counter in most {
            writer.beginObject()
            for (dimension, value) in budget.terms.values(of: counter.key) {
                writer.member(dimension.text, text(value, of: dimension))
            }
            writer.member("used", CreditsSum(micros: counter.used))
            writer.endObject()
        }
        writer.endArray()
    }

    private func text(_ value: [UInt8], of dimension: BudgetDimension) -> String? {
        guard dimension == .key else { return String(decoding: value, as: UTF8.self) }
        return keyID(CallScope.key(of: value.span))
    }
}
