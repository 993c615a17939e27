internal import Credit

/// The arithmetic of one rule, over one denominator so that a price is a sum of products.
///
/// All amounts are counted in ``denominator``-ths of the step that the rule rounds to. They were
/// checked when the list was made: quantities of whole units up to 10^12 cannot overflow.
struct Tariff: Sendable {
    struct Part: Sendable {
        let path: ParameterPath
        let included: ExactDecimal
        let billing: Billing
        /// The quantity where the parameter is not sent, or is null; nil when it must be sent.
        let fallback: ExactDecimal?
    }

    /// The rates are what one unit costs, and for packages what one package does.
    enum Billing: Sendable {
        case flat(UInt128)
        case package(UInt128, size: UInt64)
        case graduated([Tier])
        case volume([Tier])
    }

    struct Tier: Sendable {
        let upTo: ExactDecimal?
        let rate: UInt128
    }

    let perCall: UInt128
    let parts: [Part]
    let multipliers: [Multiplier]
    let each: ParameterPath?
    let minimum: UInt128
    let maximum: UInt128?
    let denominator: UInt128
    let rounding: Rounding

    /// False when fewer units can cost more, as a volume price can make them.
    var isMonotone: Bool {
        parts.allSatisfy { part in
            if case .volume = part.billing { false } else { true }
        }
    }
}

/// What a call costs, and for how many units.
struct Cost {
    var credits: Credits
    var units: Int64
}

extension Tariff {
    /// Adds price per call and parts, multiplies, holds the sum within minimum and maximum, rounds.
    ///
    /// A rule that prices the items of a list does the first two for each and adds them up. No part
    /// is priced for more than `unitsMax` units. The units of the result are those of the
    /// parameters, each rounded up to a whole; 1 for a rule, or an item, without parts. Every step
    /// is told to `log`.
    func cost<Log: CostLog>(
        _ parameters: borrowing Parameters, of text: Span<UInt8>, unitsMax: UInt64 = .max,
        log: inout Log
    ) throws(PricingError) -> Cost {
        var (sum, units) = (ExactSum(), Int64(0))
        if let each {
            try addItems(of: each, parameters, of: text, unitsMax, &sum, &units, &log)
        } else {
            sum = try multiplied(parameters, of: text, unitsMax, &units, &log)
        }
        if try sum.raise(to: minimum) { log.add(.minimum, sum) }
        if let maximum, try sum.lower(to: maximum) { log.add(.maximum, sum) }
        let credits = try sum.rounded(rounding, denominator)
        log.add(.rounding(credits), sum)
        return Cost(credits: credits, units: units)
    }

    private func addItems<Log: CostLog>(
        of list: ParameterPath, _ parameters: borrowing Parameters, of text: Span<UInt8>,
        _ unitsMax: UInt64, _ sum: inout ExactSum, _ units: inout Int64, _ log: inout Log
    ) throws(PricingError) {
        guard let range = try parameters.value(of: list, in: text) else {
            throw .missingField(list.field)
        }
        guard var items = ListItems(text, at: range) else { throw .invalidList(list.field) }
        var count = 0
        while let item = items.next(in: text) {
            guard count < PriceListLimits.itemsMax else { throw .tooManyItems(list.field) }
            do throws(PricingError) {
                let object = text.extracting(item)
                var values = Parameters()
                try values.scan(object)
                log.begin(item: count)
                let price = try multiplied(values, of: object, unitsMax, &units, &log)
                log.end(item: count, price)
                try sum.add(price)
            } catch {
                throw error.inItem(count, of: list)
            }
            count += 1
        }
        log.add(.items(count), sum)
    }

    /// The price per call and the parts, times all factors.
    private func multiplied<Log: CostLog>(
        _ parameters: borrowing Parameters, of text: Span<UInt8>, _ unitsMax: UInt64,
        _ units: inout Int64, _ log: inout Log
    ) throws(PricingError) -> ExactSum {
        var sum = ExactSum(total: perCall)
        if perCall > 0 { log.add(.perCall, sum) }
        if parts.isEmpty { units += 1 }
        for index in parts.indices {
            let asked = try parts[index].quantity(in: parameters, of: text)
            let quantity = asked.limited(to: unitsMax)
            units += quantity.roundedUp
            let billed = quantity.subtracting(parts[index].included)
            let amount = try parts[index].billing.amount(of: billed)
            log.add(.part(index, quantity: quantity, billed: billed), amount)
            try sum.add(amount)
        }
        for index in multipliers.indices {
            guard let factor = try multipliers[index].factor(in: parameters, of: text) else {
                continue
            }
            try sum.multiply(by: factor)
            log.add(.factor(index, factor), sum)
        }
        return sum
    }
}

extension Tariff.Billing {
    /// What so many units cost.
    fileprivate func amount(of billed: ExactDecimal) throws(PricingError) -> ExactSum {
        var sum = ExactSum()
        switch self {
        case .flat(let rate): try sum.add(rate, times: billed)
        case .package(let rate, let size): try sum.add(rate, times: billed.packages(of: size))
        case .graduated(let tiers):
            var start = ExactDecimal.zero
            for tier in tiers where billed > start {
                let end = min(tier.upTo ?? billed, billed)
                try sum.add(tier.rate, times: end.subtracting(start))
                start = end
            }
        case .volume(let tiers):
            if let tier = tiers.first(where: { billed <= $0.upTo ?? billed }) {
                try sum.add(tier.rate, times: billed)
            }
        }
        return sum
    }
}

extension Tariff.Part {
    /// The units that the parameter tells.
    fileprivate func quantity(
        in parameters: borrowing Parameters, of text: Span<UInt8>
    ) throws(PricingError) -> ExactDecimal {
        guard let range = try parameters.value(of: path, in: text) else {
            guard let fallback else { throw .missingField(path.field) }
            return fallback
        }
        if !range.isEmpty, text[range.lowerBound] == UInt8(ascii: "n") {
            // `null` is as good as nothing.
            guard let fallback else { throw .missingField(path.field) }
            return fallback
        }
        do throws(ExactDecimal.Invalid) {
            let decimalsMax = PriceListLimits.quantityDecimalsMax
            return try ExactDecimal(text, range, decimalsMax: decimalsMax)
        } catch {
            throw .invalidField(path.field)
        }
    }
}
