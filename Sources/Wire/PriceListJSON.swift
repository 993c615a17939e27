public import Credit
public import JSON
public import Ledger
public import Pricing

/// A version of a price list as its routes answer it.
public struct PriceListAnswer: Sendable {
    /// The most versions to come that are named.
    public static let scheduledMax = 100

    public var version: Catalogue.PriceListVersion
    /// The last version that was put.
    public var latest: UInt32
    /// The versions that begin later, the next first.
    public var scheduled: [Catalogue.PriceListVersion]
    /// What each rule says in words; nil leaves the rules out of the answer.
    public var rules: [Sentence]?

    /// A rule in words.
    public struct Sentence: Sendable {
        public let rule: Name
        public let text: String

        public init(rule: Name, text: String) {
            self.rule = rule
            self.text = text
        }
    }

    /// The answer for one of the versions of a list, as of `now`.
    public init(
        version: Catalogue.PriceListVersion, of versions: [Catalogue.PriceListVersion],
        at now: Instant
    ) {
        self.version = version
        latest = versions.last?.version ?? version.version
        scheduled = versions.filter { $0.effectiveAt > now }.sorted {
            ($0.effectiveAt, $0.version) < ($1.effectiveAt, $1.version)
        }
    }
}

/// The answer to a PUT: the version made, and the rules that no call comes to.
public struct PriceListPutAnswer: Sendable {
    public let event: PriceListEvent
    /// True when the list has no rules, so that every call must send its amount.
    public let isEmpty: Bool
    public let unreachable: [UnreachableRule]

    public init(event: PriceListEvent, isEmpty: Bool, unreachable: [UnreachableRule]) {
        self.event = event
        self.isEmpty = isEmpty
        self.unreachable = unreachable
    }
}

extension PriceListPutAnswer: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("name", event.name)
        writer.member("version", Int64(event.version))
        writer.member("effective_at", event.effectiveAt)
        writer.member("created_at", event.time)
        writer.key("warnings")
        writer.beginArray()
        if isEmpty {
            writer.beginObject()
            writer.member("code", "no_rules")
            writer.member("detail", "the list prices nothing: every call must send its amount")
            writer.endObject()
        }
        for found in unreachable {
            writer.beginObject()
            writer.member("code", "unreachable_rule")
            writer.member("rule", found.rule)
            writer.member("covered_by", found.coveredBy)
            writer.member(
                "detail",
                "\(found.coveredBy.text) comes first and matches every call that \(found.rule.text) "
                    + "does")
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }
}

extension PriceListAnswer: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: version.json.count + 256)
        writer.beginObject()
        writer.member("name", version.name)
        writer.member("version", Int64(version.version))
        writer.member("latest_version", Int64(latest))
        writer.member("effective_at", version.effectiveAt)
        writer.member("created_at", version.createdAt)
        writer.key("scheduled")
        writer.beginArray()
        for later in scheduled.prefix(Self.scheduledMax) {
            writer.beginObject()
            writer.member("version", Int64(later.version))
            writer.member("effective_at", later.effectiveAt)
            writer.endObject()
        }
        writer.endArray()
        if let rules {
            try? writer.addMembers(of: version.json.span, except: "effective_at")
            writer.key("in_words")
            writer.beginObject()
            for sentence in rules {
                writer.key(bytes: sentence.rule.text.utf8.span)
                writer.value(sentence.text)
            }
            writer.endObject()
        }
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }
}

extension JSONWriter {
    /// Writes the members of an object but one.
    fileprivate mutating func addMembers(
        of object: Span<UInt8>, except name: StaticString
    ) throws(JSONError) {
        var cursor = JSONCursor()
        try cursor.beginObject(in: object)
        while let key = try cursor.nextKey(in: object) {
            let value = try cursor.skipValue(in: object)
            guard !key.equals(literal: name, in: object) else { continue }
            self.key(bytes: object.extracting(key.range))
            self.value(json: object.extracting(value))
        }
    }
}
