/// An exact amount of credits, counted in micro-credits (1 credit = 1 000 000).
///
/// There is no conversion from or to a floating-point number: text is parsed and written digit by
/// digit (``init(decimal:)``), and arithmetic reports overflow instead of wrapping or trapping.
/// See docs/adr/0003-micro-credits.md.
public struct Credits: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// The sum or difference does not fit 64 bits.
    public struct Overflow: Error, Hashable {
        @usableFromInline init() {}
    }

    /// How many micro-credits make one credit.
    public static let microsPerCredit: Int64 = 1_000_000
    /// The largest magnitude an amount or a balance may have: 10^12 credits.
    public static let limit = Self(micros: 1_000_000_000_000_000_000)
    /// No credits.
    public static let zero = Self(micros: 0)

    /// The amount in micro-credits.
    public let micros: Int64

    /// An amount of `micros` micro-credits.
    @inlinable
    public init(micros: Int64) {
        self.micros = micros
    }

    /// The exact sum.
    @inlinable
    public func adding(_ other: Self) throws(Overflow) -> Self {
        let (sum, overflow) = micros.addingReportingOverflow(other.micros)
        guard !overflow else { throw Overflow() }
        return Self(micros: sum)
    }

    /// The exact difference.
    @inlinable
    public func subtracting(_ other: Self) throws(Overflow) -> Self {
        let (difference, overflow) = micros.subtractingReportingOverflow(other.micros)
        guard !overflow else { throw Overflow() }
        return Self(micros: difference)
    }

    /// True when the magnitude is at most ``limit``.
    @inlinable
    public var isWithinLimit: Bool {
        micros >= -Self.limit.micros && micros <= Self.limit.micros
    }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.micros < right.micros
    }
}
