/// Reads the little of HTML that the portal writes, strictly, and keeps what tests ask about.
struct Markup {
    /// Why a text is not well-formed.
    enum Flaw: Error, Equatable {
        case unfinishedTag(at: Int)
        case badAttribute(in: String)
        case mismatch(open: String, close: String)
        case unclosed([String])
    }

    /// A start tag.
    struct Tag {
        var name = ""
        var attributes: [String: String] = [:]
    }

    /// Elements that have no end tag.
    static let void: Set<String> = ["meta", "link", "wbr", "!doctype"]

    private(set) var tags: [Tag] = []
    /// The text between tags, entities resolved.
    private(set) var text = ""

    init(_ source: String) throws(Flaw) {
        var open: [String] = []
        var rest = Substring(source)
        while let start = rest.firstIndex(of: "<") {
            text += Self.resolved(rest[..<start])
            guard let end = rest[start...].firstIndex(of: ">") else {
                throw .unfinishedTag(at: source.count - rest.count)
            }
            let body = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if body.hasPrefix("/") {
                let top = open.popLast() ?? ""
                guard top == body.dropFirst() else {
                    throw .mismatch(open: top, close: String(body))
                }
            } else {
                let tag = try Self.tag(body)
                tags.append(tag)
                if !Self.void.contains(tag.name) { open.append(tag.name) }
            }
        }
        text += Self.resolved(rest)
        guard open.isEmpty else { throw .unclosed(open) }
    }

    /// The tags of this name.
    func tags(_ name: String) -> [Tag] {
        tags.filter { $0.name == name }
    }

    private static func tag(_ body: Substring) throws(Flaw) -> Tag {
        var tag = Tag()
        var rest = body
        tag.name = String(rest.prefix { $0 != " " })
        rest = rest.dropFirst(tag.name.count)
        if tag.name == "!doctype" { return tag }
        while !rest.isEmpty {
            let name = rest.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "-" }
            rest = rest.dropFirst(1 + name.count)
            guard !name.isEmpty, rest.hasPrefix("=\"") else { throw .badAttribute(in: "\(body)") }
            let value = rest.dropFirst(2).prefix { $0 != "\"" }
            rest = rest.dropFirst(2 + value.count)
            guard rest.hasPrefix("\""), tag.attributes[String(name)] == nil, !value.contains("<")
            else { throw .badAttribute(in: "\(body)") }
            rest = rest.dropFirst()
            tag.attributes[String(name)] = resolved(value)
        }
        return tag
    }

    private static func resolved(_ text: Substring) -> String {
        var text = String(text)
        let entities = [("lt", "<"), ("gt", ">"), ("quot", "\""), ("#39", "'"), ("amp", "&")]
        for (entity, mark) in entities {
            text = text.split(separator: "&\(entity);", omittingEmptySubsequences: false)
                .joined(separator: mark)
        }
        return text
    }
}
