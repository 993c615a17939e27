public import Credit
public import JSON
public import Pricing

/// What a call would cost, why, and whether its account could pay: the answer to an estimate.
public struct EstimateAnswer: Sendable {
    /// Whether an account would be charged.
    public enum Verdict: Sendable {
        case allowed
        case refused(Problem)
    }

    public var account: Name?
    /// What the call would cost, by hand where the caller says so.
    public var credits: Credits
    /// The list and version of the price, in JSON; see ``EntryNames/price(list:version:rule:)``.
    public var price: [UInt8]
    /// How the price came about; nil for one by hand.
    public var explanation: PriceExplanation?
    /// Cheaper ways to make the call.
    public var alternatives: [PriceAlternative] = []
    /// The part that could not be collected, of a call to be collected in any case.
    public var uncollected = Credits.zero
    /// Nil without an account.
    public var verdict: Verdict?

    public init(account: Name?, credits: Credits, price: [UInt8]) {
        self.account = account
        self.credits = credits
        self.price = price
    }
}

extension EstimateAnswer: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        if let account { writer.member("account", account) }
        writer.member("credits", credits)
        writer.member("units", explanation?.quote.units ?? 1)
        writer.key("price")
        writer.value(json: price.span)
        writer.addMembers(of: explanation)
        writer.key("alternatives")
        writer.beginArray()
        for alternative in alternatives { writer.add(alternative, insteadOf: credits) }
        writer.endArray()
        switch verdict {
        case .allowed:
            writer.member("allowed", true)
            writer.member("refused_by", String?.none)
            writer.member("uncollected", uncollected)
        case .refused(let problem):
            writer.member("allowed", false)
            writer.key("refused_by")
            var text: [UInt8] = []
            text.append(reason: problem)
            writer.value(json: text.span)
        case nil: break
        }
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }
}

extension JSONWriter {
    /// Writes the steps of a price, an empty list for one by hand.
    mutating func addMembers(of explanation: PriceExplanation?) {
        key("explanation")
        beginArray()
        for line in explanation?.lines ?? [] {
            beginObject()
            member("step", line.step.rawValue)
            if let parameter = line.parameter { member("parameter", parameter) }
            member("text", line.text)
            member("amount", line.amount)
            endObject()
        }
        endArray()
        if let omitted = explanation?.omitted, omitted > 0 {
            member("explanation_omitted", omitted)
        }
    }

    fileprivate mutating func add(_ alternative: PriceAlternative, insteadOf credits: Credits) {
        beginObject()
        member("parameter", alternative.parameter)
        key("value")
        value(json: alternative.value.span)
        member("credits", alternative.credits)
        member("saves", Credits(micros: credits.micros &- alternative.credits.micros))
        endObject()
    }
}
