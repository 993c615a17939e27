internal import JSON

/// The part of YAML that our own description of the API keeps to, as JSON.
///
/// Block mappings and sequences, each item of which is on lines of its own or begins after `- `;
/// plain, `"quoted"` and `>-` folded scalars; and `[]`, `[a, b]` and `{}` on one line. Comments
/// stand on lines of their own. Anything else is refused.
struct SimpleYAML {
    /// The line, from 1, that this reader does not understand.
    struct Unsupported: Error, Hashable {
        let line: Int
    }

    private struct Line {
        let number: Int
        let indent: Int
        let text: String
    }

    private var lines: [Line] = []
    private var index = 0
    private var writer = JSONWriter(capacity: 1 << 16)

    init(_ yaml: [UInt8]) {
        let text = String(decoding: yaml, as: UTF8.self)
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let indent = line.prefix { $0 == " " }.count
            let content = line.dropFirst(indent)
            guard !content.isEmpty, !content.hasPrefix("#") else { continue }
            lines.append(Line(number: number + 1, indent: indent, text: String(content)))
        }
    }

    /// The same value as JSON.
    consuming func json() throws(Unsupported) -> [UInt8] {
        try block(indent: 0)
        guard index == lines.count else { throw unsupported }
        return writer.bytes
    }

    private var unsupported: Unsupported {
        Unsupported(line: index < lines.count ? lines[index].number : (lines.last?.number ?? 0))
    }

    private mutating func block(indent: Int) throws(Unsupported) {
        guard index < lines.count, lines[index].indent == indent else { throw unsupported }
        if lines[index].text.hasPrefix("- ") {
            try sequence(indent: indent)
        } else {
            try mapping(indent: indent)
        }
    }

    private mutating func sequence(indent: Int) throws(Unsupported) {
        writer.beginArray()
        while index < lines.count, lines[index].indent == indent,
            lines[index].text.hasPrefix("- ")
        {
            let item = String(lines[index].text.dropFirst(2))
            if Self.split(item) != nil {
                // A mapping whose first key stands behind the dash.
                let line = lines[index]
                lines[index] = Line(number: line.number, indent: indent + 2, text: item)
                try mapping(indent: indent + 2)
            } else {
                try scalar(item)
                index += 1
            }
        }
        writer.endArray()
    }

    private mutating func mapping(indent: Int) throws(Unsupported) {
        writer.beginObject()
        while index < lines.count, lines[index].indent == indent,
            let (key, value) = Self.split(lines[index].text)
        {
            writer.key(bytes: key.utf8.span)
            if value == ">-" {
                index += 1
                try folded(below: indent)
            } else if value.isEmpty {
                index += 1
                guard index < lines.count, lines[index].indent > indent else { throw unsupported }
                try block(indent: lines[index].indent)
            } else {
                try scalar(value)
                index += 1
            }
        }
        if index < lines.count, lines[index].indent > indent { throw unsupported }
        writer.endObject()
    }

    private mutating func folded(below indent: Int) throws(Unsupported) {
        var words: [String] = []
        while index < lines.count, lines[index].indent > indent {
            words.append(lines[index].text)
            index += 1
        }
        guard !words.isEmpty else { throw unsupported }
        writer.value(words.joined(separator: " "))
    }

    /// The key and the rest of a line `key: rest`; nil for any other line.
    private static func split(_ line: String) -> (key: String, value: String)? {
        if line.hasPrefix("\"") {
            guard let end = line.dropFirst().firstIndex(of: "\"") else { return nil }
            let rest = line[line.index(after: end)...]
            guard rest == ":" || rest.hasPrefix(": ") else { return nil }
            let key = line[line.index(after: line.startIndex)..<end]
            return (String(key), String(rest.dropFirst(2)))
        }
        if line.hasSuffix(":"), !line.contains(": ") { return (String(line.dropLast()), "") }
        guard let colon = line.firstRange(of: ": ") else { return nil }
        return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
    }

    private mutating func scalar(_ text: String) throws(Unsupported) {
        switch text {
        case "{}":
            writer.beginObject()
            writer.endObject()
        case "true": writer.value(true)
        case "false": writer.value(false)
        case "null": writer.null()
        default:
            if text.hasPrefix("["), text.hasSuffix("]") {
                try list(String(text.dropFirst().dropLast()))
            } else if text.hasPrefix("\""), text.hasSuffix("\""), text.count >= 2 {
                let content = String(text.dropFirst().dropLast())
                guard !content.contains("\""), !content.contains("\\") else { throw unsupported }
                writer.value(content)
            } else if let number = Int64(text) {
                writer.value(number)
            } else {
                guard let first = text.first, !"[]{}&*!|>'%@`\"".contains(first) else {
                    throw unsupported
                }
                writer.value(text)
            }
        }
    }

    private mutating func list(_ text: String) throws(Unsupported) {
        writer.beginArray()
        for item in text.split(separator: ",") {
            try scalar(String(item.drop { $0 == " " }))
        }
        writer.endArray()
    }
}
