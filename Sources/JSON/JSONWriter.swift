internal import Credit

/// Writes JSON into bytes of its own and sets the commas.
///
///     var writer = JSONWriter()
///     writer.beginObject()
///     writer.member("credits", Credits(micros: 400_000))
///     writer.endObject()  // {"credits":0.4}
public struct JSONWriter: Sendable {
    @usableFromInline var buffer: [UInt8] = []
    @usableFromInline var needsComma = false

    /// An empty text with room for `capacity` bytes.
    public init(capacity: Int = 256) {
        buffer.reserveCapacity(capacity)
    }

    /// What has been written.
    @inlinable public var bytes: [UInt8] { buffer }

    /// Starts an empty text and keeps the memory of the last.
    public mutating func reset() {
        buffer.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Writes `{`.
    @inlinable
    public mutating func beginObject() {
        open(UInt8(ascii: "{"))
    }

    /// Writes `}`.
    @inlinable
    public mutating func endObject() {
        close(UInt8(ascii: "}"))
    }

    /// Writes `[`.
    @inlinable
    public mutating func beginArray() {
        open(UInt8(ascii: "["))
    }

    /// Writes `]`.
    @inlinable
    public mutating func endArray() {
        close(UInt8(ascii: "]"))
    }

    /// Writes a key that needs no escapes.
    @inlinable
    public mutating func key(_ key: StaticString) {
        separate()
        buffer.append(UInt8(ascii: "\""))
        key.withUTF8Buffer { unsafe buffer.append(contentsOf: $0) }
        buffer.append(UInt8(ascii: "\""))
        buffer.append(UInt8(ascii: ":"))
    }

    /// Writes a key of any UTF-8.
    public mutating func key(bytes: Span<UInt8>) {
        separate()
        buffer.append(jsonString: bytes)
        buffer.append(UInt8(ascii: ":"))
    }

    /// Writes a value.
    @inlinable
    public mutating func value(_ value: some JSONWritable) {
        separate()
        value.write(to: &buffer)
        needsComma = true
    }

    /// Writes a key that needs no escapes, and its value.
    @inlinable
    public mutating func member(_ key: StaticString, _ value: some JSONWritable) {
        self.key(key)
        self.value(value)
    }

    /// Writes a string of UTF-8 bytes.
    public mutating func value(string bytes: Span<UInt8>) {
        separate()
        buffer.append(jsonString: bytes)
        needsComma = true
    }

    /// Writes bytes that are one JSON value already.
    public mutating func value(json bytes: Span<UInt8>) {
        separate()
        buffer.append(bytes: bytes)
        needsComma = true
    }

    /// Writes `null`.
    public mutating func null() {
        separate()
        buffer.append(text: "null")
        needsComma = true
    }
}

extension JSONWriter {
    /// Writes the comma that is due; none is due before the value of a key.
    @inlinable
    mutating func separate() {
        if needsComma { buffer.append(UInt8(ascii: ",")) }
        needsComma = false
    }

    @inlinable
    mutating func open(_ bracket: UInt8) {
        separate()
        buffer.append(bracket)
    }

    @inlinable
    mutating func close(_ bracket: UInt8) {
        buffer.append(bracket)
        needsComma = true
    }
}
