internal import Credit
public import Store

/// An entry's summary with its texts in place, so that it can be compared with one from another
/// buffer.
public struct PlainEntry: Hashable, Sendable {
    /// The summary without its texts.
    public let bare: EntrySummary
    /// Action, team, scenario, run, module, parameters.
    public let texts: [String]

    /// An entry said to be so.
    public init(bare: EntrySummary, texts: [String]) {
        self.bare = bare
        self.texts = texts
    }

    /// An entry whose texts lie in `summaries`.
    public init(_ entry: EntrySummary, of summaries: EntrySummaries) {
        var bare = entry
        texts = Self.fields.map { summaries.text(entry[keyPath: $0]) }
        for field in Self.fields { bare[keyPath: field] = ByteRange.empty }
        self.bare = bare
    }

    private static var fields: [WritableKeyPath<EntrySummary, ByteRange>] {
        [\.action, \.team, \.scenario, \.run, \.module, \.parameters]
    }
}

extension EntrySummaries {
    /// All entries with their texts in place.
    public var plain: [PlainEntry] { entries.map { PlainEntry($0, of: self) } }
}
