public import Credit
public import JSON
public import Ledger
public import Pricing

/// A version of a price list as its routes answer it.
public struct PriceListAnswer: Sendable {
    public var version: Catalogue.PriceListVersion
    /// The last version that was put.
    public var latest: UInt32
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

    public init(version: Catalogue.PriceListVersion, latest: UInt32) {
        self.version = version
        self.latest = latest
    }
}

/// The answer to a PUT: the version made, and the rules that no call comes to.
public struct PriceListPutAnswer: Sendable {
    public let event: PriceListEvent
    public let unreachable: [UnreachableRule]

    public init(event: PriceListEvent, unreachable: [UnreachableRule]) {
        self.event = event
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
