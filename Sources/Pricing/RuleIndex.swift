/// Finds the first rule that matches a call among many thousands.
///
/// Rules of one action pattern are a group; a call has one exact group at most and a few with a
/// wildcard. Within a group the rules that name values of its commonest parameter (`model`) are
/// found by that value.
struct RuleIndex: Sendable {
    private let exact: ByteTable
    private let exactGroups: [RuleGroup]
    private let wildcardGroups: [(pattern: ActionPattern, group: RuleGroup)]

    init(_ rules: [PriceRule]) {
        var places: [ActionPattern: [Int]] = [:]
        for (place, rule) in rules.enumerated() { places[rule.action, default: []].append(place) }
        var names: [[UInt8]] = []
        var exactGroups: [RuleGroup] = []
        var wildcardGroups: [(pattern: ActionPattern, group: RuleGroup)] = []
        for (pattern, places) in places.sorted(by: { $0.value[0] < $1.value[0] }) {
            let group = RuleGroup(places, of: rules)
            switch pattern {
            case .exact(let name):
                names.append(name)
                exactGroups.append(group)
            case .prefix: wildcardGroups.append((pattern, group))
            }
        }
        exact = ByteTable(names.map { ByteTable.Key(bytes: $0) })
        self.exactGroups = exactGroups
        self.wildcardGroups = wildcardGroups
    }

    /// The place of the first rule that matches; nil when none does.
    func firstMatch(
        _ action: Span<UInt8>, _ parameters: borrowing Parameters, of text: Span<UInt8>,
        in rules: [PricedRule]
    ) throws(PricingError) -> Int? {
        var first = rules.count
        if let place = exact.place(of: action, action.indices) {
            try exactGroups[place].lower(&first, parameters, of: text, in: rules)
        }
        for (pattern, group) in wildcardGroups where pattern.matches(action) {
            try group.lower(&first, parameters, of: text, in: rules)
        }
        return first < rules.count ? first : nil
    }
}

/// The rules of one action pattern; a class, so that finding a group copies none.
private final class RuleGroup: Sendable {
    /// The parameter that most of the rules have a condition on.
    private let path: ParameterPath?
    private let values: ByteTable
    /// For each value the places of the rules that allow it, ascending.
    private let byValue: [[Int]]
    /// The places of the rules without a condition on the parameter, ascending.
    private let others: [Int]

    init(_ places: [Int], of rules: [PriceRule]) {
        let path = PriceRule.commonestPath(of: places.map { rules[$0] })
        var others: [Int] = []
        var byValue: [(value: [UInt8], places: [Int])] = []
        var known: [[UInt8]: Int] = [:]
        for place in places {
            guard let condition = rules[place].conditions.first(where: { $0.path == path }) else {
                others.append(place)
                continue
            }
            for value in condition.values {
                let slot = known[value, default: byValue.count]
                if slot == byValue.count { byValue.append((value, [])) }
                known[value] = slot
                byValue[slot].places.append(place)
            }
        }
        self.path = path
        self.others = others
        self.byValue = byValue.map(\.places)
        values = ByteTable(byValue.map { ByteTable.Key(bytes: $0.value) })
    }

    /// Lowers `first` to the place of a rule that matches, if one before it does.
    func lower(
        _ first: inout Int, _ parameters: borrowing Parameters, of text: Span<UInt8>,
        in rules: [PricedRule]
    ) throws(PricingError) {
        if let path, let range = try parameters.value(of: path, in: text),
            let slot = values.place(of: text, range)
        {
            try Self.lower(&first, byValue[slot], parameters, of: text, in: rules)
        }
        try Self.lower(&first, others, parameters, of: text, in: rules)
    }

    private static func lower(
        _ first: inout Int, _ places: [Int], _ parameters: borrowing Parameters,
        of text: Span<UInt8>, in rules: [PricedRule]
    ) throws(PricingError) {
        for place in places {
            guard place < first else { return }
            guard try !rules[place].matches(parameters, of: text) else {
                first = place
                return
            }
        }
    }
}

extension PriceRule {
    /// The path that most of `rules` have a condition on, the first of those that are as common.
    static func commonestPath(of rules: [PriceRule]) -> ParameterPath? {
        var order: [ParameterPath] = []
        var counts: [ParameterPath: Int] = [:]
        for condition in rules.flatMap(\.conditions) {
            if counts[condition.path] == nil { order.append(condition.path) }
            counts[condition.path, default: 0] += 1
        }
        var commonest: (path: ParameterPath, count: Int)?
        for path in order {
            let count = counts[path] ?? 0
            if count > commonest?.count ?? 0 { commonest = (path, count) }
        }
        return commonest?.path
    }
}
