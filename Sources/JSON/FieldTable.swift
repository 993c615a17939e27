/// The fields that an object may have, found by key without an allocation.
///
///     enum Field: String, CaseIterable { case account, customerKey = "customer_key" }
///     static let fields = FieldTable<Field>()
///
///     var seen = FieldSet()
///     while let key = try cursor.nextKey(in: text) {
///         switch try fields.field(key, in: text, seen: &seen) {
///         case .account: ...
///         case nil: ...  // unknown
///         }
///     }
///
/// At most 64 fields; ones beyond are not found.
public struct FieldTable<Field: CaseIterable & RawRepresentable & Sendable>: Sendable
where Field.RawValue == String {
    @usableFromInline let fields: [Field]
    @usableFromInline let names: FieldNames

    /// The table of all cases of `Field`, their raw values being the keys.
    public init() {
        fields = Array(Field.allCases.prefix(FieldSet.countMax))
        names = FieldNames(fields.map(\.rawValue))
    }

    /// The field that `key` names; nil when there is none.
    ///
    /// Throws ``JSONError/Reason/duplicateKey`` when `seen` has the field already.
    @inlinable
    public func field(
        _ key: JSONString, in text: Span<UInt8>, seen: inout FieldSet
    ) throws(JSONError) -> Field? {
        guard let index = names.index(of: key, in: text) else { return nil }
        guard seen.insert(index) else {
            throw JSONError(.duplicateKey, at: key.range.lowerBound)
        }
        return fields[index]
    }
}

/// The fields that an object has had so far.
public struct FieldSet: Hashable, Sendable, BitwiseCopyable {
    static let countMax = 64

    private var bits: UInt64 = 0

    /// No fields.
    public init() {}

    /// Adds the `index`-th field of a table; false when it is in the set already.
    @usableFromInline
    mutating func insert(_ index: Int) -> Bool {
        let bit = UInt64(1) << UInt64(truncatingIfNeeded: index)
        guard bits & bit == 0 else { return false }
        bits |= bit
        return true
    }
}

/// Names in a form that a key is compared with quickly: the length and the first eight bytes.
@usableFromInline
struct FieldNames: Sendable {
    private struct Entry {
        let head: UInt64
        let name: [UInt8]
    }

    private let entries: [Entry]

    init(_ names: [String]) {
        entries = names.map { name in
            let bytes = Array(name.utf8)
            return Entry(head: Self.head(of: bytes.span, bytes.indices), name: bytes)
        }
    }

    @usableFromInline
    func index(of key: JSONString, in text: Span<UInt8>) -> Int? {
        guard !key.hasEscapes else { return indexUnescaping(key, in: text) }
        let head = Self.head(of: text, key.range)
        for index in entries.indices where entries[index].head == head {
            if Self.equal(entries[index].name, text, key.range) { return index }
        }
        return nil
    }

    private func indexUnescaping(_ key: JSONString, in text: Span<UInt8>) -> Int? {
        entries.firstIndex { key.equals($0.name.span, in: text) }
    }

    private static func equal(_ name: [UInt8], _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard name.count == range.count else { return false }
        for index in name.indices.dropFirst(7) {
            guard name[index] == text[range.lowerBound + index] else { return false }
        }
        return true
    }

    /// The length in the lowest byte, and above it the first seven bytes.
    private static func head(of text: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var head = UInt64(UInt8(truncatingIfNeeded: range.count))
        var shift: UInt64 = 8
        for index in range.prefix(7) {
            head |= UInt64(text[index]) << shift
            shift += 8
        }
        return head
    }
}
