internal import Credit
public import Ledger
public import Pricing

/// Prices of calls as the ledger's commands say them, their texts lying in `bytes`.
extension PriceList {
    /// What a call costs.
    @inline(__always)
    public func price(
        _ call: ChargeCommand, in bytes: [UInt8]
    ) throws(PricingError) -> Quote {
        try price(
            action: bytes.span.extracting(call.action.indices),
            parameters: bytes.span.extracting(call.details.parameters.indices),
            outcome: call.details.status.outcome, results: call.details.resultCount)
    }

    /// What a call costs, and how that came about.
    public func explain(
        _ call: ChargeCommand, in bytes: [UInt8]
    ) throws(PricingError) -> PriceExplanation {
        try explain(
            action: bytes.span.extracting(call.action.indices),
            parameters: bytes.span.extracting(call.details.parameters.indices),
            outcome: call.details.status.outcome, results: call.details.resultCount)
    }

    /// Cheaper ways to make a call that has the price `quote`.
    public func alternatives(
        to quote: Quote, of call: ChargeCommand, in bytes: [UInt8]
    ) -> [PriceAlternative] {
        alternatives(
            action: bytes.span.extracting(call.action.indices),
            parameters: bytes.span.extracting(call.details.parameters.indices),
            outcome: call.details.status.outcome, results: call.details.resultCount, to: quote)
    }
}

extension CallDetails {
    /// How many results the call gave, if it says so.
    fileprivate var resultCount: UInt64? { results.value.map(UInt64.init(_:)) }
}

extension CallStatus {
    /// The outcome that the price rule goes by: an HTTP code of 408 or 504 is a timeout, any other
    /// from 400 on a failure (docs/charging.md).
    public var outcome: Pricing.Outcome {
        switch self {
        case .failed: .failed
        case .empty: .empty
        case .partial: .partial
        case .timeout: .timeout
        default:
            switch rawValue {
            case 408, 504: .timeout
            case 400...: .failed
            default: .succeeded
            }
        }
    }
}
