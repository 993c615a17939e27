internal import Credit

/// Writes HTML (and SVG inside it) that escapes every value.
///
/// Only literals of the program's own source can be written as they are; whatever comes from data
/// goes through ``text(_:)`` or an attribute's value.
struct HTML: ~Copyable {
    /// Attributes in order: names are literals, values are escaped.
    typealias Attributes = KeyValuePairs<StaticString, String>

    private(set) var bytes: [UInt8]

    /// Continues after `bytes`.
    init(after bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    /// Appends markup of the program's own source.
    mutating func markup(_ literal: StaticString) {
        literal.withUTF8Buffer { buffer in unsafe bytes.append(contentsOf: buffer) }
    }

    /// Appends text, escaped.
    mutating func text(_ value: String) {
        for byte in value.utf8 { append(escaped: byte) }
    }

    /// Appends an element with what `content` writes in it.
    mutating func element(
        _ name: StaticString, _ attributes: Attributes = [:], _ content: (inout HTML) -> Void
    ) {
        open(name, attributes)
        content(&self)
        markup("</")
        markup(name)
        markup(">")
    }

    /// Appends an element that holds only text, escaped.
    mutating func element(_ name: StaticString, _ attributes: Attributes = [:], text: String) {
        element(name, attributes) { html in html.text(text) }
    }

    /// Appends an element of SVG that holds nothing.
    mutating func shape(_ name: StaticString, _ attributes: Attributes) {
        element(name, attributes) { _ in }
    }

    /// Appends the start tag alone, as of an element that has no end tag.
    mutating func open(_ name: StaticString, _ attributes: Attributes = [:]) {
        markup("<")
        markup(name)
        for (name, value) in attributes {
            markup(" ")
            markup(name)
            markup("=\"")
            text(value)
            markup("\"")
        }
        markup(">")
    }

    private mutating func append(escaped byte: UInt8) {
        switch byte {
        case UInt8(ascii: "&"): markup("&amp;")
        case UInt8(ascii: "<"): markup("&lt;")
        case UInt8(ascii: ">"): markup("&gt;")
        case UInt8(ascii: "\""): markup("&quot;")
        case UInt8(ascii: "'"): markup("&#39;")
        case 0x09, 0x0A: bytes.append(byte)
        case 0..<0x20, 0x7F: markup("\u{FFFD}")
        default: bytes.append(byte)
        }
    }
}
