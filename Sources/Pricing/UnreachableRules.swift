public import Credit

/// A rule that no call can ever come to, because one before it matches all that it does.
public struct UnreachableRule: Hashable, Sendable {
    /// The rule that is never used.
    public let rule: Name
    /// The first one before it that takes its calls.
    public let coveredBy: Name
}

extension PriceList.Draft {
    /// The rules that no call can come to, in their order; at most
    /// ``PriceListLimits/unreachableRulesMax``.
    ///
    /// A rule is compared with each one before it by itself: two that only together match all its
    /// calls are not seen. At most ``PriceListLimits/ruleComparisonsMax`` are made.
    public var unreachableRules: [UnreachableRule] {
        var places = RulePlaces()
        var found: [UnreachableRule] = []
        var left = PriceListLimits.ruleComparisonsMax
        for (place, rule) in rules.enumerated() {
            guard found.count < PriceListLimits.unreachableRulesMax, left > 0 else { break }
            let candidates = places.thatMayCover(rule).prefix(left)
            left -= candidates.count
            if let other = candidates.sorted().first(where: { rules[$0].covers(rule) }) {
                found.append(UnreachableRule(rule: rule.id, coveredBy: rules[other].id))
            }
            places.add(rule, at: place)
        }
        return found
    }
}

extension PriceRule {
    /// True when every call that `other` matches is matched by this rule too.
    fileprivate func covers(_ other: Self) -> Bool {
        action.covers(other.action)
            && conditions.allSatisfy { mine in
                other.conditions.contains { theirs in
                    theirs.path == mine.path && Set(mine.values).isSuperset(of: theirs.values)
                }
            }
    }
}

extension ActionPattern {
    fileprivate func covers(_ other: Self) -> Bool {
        switch (self, other) {
        case (.exact(let mine), .exact(let theirs)): mine == theirs
        case (.exact, .prefix): false
        case (.prefix(let mine), .exact(let theirs)), (.prefix(let mine), .prefix(let theirs)):
            theirs.starts(with: mine)
        }
    }

    /// Every pattern that matches all that this one does, itself first.
    fileprivate var covering: [Self] {
        let bytes =
            switch self {
            case .exact(let bytes), .prefix(let bytes): bytes
            }
        let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: ".") }
        let prefixes = ([[]] + ends.map { Array(bytes[...$0]) }).map(Self.prefix)
        return [self] + prefixes.filter { $0 != self }
    }
}

/// Where the rules are that were seen, by action pattern and by the values of their first condition.
private struct RulePlaces {
    private struct Key: Hashable {
        let action: ActionPattern
        let path: ParameterPath?
        let value: [UInt8]
    }

    private var places: [Key: [Int]] = [:]

    mutating func add(_ rule: PriceRule, at place: Int) {
        guard let first = rule.conditions.first else {
            places[Key(action: rule.action, path: nil, value: []), default: []].append(place)
            return
        }
        for value in Set(first.values) {
            places[Key(action: rule.action, path: first.path, value: value), default: []]
                .append(place)
        }
    }

    /// The rules that match the action, and a value of their first condition where they have one.
    func thatMayCover(_ rule: PriceRule) -> [Int] {
        rule.action.covering.flatMap { action in
            let always = places[Key(action: action, path: nil, value: [])] ?? []
            return rule.conditions.reduce(into: always) { found, condition in
                guard let value = condition.values.first else { return }
                found += places[Key(action: action, path: condition.path, value: value)] ?? []
            }
        }
    }
}
