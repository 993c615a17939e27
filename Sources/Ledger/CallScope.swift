public import Credit

/// What a budget can be about.
public enum BudgetDimension: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case team
    case key
    case scenario
    case run
    case action

    /// How many there are.
    static let count = allCases.count

    /// The name in JSON.
    public var text: StaticString {
        switch self {
        case .team: "team"
        case .key: "key"
        case .scenario: "scenario"
        case .run: "run"
        case .action: "action"
        }
    }
}

/// Where the texts of a call lie that budgets go by, and its API key; whoever holds it knows the bytes.
public struct ScopeRanges: Hashable, Sendable, BitwiseCopyable {
    public let action: ByteRange
    /// The API key, or ``ChargeCommand/noKey``.
    public let key: APIKeySlot
    public let team: ByteRange
    public let scenario: ByteRange
    public let run: ByteRange

    @inlinable
    public init(action: ByteRange, key: APIKeySlot, details: CallDetails) {
        self.action = action
        self.key = key
        team = details.team
        scenario = details.scenario
        run = details.run
    }

    fileprivate init(
        action: ByteRange, key: APIKeySlot, team: ByteRange, scenario: ByteRange, run: ByteRange
    ) {
        self.action = action
        self.key = key
        self.team = team
        self.scenario = scenario
        self.run = run
    }

    /// What the call says of a dimension, in `bytes`; for the API key see ``key``.
    @inline(__always)
    private func text(_ dimension: BudgetDimension) -> ByteRange {
        switch dimension {
        case .team: team
        case .scenario: scenario
        case .run: run
        case .action: action
        case .key: .empty
        }
    }

    /// True when the call says nothing of a dimension.
    @inline(__always)
    func isSilent(of dimension: BudgetDimension) -> Bool {
        dimension == .key ? key == ChargeCommand.noKey : text(dimension).isEmpty
    }

    /// True when the call says this of a dimension.
    @inline(__always)
    func says(_ value: Span<UInt8>, of dimension: BudgetDimension, in bytes: Span<UInt8>) -> Bool {
        if dimension == .key { return CallScope.key(of: value) == key }
        return bytes.extracting(text(dimension).indices).isEqual(to: value)
    }

    /// Mixes in what the call says of a dimension.
    @inline(__always)
    func mix(
        _ dimension: BudgetDimension, in bytes: Span<UInt8>, to hash: inout KeyedHash
    ) {
        guard dimension == .key else {
            hash.mix(bytes.extracting(text(dimension).indices))
            return
        }
        let word = CallScope.bytes(of: key)
        hash.mix(word.span.extracting(first: key == ChargeCommand.noKey ? 0 : word.count))
    }

    /// What the call says of a dimension as bytes, none where it says nothing.
    func value(of dimension: BudgetDimension, in bytes: Span<UInt8>) -> [UInt8] {
        if dimension == .key { return CallScope.value(of: key) }
        var value: [UInt8] = []
        _ = value.appending(bytes.extracting(text(dimension).indices))
        return value
    }
}

/// What a call says of each dimension; no bytes where it says nothing.
public struct CallScope: Hashable, Sendable {
    /// Where its texts lie in ``texts``.
    public let ranges: ScopeRanges
    /// The values of all dimensions, one after the other.
    public let texts: [UInt8]
    /// Where that of the API key lies.
    private let keyValue: ByteRange

    /// What a call says whose texts lie in `bytes`.
    public init(_ call: ScopeRanges, in bytes: Span<UInt8>) {
        var values: [[UInt8]] = []
        for dimension in BudgetDimension.allCases {
            values.append(call.value(of: dimension, in: bytes))
        }
        self.init(values: values)
    }

    /// These values, one for each dimension.
    public init(values: [[UInt8]]) {
        var texts: [UInt8] = []
        var places: [ByteRange] = []
        for value in values { places.append(texts.appending(value.span)) }
        func place(_ dimension: BudgetDimension) -> ByteRange {
            let index = Int(dimension.rawValue)
            return index < places.count ? places[index] : .empty
        }
        keyValue = place(.key)
        ranges = ScopeRanges(
            action: place(.action), key: Self.key(of: texts.span.extracting(keyValue.indices)),
            team: place(.team), scenario: place(.scenario), run: place(.run))
        self.texts = texts
    }

    /// What it says of one dimension.
    public subscript(dimension: BudgetDimension) -> [UInt8] {
        dimension == .key
            ? [UInt8](texts[keyValue.indices]) : ranges.value(of: dimension, in: texts.span)
    }

    /// An API key as a value: its slot in four bytes, low first; no bytes for no key.
    public static func value(of key: APIKeySlot) -> [UInt8] {
        guard key != ChargeCommand.noKey else { return [] }
        let word = bytes(of: key)
        return word.indices.map { word[$0] }
    }

    @inline(__always)
    fileprivate static func bytes(of key: APIKeySlot) -> InlineArray<4, UInt8> {
        [
            UInt8(truncatingIfNeeded: key), UInt8(truncatingIfNeeded: key >> 8),
            UInt8(truncatingIfNeeded: key >> 16), UInt8(truncatingIfNeeded: key >> 24),
        ]
    }

    /// The API key that a value stands for, or ``ChargeCommand/noKey``.
    public static func key(of value: Span<UInt8>) -> APIKeySlot {
        guard value.count == 4 else { return ChargeCommand.noKey }
        var key: APIKeySlot = 0
        for index in 0..<4 { key |= APIKeySlot(value[index]) << (index * 8) }
        return key
    }

    /// The API key of the call, or ``ChargeCommand/noKey``.
    public var key: APIKeySlot { ranges.key }
}
