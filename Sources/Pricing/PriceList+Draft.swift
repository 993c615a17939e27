public import Credit
internal import JSON

extension PriceList {
    /// What an operator says about prices, before it has a name, a version and a time to begin.
    ///
    /// Drafts are equal when their canonical JSON is.
    public struct Draft: Equatable, Sendable {
        private enum Field: String, CaseIterable {
            case rules
            case usdPerCredit = "usd_per_credit"
            case effectiveAt = "effective_at"
        }

        private static let fields = FieldTable<Field>()

        /// The rules, the first that matches first.
        public let rules: [PriceRule]
        /// What one credit is worth; prices in USD are divided by it.
        public let usdPerCredit: ExactDecimal?
        /// When the prices begin; nil for at once.
        public let effectiveAt: Instant?
        /// The draft in canonical JSON, from which an equal draft is read.
        public let canonicalJSON: [UInt8]
        let tariffs: [Tariff]

        /// Reads the body `{rules[], usd_per_credit?, effective_at?}`, and checks all of it.
        public init(json text: Span<UInt8>) throws(PriceListError) {
            var reader = try PriceListReader(text)
            var (rules, usdPerCredit, effectiveAt): ([PriceRule]?, ExactDecimal?, Instant?)
            try reader.object(Self.fields) { (reader, field) throws(PriceListError) in
                switch field {
                case .rules: rules = try Self.rules(from: &reader)
                case .usdPerCredit: usdPerCredit = try Self.rate(from: &reader)
                case .effectiveAt: effectiveAt = try reader.instant()
                }
            }
            guard let rules else { throw .missingField("rules") }
            self.rules = rules
            self.usdPerCredit = usdPerCredit
            self.effectiveAt = effectiveAt
            var tariffs: [Tariff] = []
            for (index, rule) in rules.enumerated() {
                let path = "rules[\(index)]"
                tariffs.append(try Tariff(rule, usdPerCredit: usdPerCredit, path: path))
            }
            self.tariffs = tariffs
            canonicalJSON = try Self.canonical(text)
        }

        public static func == (left: Self, right: Self) -> Bool {
            left.canonicalJSON == right.canonicalJSON
        }

        private static func rules(
            from reader: inout PriceListReader
        ) throws(PriceListError) -> [PriceRule] {
            var rules: [PriceRule] = []
            var ids: Set<Name> = []
            try reader.elements(countMax: PriceListLimits.rulesMax) {
                (reader) throws(PriceListError) in
                let rule = try PriceRule(from: &reader)
                guard ids.insert(rule.id).inserted else {
                    throw .invalidField(
                        reader.field("id"), "another rule of the list has this id")
                }
                rules.append(rule)
            }
            return rules
        }

        private static func rate(
            from reader: inout PriceListReader
        ) throws(PriceListError) -> ExactDecimal {
            let rate = try reader.price()
            guard rate.digits > 0 else {
                throw .invalidAmount(reader.field(), "what a credit is worth is more than 0")
            }
            return rate
        }

        private static func canonical(_ text: Span<UInt8>) throws(PriceListError) -> [UInt8] {
            do throws(JSONError) {
                return try CanonicalJSON.bytes(of: text)
            } catch {
                throw .invalidJSON(error)
            }
        }
    }
}
