public import Credit
public import JSON
public import Ledger

/// What kind of thing makes runs.
enum ScenarioKind: String, CaseIterable {
    case scenario
    case agent
}

/// What `PUT /v1/scenarios/{id}` says of a scenario.
public struct ScenarioBody: Hashable, Sendable {
    private enum Field: String, CaseIterable {
        case name
        case type
        case team
        case modules
        case links
    }

    private enum ModuleField: String, CaseIterable {
        case id
        case name
        case kind
    }

    private struct Module: Hashable, Sendable {
        var id: Name
        var name: String?
        var kind: String?
    }

    private static let fields = FieldTable<Field>()
    private static let moduleFields = FieldTable<ModuleField>()

    /// The description as canonical JSON, every field in it.
    public let description: [UInt8]

    /// Reads the body.
    public init(_ body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var (name, kind, team) = ("", ScenarioKind.scenario, Name?.none)
        var (modules, links): ([Module], [[Name]]) = ([], [])
        try reader.object(Self.fields, required: [.name, .type]) {
            (reader, field) throws(ValueError) in
            switch field {
            case .name: name = try reader.freeText()
            case .type: kind = try reader.word(ScenarioKind.self)
            case .team: team = try reader.isNull() ? nil : try reader.name()
            case .modules: modules = try Self.modules(&reader)
            case .links: links = try Self.links(&reader)
            }
        }
        var known: Set<Name> = []
        for module in modules where !known.insert(module.id).inserted {
            throw Problem(
                .invalidField, "two modules have the id \(module.id.text)", field: "modules")
        }
        for id in links.joined() where !known.contains(id) {
            throw Problem(.invalidField, "no module has the id \(id.text)", field: "links")
        }
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("name", name)
        writer.member("type", kind.rawValue)
        writer.member("team", team)
        Self.write(modules, to: &writer)
        writer.key("links")
        writer.beginArray()
        for link in links {
            writer.beginArray()
            for id in link { writer.value(id) }
            writer.endArray()
        }
        writer.endArray()
        writer.endObject()
        description = writer.bytes
    }

    private static func modules(_ reader: inout BodyReader) throws(ValueError) -> [Module] {
        let limit = reader.limits.modulesMax
        return try reader.items(countMax: limit) { (reader) throws(ValueError) in
            var (id, name, kind): (Name?, String?, String?) = (nil, nil, nil)
            try reader.members(moduleFields) { (reader, field) throws(ValueError) in
                switch field {
                case .id: id = try reader.name()
                case .name: name = try reader.isNull() ? nil : try reader.freeText()
                case .kind: kind = try reader.isNull() ? nil : try reader.freeText()
                }
            }
            guard let id else { throw .invalid("a module takes an id") }
            return Module(id: id, name: name, kind: kind)
        }
    }

    private static func links(_ reader: inout BodyReader) throws(ValueError) -> [[Name]] {
        let limit = reader.limits.linksMax
        return try reader.items(countMax: limit) { (reader) throws(ValueError) in
            let ends = try reader.items(countMax: 2) { (reader) throws(ValueError) in
                try reader.name()
            }
            guard ends.count == 2 else { throw .invalid("a link is a list of two ids of modules") }
            return ends
        }
    }

    private static func write(_ modules: [Module], to writer: inout JSONWriter) {
        writer.key("modules")
        writer.beginArray()
        for module in modules {
            writer.beginObject()
            writer.member("id", module.id)
            writer.member("name", module.name)
            writer.member("kind", module.kind)
            writer.endObject()
        }
        writer.endArray()
    }
}

/// A scenario as JSON.
public struct ScenarioAnswer: Sendable, JSONWritable {
    private let account: Name
    private let scenario: ScenarioRecord

    public init(account: Name, scenario: ScenarioRecord) {
        self.account = account
        self.scenario = scenario
    }

    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("id", scenario.id)
        writer.member("account", account)
        writer.member("created_at", scenario.createdAt)
        writer.member("updated_at", scenario.updatedAt)
        // The description is an object, whose members come last; one that was erased has none.
        bytes.append(contentsOf: writer.bytes)
        if scenario.description.count > 2 {
            bytes.append(UInt8(ascii: ","))
            bytes.append(contentsOf: scenario.description.dropFirst())
        } else {
            bytes.append(contentsOf: #","name":null,"type":null,"team":null,"#.utf8)
            bytes.append(contentsOf: #""modules":[],"links":[]}"#.utf8)
        }
    }
}
