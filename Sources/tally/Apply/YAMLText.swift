import CYAML
import JSON

/// YAML as JSON: what a configuration file may be written in besides.
///
/// Plain values mean what YAML 1.2's core schema says, numbers being written as in JSON; all other
/// plain values are strings, `yes` and `012` too. One document, without anchors, aliases and tags.
enum YAMLText {
    /// How deep collections may lie in each other.
    fileprivate static let depthMax = 64

    /// The JSON text that says the same as `text`; `path` is where it is from, for messages.
    static func json(_ text: [UInt8], path: String) throws -> [UInt8] {
        let reader = YAMLReader(path: path)
        return try unsafe text.withUnsafeBufferPointer { try unsafe reader.json($0) }
    }
}

/// Follows the events of libyaml's parser and writes JSON as they come.
@safe private final class YAMLReader {
    private enum Container {
        case sequence
        case mapping(needsKey: Bool)
    }

    private let path: String
    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    private var containers: [Container] = []
    /// The keys of the mappings that are open.
    private var keys: [Set<[UInt8]>] = []
    private var writer = JSONWriter(capacity: 4096)
    private var documents = 0

    init(path: String) {
        self.path = path
        unsafe parser.initialize(to: yaml_parser_t())
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    /// Reads a text that stays where it is until this returns.
    func json(_ text: UnsafeBufferPointer<UInt8>) throws -> [UInt8] {
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            throw Failure.failed("there is no memory to read \(path)")
        }
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        while try takeEvent() {}
        return documents > 0 ? writer.bytes : Array("null".utf8)
    }

    /// Takes the next event; false after the last.
    private func takeEvent() throws -> Bool {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else {
            let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
            throw failure(unsafe parser.pointee.problem_mark, problem ?? "it is no YAML")
        }
        defer { unsafe yaml_event_delete(&event) }
        let mark = unsafe event.start_mark
        switch unsafe event.type {
        case YAML_STREAM_END_EVENT: return false
        case YAML_DOCUMENT_START_EVENT:
            documents += 1
            guard documents == 1 else { throw failure(mark, "it takes one document") }
        case YAML_ALIAS_EVENT: throw failure(mark, "aliases are not taken")
        case YAML_SCALAR_EVENT: try unsafe takeScalar(event)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            try open(.sequence, isPlain: unsafe start.anchor == nil && start.tag == nil, mark)
            writer.beginArray()
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            let isPlain = unsafe start.anchor == nil && start.tag == nil
            try open(.mapping(needsKey: true), isPlain: isPlain, mark)
            keys.append([])
            writer.beginObject()
        case YAML_SEQUENCE_END_EVENT:
            containers.removeLast()
            writer.endArray()
        case YAML_MAPPING_END_EVENT:
            containers.removeLast()
            keys.removeLast()
            writer.endObject()
        default: break
        }
        return true
    }

    private func open(_ container: Container, isPlain: Bool, _ mark: yaml_mark_t) throws {
        guard isPlain else { throw failure(mark, "anchors and tags are not taken") }
        guard containers.count < YAMLText.depthMax else {
            throw failure(mark, "it is deeper than \(YAMLText.depthMax)")
        }
        if case .key = takePlace() { throw failure(mark, "a key is a plain text") }
        containers.append(container)
    }

    private enum Place {
        case key
        case value
    }

    /// What the next node is, which it then has been.
    private func takePlace() -> Place {
        guard case .mapping(let needsKey)? = containers.last else { return .value }
        containers[containers.count - 1] = .mapping(needsKey: !needsKey)
        return needsKey ? .key : .value
    }

    private func takeScalar(_ event: yaml_event_t) throws {
        let scalar = unsafe event.data.scalar
        guard unsafe scalar.anchor == nil && scalar.tag == nil else {
            throw failure(unsafe event.start_mark, "anchors and tags are not taken")
        }
        let bytes = unsafe Array(UnsafeBufferPointer(start: scalar.value, count: scalar.length))
        let place = takePlace()
        guard place == .value else {
            guard keys[keys.count - 1].insert(bytes).inserted else {
                let name = String(decoding: bytes.prefix(64), as: UTF8.self)
                throw failure(unsafe event.start_mark, "\(name) is there twice")
            }
            return writer.key(bytes: bytes.span)
        }
        let number = /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/
        let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
        switch isPlain ? String(decoding: bytes, as: UTF8.self) : nil {
        case "", "~", "null", "Null", "NULL": writer.null()
        case "true", "True", "TRUE": writer.value(true)
        case "false", "False", "FALSE": writer.value(false)
        case let text? where text.wholeMatch(of: number) != nil:
            writer.value(json: bytes.span)
        default: writer.value(string: bytes.span)
        }
    }

    private func failure(_ mark: yaml_mark_t, _ message: String) -> Failure {
        .failed("\(path):\(mark.line + 1):\(mark.column + 1): \(message)")
    }
}
