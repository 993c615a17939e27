public import Engine
public import Ledger
internal import Pricing

/// Finds in words what entries name by number, and remembers the prices among it.
public struct EntryNamer: Sendable {
    /// Remembered price references are forgotten beyond this.
    private static let pricesMax = 10_000

    private let directory: Directory
    private var prices: [PriceReference: [UInt8]] = [:]

    public init(directory: Directory) {
        self.directory = directory
    }

    /// The JSON that says which rule priced a charge.
    public mutating func price(_ reference: PriceReference) -> [UInt8] {
        if reference == .byHand { return EntryNames.byHand }
        if let json = prices[reference] { return json }
        guard let list = directory.priceList(number: reference.version),
            Int(reference.rule) < list.rules.count
        else { return EntryNames.byHand }
        let json = EntryNames.price(
            list: list.name, version: list.version, rule: list.rules[Int(reference.rule)].id)
        if prices.count >= Self.pricesMax { prices.removeAll() }
        prices[reference] = json
        return json
    }

    /// What a charge or refusal of an account names.
    public mutating func names(
        account: [UInt8], price: PriceReference = .byHand, key: APIKeySlot
    ) -> EntryNames {
        let id = key == ChargeCommand.noKey ? nil : directory.apiKey(key)?.id
        return EntryNames(account: account, price: self.price(price), key: id)
    }
}
