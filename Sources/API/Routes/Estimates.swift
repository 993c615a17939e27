internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Pricing
internal import Wire

/// `POST /v1/estimates`: what a call would cost, and whether its account could pay.
extension APIApplication {
    func receiveEstimate(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let form = ChargeForm(
            .estimate, limits: services.limits, now: call.now, allowsPostedAt: false)
        var texts: [UInt8] = []
        let body = request.body
        var asked = try decoder.decode(body: body.span, form, to: &texts)
        try resolveKey(of: &asked, &texts, body.span, at: call.now)
        let account = try estimatedAccount(asked, texts, call)
        if call.isCustomer, let principal = call.principal { asked.command.key = principal.slot }
        let isInScope = call.allows(action: asked.command.action, in: texts)
        let list = try asked.priceList.isEmpty ? nil : Call.name(in: texts, at: asked.priceList)
        let (charge, bytes) = (asked.command, texts)
        ask(call, about: account) { ledger, prices, now -> Result<Estimate, Rejection> in
            do throws(Rejection) {
                let slot = try account.map { (id) throws(Rejection) in
                    guard let slot = ledger.slot(of: id) else { throw .accountNotFound }
                    return slot
                }
                return .success(
                    try prices.estimate(
                        charge, in: bytes, by: list, on: slot, ledger: ledger, at: now))
            } catch {
                return .failure(error)
            }
        } then: { [self] (result: Result<Estimate, Rejection>) throws(Problem) in
            let estimate: Estimate
            switch result {
            case .success(let found): estimate = found
            case .failure(let rejection): throw Problem(rejection)
            }
            report(call) { () throws(Problem) in
                var answer = try EstimateAnswer(estimate, of: charge, in: bytes, account: account)
                if !isInScope { answer.verdict = .refused(.actionOutOfScope) }
                var body: [UInt8] = []
                answer.write(to: &body)
                return call.json(200, body)
            }
        }
    }

    /// The account whose call it is: the customer's own, or the one that is named, if one is.
    private func estimatedAccount(
        _ asked: DecodedCharge, _ texts: [UInt8], _ call: Call
    ) throws(Problem) -> Name? {
        let range = asked.command.account
        let named = try range.isEmpty ? nil : Call.name(in: texts, at: range)
        guard let own = call.ownAccount else { return named }
        guard named ?? own == own else { throw .nothingHere }
        guard asked.priceList.isEmpty else {
            throw Problem(
                .forbidden, "a customer's calls are priced by the account's own list",
                field: "price_list")
        }
        return own
    }
}

extension Call {
    /// True when the caller is no customer, or one whose key is for the action.
    fileprivate func allows(action: ByteRange, in texts: [UInt8]) -> Bool {
        guard isCustomer, let principal else { return true }
        return Scope.allows(
            action: texts.span.extracting(action.indices), in: principal.scopes)
    }

    /// The name that stands at `range` of texts that were read.
    fileprivate static func name(
        in texts: [UInt8], at range: ByteRange
    ) throws(Problem) -> Name {
        try name(String(decoding: texts[range.indices], as: UTF8.self))
    }
}

extension EstimateAnswer {
    /// Explains an estimate; the steps must come to what the estimate says.
    fileprivate init(
        _ estimate: Estimate, of charge: ChargeCommand, in bytes: [UInt8], account: Name?
    ) throws(Problem) {
        self.init(account: account, credits: estimate.credits, price: EntryNames.byHand)
        if let priced = estimate.price { try explain(priced, charge, in: bytes) }
        guard account != nil else { return }
        verdict = estimate.refusal.map { .refused(Problem($0)) } ?? .allowed
        uncollected = estimate.uncollected
    }

    private mutating func explain(
        _ priced: Estimate.Price, _ charge: ChargeCommand, in bytes: [UInt8]
    ) throws(Problem) {
        let found: PriceExplanation
        do throws(PricingError) {
            found = try priced.list.explain(charge, in: bytes)
        } catch {
            throw Problem(Rejection(error))
        }
        guard found.quote == priced.quote else {
            throw Problem(.internalError, "the price and its explanation differ")
        }
        price = EntryNames.price(
            list: priced.list.name, version: priced.list.version, rule: found.rule)
        explanation = found
        alternatives = priced.list.alternatives(to: priced.quote, of: charge, in: bytes)
    }
}
