internal import Credit
internal import JSON

extension ActionPattern {
    /// Reads a name, a name and `.*`, or `*`.
    init(from reader: inout PriceListReader) throws(PriceListError) {
        let text = try reader.string()
        let isPrefix = text == "*" || text.hasSuffix(".*")
        let name = isPrefix ? String(text.dropLast(text == "*" ? 1 : 2)) : text
        do throws(Name.Invalid) {
            if text != "*" { _ = try Name(name) }
        } catch {
            throw .invalidField(
                reader.field(), "it is the name of an action, one that ends in .*, or * for all")
        }
        let bytes = Array(text.utf8)
        self = isPrefix ? .prefix(Array(bytes.dropLast())) : .exact(bytes)
    }
}

extension Rounding {
    private enum Field: String, CaseIterable {
        case to
        case mode
    }

    private static let fields = FieldTable<Field>()

    init(from reader: inout PriceListReader) throws(PriceListError) {
        var rounding = Self()
        try reader.object(Self.fields) { (reader, field) throws(PriceListError) in
            switch field {
            case .to:
                rounding.step = try reader.credits()
                guard rounding.step > .zero else {
                    throw .invalidAmount(reader.field(), "a step is more than 0")
                }
            case .mode: rounding.mode = try reader.word(Mode.self)
            }
        }
        self = rounding
    }
}

extension OutcomeCharges {
    private enum Field: String, CaseIterable {
        case failed
        case timeout
        case empty
        case partial
    }

    private static let fields = FieldTable<Field>()

    init(from reader: inout PriceListReader) throws(PriceListError) {
        var charges = Self()
        try reader.object(Self.fields) { (reader, field) throws(PriceListError) in
            let charge = try Charge(from: &reader)
            switch field {
            case .failed: charges.failed = charge
            case .timeout: charges.timeout = charge
            case .empty: charges.empty = charge
            case .partial: charges.partial = charge
            }
        }
        self = charges
    }
}

extension OutcomeCharges.Charge {
    private static func credits(
        from reader: inout PriceListReader
    ) throws(PriceListError) -> Credits {
        let isText = try reader.kind() == .string
        do throws(PriceListError) {
            return try reader.credits()
        } catch .invalidAmount(let field, _) where isText {
            throw .invalidField(field, "it is an amount of credits, or results")
        }
    }

    fileprivate init(from reader: inout PriceListReader) throws(PriceListError) {
        if try reader.take(word: "results") {
            self = .byResults
        } else {
            self = .fixed(try Self.credits(from: &reader))
        }
    }
}
