internal import Credit

/// Gathers the arrays of ``QuickPrices``.
struct QuickPricesBuilder {
    /// The most wildcards that each action is compared with beforehand.
    private static let wildcardsMax = 64

    /// What the table holds; for each the element of ``selected`` at the same place.
    private(set) var keys: [ByteTable.Key] = []
    private(set) var selected: [Run] = []
    private(set) var firstAction = Run()
    private(set) var groups: [QuickPrices.Group] = []
    private(set) var wildcards: [QuickPrices.Wildcard] = []
    private(set) var candidates: [Int32] = []
    private(set) var wanted: [WantedKey] = []
    private(set) var rules: [QuickRule]
    private(set) var parts: [QuickRule.Part] = []
    private(set) var conditions: [QuickRule.Condition] = []
    private(set) var values: [Run] = []
    private(set) var texts: [UInt8] = []

    init(_ rules: [PriceRule], _ tariffs: [Tariff]) {
        self.rules = rules.map { _ in QuickRule() }
        var places: [ActionPattern: [Int]] = [:]
        for (place, rule) in rules.enumerated() { places[rule.action, default: []].append(place) }
        let patterns = places.sorted { $0.value[0] < $1.value[0] }
        let prefixes = patterns.compactMap { (pattern, places) in
            pattern.isPrefix ? (pattern: pattern, place: places[0]) : nil
        }
        for (index, (pattern, places)) in patterns.enumerated() {
            var group = QuickPrices.Group()
            group.limit = rules.count
            switch pattern {
            case .exact(let name):
                if keys.isEmpty { firstAction = add(text: name) }
                keys.append(ByteTable.Key(bytes: name))
                selected.append(Run(index..<index))
                group.limit = Self.limit(of: name, prefixes) ?? rules.count
            case .prefix(let prefix):
                wildcards.append(QuickPrices.Wildcard(prefix: add(text: prefix), group: index))
            }
            add(places, of: rules, tariffs, to: &group, tag: UInt32(index) + 1)
            groups.append(group)
        }
    }

    /// The place of the first wildcard rule for an action, or of any if there are many of them.
    private static func limit(
        of name: [UInt8], _ wildcards: [(pattern: ActionPattern, place: Int)]
    ) -> Int? {
        let isCompared = wildcards.count <= wildcardsMax
        return wildcards.first { !isCompared || $0.pattern.matches(name.span) }?.place
    }

    /// Adds the rules at `places` as a group whose values have this tag.
    private mutating func add(
        _ places: [Int], of rules: [PriceRule], _ tariffs: [Tariff],
        to group: inout QuickPrices.Group, tag: UInt32
    ) {
        guard let slots = Self.slots(of: places.map { rules[$0] }) else { return }
        let paths = slots.sorted { $0.value < $1.value }.map(\.key)
        group.wanted = Run(wanted.count..<wanted.count + paths.count)
        for path in paths {
            let key = WantedKey(path.key)
            wanted.append(key)
            group.firsts |= key.bit
        }
        let selector = PriceRule.commonestPath(of: places.map { rules[$0] })
        group.selector = selector.flatMap { slots[$0] }.map { Int($0) } ?? -1
        var (others, byValue): ([Int], [(value: [UInt8], places: [Int])]) = ([], [])
        var known: [[UInt8]: Int] = [:]
        for place in places {
            add(rules[place], tariffs[place], at: place, slots, selector)
            let condition = rules[place].conditions.first { $0.path == selector }
            if condition == nil { others.append(place) }
            for value in condition?.values ?? [] {
                let index = known[value, default: byValue.count]
                if index == byValue.count { byValue.append((value, [])) }
                known[value] = index
                byValue[index].places.append(place)
            }
        }
        for (value, places) in byValue {
            keys.append(ByteTable.Key(tag: tag, bytes: value))
            selected.append(add(candidates: places))
        }
        let fallback = others.first { rules[$0].conditions.isEmpty } ?? group.limit
        group.fallback = min(fallback, group.limit)
        group.others = add(candidates: others.filter { $0 < fallback })
        // Where no rule is quick a scan would be in vain.
        group.isQuick = places.contains { self.rules[$0].isQuick }
    }

    /// A slot for each parameter that `rules` look at, in the order of their keys; nil for too
    /// many, for long and for dotted ones.
    private static func slots(of rules: [PriceRule]) -> [ParameterPath: Int32]? {
        var paths: Set<ParameterPath> = []
        for rule in rules {
            paths.formUnion(rule.conditions.map(\.path))
            paths.formUnion(rule.parts.map(\.path))
            guard paths.count <= QuickScan.slotsMax else { return nil }
        }
        guard paths.allSatisfy({ !$0.hasDots && $0.key.count <= WantedKey.countMax }) else {
            return nil
        }
        var slots: [ParameterPath: Int32] = [:]
        for path in paths.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            slots[path] = Int32(slots.count)
        }
        return slots
    }

    private mutating func add(
        _ rule: PriceRule, _ tariff: Tariff, at place: Int, _ slots: [ParameterPath: Int32],
        _ selector: ParameterPath?
    ) {
        var quick = QuickRule(tariff) ?? QuickRule()
        quick.outcomes = rule.outcomes
        let firstCondition = conditions.count
        for condition in rule.conditions where condition.path != selector {
            let first = values.count
            for value in condition.values { values.append(add(text: value)) }
            conditions.append(
                QuickRule.Condition(
                    slot: slots[condition.path] ?? 0, values: Run(first..<values.count)))
        }
        quick.conditions = Run(firstCondition..<conditions.count)
        let added = tariff.parts.compactMap { QuickRule.Part($0, slots) }
        if added.count < tariff.parts.count || !tariff.multipliers.isEmpty || tariff.each != nil {
            quick.isQuick = false
        }
        quick.parts = Run(parts.count..<parts.count + added.count)
        parts += added
        rules[place] = quick
    }

    private mutating func add(candidates places: [Int]) -> Run {
        candidates += places.map { Int32(truncatingIfNeeded: $0) }
        return Run(candidates.count - places.count..<candidates.count)
    }

    private mutating func add(text: [UInt8]) -> Run {
        texts += text
        return Run(texts.count - text.count..<texts.count)
    }
}

extension QuickRule {
    /// Nil for a tariff with an amount that 64 bits do not hold.
    fileprivate init?(_ tariff: Tariff) {
        guard let perCall = UInt64(exactly: tariff.perCall),
            let minimum = UInt64(exactly: tariff.minimum),
            let denominator = UInt64(exactly: tariff.denominator)
        else { return nil }
        self.perCall = perCall
        self.minimum = minimum
        self.denominator = denominator
        if let amount = tariff.maximum {
            guard let maximum = UInt64(exactly: amount), maximum < .max else { return nil }
            self.maximum = maximum
        }
        mode = tariff.rounding.mode
        step = tariff.rounding.step.micros.magnitude
        stepsMax = (Credits.limit.micros / tariff.rounding.step.micros).magnitude
        isQuick = true
    }
}

extension QuickRule.Part {
    fileprivate init?(_ part: Tariff.Part, _ slots: [ParameterPath: Int32]) {
        guard case .flat(let price) = part.billing, let rate = UInt64(exactly: price),
            let slot = slots[part.path],
            part.included.decimals == 0,
            let included = UInt64(exactly: part.included.digits)
        else { return nil }
        var fallback = UInt64.max
        if let decimal = part.fallback {
            guard decimal.decimals == 0, let whole = UInt64(exactly: decimal.digits) else {
                return nil
            }
            fallback = whole
        }
        self.init(rate: rate, included: included, fallback: fallback, slot: slot)
    }
}
