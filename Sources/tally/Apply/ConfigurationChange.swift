import HTTP
import JSON

/// Something that a file says and a server has otherwise or not at all, and what ends that.
struct ConfigurationChange {
    enum Kind: String {
        case create
        case change
    }

    /// A field that differs; nil where one side says nothing.
    struct Field {
        let name: String
        var from: JSONValue?
        var to: JSONValue?
    }

    /// A request that makes the server agree.
    struct Step {
        enum Method {
            case put
            case post
            case patch
        }

        let method: Method
        let path: String
        let body: [UInt8]
        /// True for what an idempotency key belongs to.
        var isMoney = false
    }

    /// What values are cut to, in text.
    private static let valueTextMax = 40

    let kind: Kind
    /// What kind of thing it is: `price list`, `plan`, `account` or `budget`.
    let object: String
    let id: String
    var fields: [Field] = []
    /// What else there is to know of it.
    var note: String?
    var steps: [Step] = []

    /// The change in words: a line, and one more for each field beyond the first.
    var text: String {
        var parts = fields.map { field in
            "\(field.name): \(Self.text(field.from)) -> \(Self.text(field.to))"
        }
        if let note { parts.append(note) }
        let head = "\(kind == .create ? "+" : "~") \(object) \(id)"
        guard let first = parts.first else { return head }
        return ([head + "  " + first] + parts.dropFirst().map { "    " + $0 })
            .joined(separator: "\n")
    }

    private static func text(_ value: JSONValue?) -> String {
        guard let value else { return "(none)" }
        let text = String(decoding: value.bytes, as: UTF8.self)
        return text.count > valueTextMax ? text.prefix(valueTextMax - 1) + "…" : text
    }
}

extension ConfigurationChange: JSONWritable {
    func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("kind", kind.rawValue)
        writer.member("object", object)
        writer.member("id", id)
        writer.key("fields")
        writer.beginArray()
        for field in fields {
            writer.beginObject()
            writer.member("name", field.name)
            writer.member("from", field.from)
            writer.member("to", field.to)
            writer.endObject()
        }
        writer.endArray()
        writer.member("note", note)
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }
}

extension ConfigurationChange.Step {
    fileprivate func request(to connection: TallyConnection) -> HTTPClientRequest {
        let method: HTTPMethod =
            switch self.method {
            case .put: .put
            case .post: .post
            case .patch: .patch
            }
        return connection.request(
            method, path, body: body,
            idempotencyKey: isMoney ? "apply-\(UInt64.random(in: .min ... .max))" : nil)
    }
}

extension ConfigurationComparison {
    /// Makes the changes one after the other, and tells each that is made.
    func makeChanges(_ tell: (ConfigurationChange) -> Void) throws {
        for (index, change) in changes.enumerated() {
            do {
                for step in change.steps {
                    try connection.send(step.request(to: connection), allowing: [200, 201])
                }
            } catch Failure.failed(let message) {
                let rest = changes.count - index - 1
                throw Failure.failed(
                    "\(change.object) \(change.id): \(message)\n\(index) changes were made, "
                        + "\(rest) after this one were not: run it again")
            }
            tell(change)
        }
    }
}
