public import Credit

/// How a call ended.
public enum Outcome: UInt8, CaseIterable, Sendable {
    case succeeded = 0
    case failed = 1
    case empty = 2
    case partial = 3
    case timeout = 4
}

/// What a rule charges for calls that did not simply succeed; see docs/charging.md.
public struct OutcomeCharges: Hashable, Sendable, BitwiseCopyable {
    /// What a call with one outcome costs.
    public enum Charge: Hashable, Sendable, BitwiseCopyable {
        /// The price that it would have had with success.
        case full
        /// This many credits, whatever the parameters.
        case fixed(Credits)
        /// The price of as many units as it had results.
        case byResults
    }

    /// What a failed call costs; nothing, unless the rule says otherwise.
    public internal(set) var failed = Charge.fixed(.zero)
    /// What a call that ran out of time costs; nothing, unless the rule says otherwise.
    public internal(set) var timeout = Charge.fixed(.zero)
    /// What a call that found nothing costs; the full price, unless the rule says otherwise.
    public internal(set) var empty = Charge.full
    /// What a call that did a part costs; the full price, unless the rule says otherwise.
    public internal(set) var partial = Charge.full

    /// What a call with this outcome costs.
    public func charge(for outcome: Outcome) -> Charge {
        switch outcome {
        case .succeeded: .full
        case .failed: failed
        case .empty: empty
        case .partial: partial
        case .timeout: timeout
        }
    }
}
