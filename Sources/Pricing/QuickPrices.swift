internal import Credit

/// A price list compiled for calls in their common form: canonical JSON, whole quantities, prices
/// of at most 64 bits.
///
/// It gives the same quotes as the exact reader or none at all. What it reads is in few arrays of
/// plain integers, so that a call follows no references and counts none.
struct QuickPrices: Sendable {
    /// The rules of one action pattern.
    struct Group: BitwiseCopyable {
        /// The parameters that they look at; what each rule calls a slot is its place among these.
        var wanted = Run()
        /// A bit for the first byte of each.
        var firsts: UInt64 = 0
        /// The slot of the parameter that most rules have a condition on; -1 for none.
        var selector = -1
        /// The first of its rules without any condition; ``limit`` for none before that.
        var fallback = 0
        /// The rules before ``fallback`` with conditions, but none on the selector, among
        /// ``candidates``.
        var others = Run()
        /// Rules from this place on may not be the first that match: a wildcard has one before.
        var limit = 0
        var isQuick = false
    }

    /// An action pattern that ends in `*`, its bytes in ``texts``.
    struct Wildcard: BitwiseCopyable {
        var prefix = Run()
        var group = 0
    }

    /// The actions, and the values that select rules of a group; their places are in ``selected``.
    ///
    /// Actions have the tag 0, values that of their group: one more than its place.
    let table: ByteTable
    /// For actions the group as the start of a run; for values a run of ``candidates``.
    let selected: [Run]
    let groups: [Group]
    /// The first action that is no wildcard, which is often the only one, in ``texts``.
    let firstAction: Run
    let firstGroup: Int
    let wildcards: [Wildcard]
    let candidates: [Int32]
    let wanted: [WantedKey]
    let rules: [QuickRule]
    let parts: [QuickRule.Part]
    let conditions: [QuickRule.Condition]
    /// The values of all conditions, as places in ``texts``.
    let values: [Run]
    let texts: [UInt8]

    /// The compiled form of `rules`; what does not fit is left out, for the exact reader.
    init(_ rules: [PriceRule], _ tariffs: [Tariff]) {
        let builder = QuickPricesBuilder(rules, tariffs)
        table = ByteTable(builder.keys)
        selected = builder.selected
        groups = builder.groups
        firstAction = builder.firstAction
        firstGroup = builder.selected.first?.first ?? 0
        wildcards = builder.wildcards
        candidates = builder.candidates
        wanted = builder.wanted
        self.rules = builder.rules
        parts = builder.parts
        conditions = builder.conditions
        values = builder.values
        texts = builder.texts
    }
}

/// Elements of an array that are one after the other.
struct Run: BitwiseCopyable {
    private var start: UInt32 = 0
    private var end: UInt32 = 0

    init() {}

    init(_ range: Range<Int>) {
        start = UInt32(truncatingIfNeeded: range.lowerBound)
        end = UInt32(truncatingIfNeeded: range.upperBound)
    }

    var first: Int { Int(start) }

    var range: Range<Int> {
        @inline(__always) get {
            unsafe Range(uncheckedBounds: (Int(start), Int(max(start, end))))
        }
    }
}

extension QuickPrices {
    /// What a call costs; nil where only the exact reader can tell.
    @inline(never)
    func price(
        action: Span<UInt8>, parameters text: Span<UInt8>, outcome: Outcome, results: UInt64?
    ) -> Quote? {
        guard text.count <= PriceListLimits.parametersBytesMax, let place = group(for: action)
        else { return nil }
        let group = groups[place]
        guard group.isQuick else { return nil }
        var found = FoundValues()
        let wanted = wanted.span.extracting(group.wanted.range)
        guard QuickScan.scan(text, for: wanted, firsts: group.firsts, into: &found),
            let rule = firstMatch(group, place, &found, text)
        else { return nil }
        return quote(rule, &found, outcome, results)
    }

    /// The place of the first rule of a group that matches; nil unless it is the first of all.
    @inline(__always)
    private func firstMatch(
        _ group: Group, _ place: Int, _ found: inout FoundValues, _ text: Span<UInt8>
    ) -> Int? {
        var first = group.fallback
        if group.selector >= 0, found.has(group.selector),
            let slot = table.place(
                of: text, found.range(group.selector), tag: UInt32(truncatingIfNeeded: place &+ 1))
        {
            lower(&first, selected[slot], &found, text)
        }
        if !group.others.range.isEmpty { lower(&first, group.others, &found, text) }
        return first < group.limit ? first : nil
    }

    /// The group for an action: that of its own name, or of the only wildcard that it matches.
    @inline(__always)
    private func group(for action: Span<UInt8>) -> Int? {
        let first = firstAction.range
        if !first.isEmpty, first.count == action.count,
            EightBytes.areEqual(texts.span, at: first.lowerBound, action, at: 0, count: first.count)
        {
            return firstGroup
        }
        return otherGroup(for: action)
    }

    @inline(never)
    private func otherGroup(for action: Span<UInt8>) -> Int? {
        if let place = table.place(of: action, action.indices) {
            return selected[place].first
        }
        return wildcards.isEmpty ? nil : wildcardGroup(for: action)
    }

    private func wildcardGroup(for action: Span<UInt8>) -> Int? {
        var group: Int?
        for index in wildcards.indices {
            let prefix = wildcards[index].prefix.range
            guard prefix.count <= action.count,
                EightBytes.areEqual(
                    texts.span, at: prefix.lowerBound, action, at: 0, count: prefix.count)
            else { continue }
            guard group == nil else { return nil }
            group = wildcards[index].group
        }
        return group
    }

    /// Lowers `first` to the first of some rules that matches, if one before it does.
    @inline(never)
    private func lower(
        _ first: inout Int, _ run: Run, _ found: inout FoundValues, _ text: Span<UInt8>
    ) {
        for index in run.range {
            let place = Int(candidates[index])
            guard place < first else { return }
            let conditions = rules[place].conditions
            if conditions.range.isEmpty || matches(conditions, &found, text) {
                first = place
                return
            }
        }
    }

    private func matches(
        _ run: Run, _ found: inout FoundValues, _ text: Span<UInt8>
    ) -> Bool {
        for index in run.range {
            let condition = conditions[index]
            let slot = Int(condition.slot)
            guard found.has(slot), isAny(of: condition.values, found.range(slot), text) else {
                return false
            }
        }
        return true
    }

    private func isAny(of run: Run, _ value: Range<Int>, _ text: Span<UInt8>) -> Bool {
        for index in run.range {
            let other = values[index].range
            if other.count == value.count,
                EightBytes.areEqual(
                    texts.span, at: other.lowerBound, text, at: value.lowerBound,
                    count: value.count)
            {
                return true
            }
        }
        return false
    }
}
