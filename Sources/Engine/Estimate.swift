public import Credit
public import Ledger
public import Pricing

/// What a call would cost an account, found as a charge would find it.
public struct Estimate: Sendable {
    /// The price by a list.
    public struct Price: Sendable {
        /// The version in force.
        public let list: PriceList
        public let quote: Quote
    }

    /// What the call would cost.
    public let credits: Credits
    /// Where the price comes from; nil for one by hand.
    public let price: Price?
    /// Why the account would be refused; nil when it would be charged, or there is none.
    public let refusal: Rejection?
    /// The part that could not be collected, of a call to be collected in any case.
    public let uncollected: Credits
}

extension PriceBook {
    /// What a call would cost at `now`, its texts lying in `bytes`; nothing changes.
    ///
    /// The list is the one of this name, or that of the account at `slot`, or the usual one. The
    /// account must have nothing due. Throws what a charge would throw before it asks the balance,
    /// and `Rejection.priceListNotFound` for a name that no list in force has.
    public func estimate(
        _ call: ChargeCommand, in bytes: [UInt8], by name: Name?, on slot: AccountSlot?,
        ledger: Ledger, at now: Instant
    ) throws(Rejection) -> Estimate {
        var price: Estimate.Price?
        if call.amount == ChargeCommand.notByHand {
            let list = try version(named: name, of: slot, ledger.catalogue, at: now)
            do throws(PricingError) {
                price = Estimate.Price(list: list, quote: try list.price(call, in: bytes))
            } catch {
                throw Rejection(error)
            }
        }
        let credits = price?.quote.credits ?? Credits(micros: call.amount)
        var (refusal, uncollected) = (Rejection?.none, Credits.zero)
        do throws(Rejection) {
            if let slot {
                uncollected = try Self.decide(
                    credits, for: call, in: bytes, on: slot, ledger: ledger, at: now)
            }
        } catch {
            refusal = error
        }
        return Estimate(
            credits: credits, price: price, refusal: refusal, uncollected: uncollected)
    }

    /// Decides as a charge would be decided; gives the part that could not be collected.
    private static func decide(
        _ credits: Credits, for call: ChargeCommand, in bytes: [UInt8], on slot: AccountSlot,
        ledger: Ledger, at now: Instant
    ) throws(Rejection) -> Credits {
        guard credits.isWithinLimit else { throw .amountOutOfRange }
        var shares: [LotShare] = []
        let decision = try ledger.decideCharge(
            credits, on: slot, call: ledger.hasBudgets(slot) ? call.scope : nil, in: bytes,
            onShort: call.onShort, at: now, shares: &shares)
        return Credits(micros: decision.uncollected)
    }

    private func version(
        named name: Name?, of slot: AccountSlot?, _ catalogue: Catalogue, at now: Instant
    ) throws(Rejection) -> PriceList {
        if let name {
            guard let list = list(named: name, at: now) else { throw .priceListNotFound }
            return list
        }
        let own = slot.flatMap { Self.listName(of: $0, catalogue) } ?? (try? Name(Self.defaultName))
        guard let list = own.flatMap({ list(named: $0, at: now) }) else { throw .unknownAction }
        return list
    }
}
