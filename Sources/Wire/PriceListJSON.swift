internal import Credit
public import JSON
public import Ledger

/// A version of a price list as its routes answer it.
public struct PriceListAnswer: Sendable {
    public var version: Catalogue.PriceListVersion
    /// The last version that was put.
    public var latest: UInt32
    /// Whether the rules are part of the answer.
    public var hasRules: Bool

    public init(version: Catalogue.PriceListVersion, latest: UInt32, hasRules: Bool) {
        self.version = version
        self.latest = latest
        self.hasRules = hasRules
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
        if hasRules { try? writer.addMembers(of: version.json.span, except: "effective_at") }
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
