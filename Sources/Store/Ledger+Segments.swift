internal import Credit
public import Ledger

extension Ledger {
    /// Applies all events of a segment in order.
    public mutating func apply(_ contents: SegmentContents) {
        var lookups = ApplyLookups()
        let texts = contents.bytes.span
        let charges = contents.charges.span
        contents.visit { position, item in
            switch item {
            case .charge(let index):
                let charge = charges[index]
                let keyHash = lookups.keyHash(ofCharge: index, of: charges, texts, self)
                if let role = contents.role(of: charge) {
                    apply(
                        charge, role, shares: contents.shares, bytes: contents.bytes,
                        at: position)
                } else {
                    apply(
                        charge, shares: contents.shares, bytes: contents.bytes, at: position)
                }
                if !charge.idempotence.key.isEmpty { remember(keyHash, at: position) }
            case .event(let index):
                apply(contents.events[index], at: position)
            }
        }
    }
}
