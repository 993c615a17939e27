internal import Digest

/// What a body is known by to those who have it already (RFC 9110, section 8.8.3).
struct EntityTag {
    /// The value of the `ETag` header, quotes included.
    let text: String

    /// A tag that was made before, quotes included.
    init(text: String) {
        self.text = text
    }

    /// The strong tag of a body: a part of its digest.
    init(of body: [UInt8]) {
        var hash = SHA256()
        hash.update(body.span)
        text = "\"\(String(hash.finishPrefix(), radix: 36))\""
    }

    /// True when one of the values of `If-None-Match` names the tag, or all of them.
    func isKnown(among values: [[UInt8]]) -> Bool {
        values.contains { value in
            value.split(separator: UInt8(ascii: ",")).contains { part in
                let tag = part.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
                return tag == Array("*".utf8) || tag == Array(text.utf8)
                    || tag == Array("W/\(text)".utf8)
            }
        }
    }
}
