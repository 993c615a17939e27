internal import JSON

/// The dotted path of a parameter, such as `usage.input_tokens`.
///
/// It leads through nested objects; a key that has dots of its own is found as well, so that
/// `{"usage":{"input_tokens":1}}` and `{"usage.input_tokens":1}` are read alike.
///
/// A class, so that the rules and parts that name it share it.
final class ParameterPath: Hashable, Sendable {
    /// What a text must be to be one, for people.
    static let rule =
        "the path of a parameter has 1 to \(PriceListLimits.pathBytesMax) bytes and no empty part "
        + "between its dots"

    /// As it was written.
    let text: String
    /// Spelled as keys of canonical JSON are, without the quotes.
    let key: [UInt8]
    /// True when it may lead through nested objects.
    let hasDots: Bool

    /// Nil unless `text` is 1 to 128 bytes with no empty part.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= PriceListLimits.pathBytesMax, parts.allSatisfy({ !$0.isEmpty })
        else { return nil }
        var quoted: [UInt8] = []
        quoted.append(jsonString: text)
        self.text = text
        key = Array(quoted.dropFirst().dropLast())
        hasDots = parts.count > 1
    }

    /// The name of the parameter in an error.
    var field: String { "parameters.\(text)" }

    static func == (left: ParameterPath, right: ParameterPath) -> Bool {
        left.key == right.key
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(key)
    }
}
