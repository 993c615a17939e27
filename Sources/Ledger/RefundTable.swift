public import Credit

/// How much of one charge has been taken back.
public struct RefundTotal: Hashable, Sendable, BitwiseCopyable {
    /// Where the charge was recorded.
    public let charge: Position
    /// Micro-credits.
    public let micros: Int64

    public init(charge: Position, micros: Int64) {
        self.charge = charge
        self.micros = micros
    }
}

/// What has been taken back of the charges of all accounts, for good.
struct RefundTable: Sendable {
    private var totals = SlotTable<[Position: Int64]>(empty: [:])

    /// How much of the charge at `position` has been taken back, in micro-credits.
    func total(of position: Position, on account: AccountSlot) -> Int64 {
        totals[account][position] ?? 0
    }

    /// What was taken back of which charges of an account, by position.
    func totals(of account: AccountSlot) -> [RefundTotal] {
        totals[account].map { RefundTotal(charge: $0.key, micros: $0.value) }
            .sorted { $0.charge < $1.charge }
    }

    mutating func add(_ refund: RefundTotal, of account: AccountSlot) {
        totals[account][refund.charge, default: 0] += refund.micros
    }
}
