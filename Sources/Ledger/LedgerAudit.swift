import Credit

/// A figure of an account that does not follow from its lots.
public struct AuditDifference: Hashable, Sendable {
    public let account: AccountSlot
    /// Which figure.
    public let figure: String
    public let stored: Int128
    public let recomputed: Int128
}

extension Ledger {
    /// Recomputes the balance of an account from its lots (invariants C1, C2, O1).
    public func audit(account slot: AccountSlot) -> [AuditDifference] {
        let record = records[Int(slot)]
        let lots = lots(of: slot)
        let usable = lots.filter { $0.state == .open }.reduce(Int128(0)) {
            $0 + Int128($1.remaining)
        }
        let granted = lots.reduce(Int128(0)) { $0 + Int128($1.granted) }
        let held = lots.reduce(Int128(0)) { $0 + Int128($1.held) }
        var found: [AuditDifference] = []
        func expect(_ figure: String, _ stored: Int128, _ recomputed: Int128) {
            guard stored != recomputed else { return }
            found.append(
                AuditDifference(
                    account: slot, figure: figure, stored: stored, recomputed: recomputed))
        }
        expect("available", Int128(record.available), usable)
        expect("granted", record.granted, granted)
        let open = self.holds(of: slot)
        let reserved = open.reduce(Int128(0)) { $0 + Int128($1.reserved) }
        let overdraft = open.reduce(Int128(0)) { $0 + Int128($1.overdraft) }
        expect("held", Int128(record.held), held + Int128(record.heldOverdraft))
        expect("held by open holds", Int128(record.held), reserved)
        expect("held overdraft", Int128(record.heldOverdraft), overdraft)
        expect("conserved", Int128(lots.filter(\.isConserved).count), Int128(lots.count))
        expect("available >= 0", record.available < 0 ? 0 : 1, 1)
        return found
    }
}
