internal import JSON

extension Tariff {
    /// A parameter whose value, or the number of whose items, multiplies a price.
    struct Multiplier: Sendable {
        /// What a value is looked up as, so that the number 1 is not the string "1" of another.
        private enum Tag {
            static let string: UInt32 = 0
            static let word: UInt32 = 1
        }

        let path: ParameterPath
        private let countsItems: Bool
        /// Each value twice: as a string without its quotes and as a number or truth value.
        private let table: ByteTable
        private let factors: [ExactDecimal]

        init(_ rule: PriceRule.Multiplier) {
            path = rule.path
            countsItems = rule.countsItems
            factors = rule.values.map(\.factor)
            let strings = rule.values.map { value in
                var quoted: [UInt8] = []
                quoted.append(jsonString: value.text)
                return ByteTable.Key(tag: Tag.string, bytes: Array(quoted.dropFirst().dropLast()))
            }
            let words = rule.values.map { value in
                ByteTable.Key(tag: Tag.word, bytes: Array(value.text.utf8))
            }
            table = ByteTable(strings + words)
        }

        /// The most that a call can be multiplied by, but for decimals; at least 1.
        var factorMax: UInt128 {
            let one = factors.isEmpty && !countsItems ? PriceListLimits.factorMax : 1
            let most = factors.map { UInt128($0.roundedUp.magnitude) }.max() ?? 0
            let items = countsItems ? UInt128(PriceListLimits.itemsMax) : 1
            return max(UInt128(one), most) * items
        }
    }
}

extension Tariff.Multiplier {
    /// What the price is multiplied by; nil where the parameter is not there, or is null.
    func factor(
        in parameters: borrowing Parameters, of text: Span<UInt8>
    ) throws(PricingError) -> ExactDecimal? {
        guard let range = try parameters.value(of: path, in: text), !range.isEmpty else {
            return nil
        }
        var cursor = JSONCursor(at: range.lowerBound)
        switch try? cursor.kind(in: text) {
        case .null: return nil
        case .array where countsItems: return try sum(ofList: range, in: text)
        case .string:
            let contents = range.lowerBound + 1..<max(range.upperBound - 1, range.lowerBound + 1)
            if countsItems { return try sum(ofText: contents, in: text) }
            guard !factors.isEmpty else { throw .invalidFactor(path.field) }
            return factor(ofString: contents, in: text)
        case .number where factors.isEmpty && !countsItems:
            do throws(ExactDecimal.Invalid) {
                return try ExactDecimal(factor: text, range)
            } catch {
                throw .invalidFactor(path.field)
            }
        case .number, .bool:
            guard !factors.isEmpty || countsItems else { throw .invalidFactor(path.field) }
            return factor(ofWord: range, in: text)
        case .array, .object, nil:
            let isNumber = factors.isEmpty && !countsItems
            throw isNumber ? .invalidFactor(path.field) : .invalidChoice(path.field)
        }
    }

    /// The factors of all items of an array; an item that is none of the values counts 1.
    private func sum(ofList range: Range<Int>, in text: Span<UInt8>) throws(PricingError)
        -> ExactDecimal
    {
        guard var items = ListItems(text, at: range) else { throw .invalidList(path.field) }
        var sum = FactorSum()
        while let item = items.next(in: text) {
            let isAdded =
                text[item.lowerBound] == UInt8(ascii: "\"")
                ? sum.add(factor(ofString: item.lowerBound + 1..<item.upperBound - 1, in: text))
                : sum.add(factor(ofWord: item, in: text))
            guard isAdded else { throw .tooManyItems(path.field) }
        }
        return sum.factor
    }

    /// The factors of all items that commas part, without spaces around them; empty ones are none.
    private func sum(ofText range: Range<Int>, in text: Span<UInt8>) throws(PricingError)
        -> ExactDecimal
    {
        var sum = FactorSum()
        var start = range.lowerBound
        while start < range.upperBound {
            var end = start
            while end < range.upperBound, text[end] != UInt8(ascii: ",") { end += 1 }
            var item = start..<end
            while let first = item.first, text[first] == UInt8(ascii: " ") { item.removeFirst() }
            while let last = item.last, text[last] == UInt8(ascii: " ") { item.removeLast() }
            if !item.isEmpty, !sum.add(factor(ofString: item, in: text)) {
                throw .tooManyItems(path.field)
            }
            start = end + 1
        }
        return sum.factor
    }

    private func factor(ofString range: Range<Int>, in text: Span<UInt8>) -> ExactDecimal {
        table.place(of: text, range, tag: Tag.string).map { factors[$0] } ?? .one
    }

    private func factor(ofWord range: Range<Int>, in text: Span<UInt8>) -> ExactDecimal {
        table.place(of: text, range, tag: Tag.word).map { factors[$0 - factors.count] } ?? .one
    }
}

/// The sum of what the items of a list count.
private struct FactorSum {
    private var digits: UInt128 = 0
    private var count = 0

    /// False for one item too many.
    mutating func add(_ factor: ExactDecimal) -> Bool {
        guard count < PriceListLimits.itemsMax else { return false }
        count += 1
        digits += factor.digits * PowersOfTen[PriceListLimits.factorDecimalsMax - factor.decimals]
        return true
    }

    /// The sum with as few decimals as it needs, so that products stay small.
    var factor: ExactDecimal {
        var (digits, decimals) = (digits, PriceListLimits.factorDecimalsMax)
        while decimals > 0, digits % 10 == 0 { (digits, decimals) = (digits / 10, decimals - 1) }
        return ExactDecimal(digits: digits, decimals: decimals)
    }
}

/// Where the items of an array stand that was scanned before.
struct ListItems {
    private var cursor: JSONCursor

    /// Nil unless an array stands at the start of `range`.
    init?(_ text: Span<UInt8>, at range: Range<Int>) {
        cursor = JSONCursor(at: range.lowerBound)
        guard (try? cursor.beginArray(in: text)) != nil else { return nil }
    }

    mutating func next(in text: Span<UInt8>) -> Range<Int>? {
        guard (try? cursor.nextElement(in: text)) == true else { return nil }
        return try? cursor.skipValue(in: text)
    }
}
