internal import CivilTime
internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// `GET /v1/usage`.
extension APIApplication {
    func showUsage(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: UsageQuery.parameters)
        let account = try readAccount(query, call)
        let wanted = try UsageQuery(query, now: call.now, services.directory)
        let format = ListFormat(request)
        let services = services
        view(account, call) { [self] view in
            report(call) { () throws(Problem) in
                let answer = try UsageReport(services: services, query: wanted, view: view)
                    .answer()
                guard format == .csv else {
                    var body: [UInt8] = []
                    answer.write(to: &body)
                    return call.json(200, body, fields: view.figures)
                }
                return call.response(200, format.contentType, answer.csv, fields: view.figures)
            }
        }
    }
}

/// What a usage report is asked for.
struct UsageQuery: Sendable {
    enum Resolution: String, CaseIterable, Sendable {
        case minute
        case hour
        case day
        case month

        var unit: BucketUnit {
            switch self {
            case .minute: .minute
            case .hour: .hour
            case .day: .day
            case .month: .month
            }
        }

        /// How far back a report goes that does not say from when.
        var usualSeconds: Int64 {
            switch self {
            case .minute: 3600
            case .hour: 86_400
            case .day: 30 * 86_400
            case .month: 365 * 86_400
            }
        }
    }

    /// What usage is grouped by.
    enum Group: Hashable, Sendable {
        case action
        case key
        case team
        case scenario
        case status
        case planOrExtra
        case run
        case module
        /// The value of a parameter, by its dotted path.
        case parameter(String)

        private static let parameterPrefix = "parameter:"
        private static let pathBytesMax = 128
        private static let words: [(String, Self)] = [
            ("action", .action), ("key", .key), ("team", .team), ("scenario", .scenario),
            ("status", .status), (UsageAnswer.planOrExtra, .planOrExtra),
            ("run", .run), ("module", .module),
        ]

        init(_ text: String) throws(Problem) {
            if text.hasPrefix(Self.parameterPrefix) {
                let path = String(text.dropFirst(Self.parameterPrefix.count))
                if 1...Self.pathBytesMax ~= path.utf8.count {
                    self = .parameter(path)
                    return
                }
            }
            guard let word = Self.words.first(where: { $0.0 == text }) else {
                let words = Self.words.map(\.0).joined(separator: ", ")
                throw .invalidParameter(
                    "group_by",
                    "it is one of \(words), or parameter: and a path of 1 to "
                        + "\(Self.pathBytesMax) bytes")
            }
            self = word.1
        }
    }

    static let parameters: Set<String> = [
        "account", "from", "to", "resolution", "time_zone", "group_by", "action", "key", "team",
        "scenario", "status",
    ]

    let from: Instant
    /// Up to now when nil.
    let to: Instant?
    let resolution: Resolution
    /// The account's own zone when nil.
    let timeZone: String?
    let group: Group?
    /// As it was asked for.
    let groupText: String?
    /// Which calls count: those of an action, key, team, scenario or status.
    let filter: EntryFilter

    init(
        _ query: QueryParameters, now: Instant, _ directory: Directory
    ) throws(Problem) {
        let resolution = try query.word("resolution", as: Resolution.self) ?? .day
        (from, to) = try query.range(seconds: resolution.usualSeconds, upTo: now)
        self.resolution = resolution
        timeZone = query["time_zone"]
        groupText = query["group_by"]
        group = try groupText.map { (text) throws(Problem) in try Group(text) }
        var filter = try EntryFilter(query, slotOfKey: directory.slot(of:))
        (filter.from, filter.to) = (nil, nil)
        self.filter = filter
    }

    /// A report in the account's own zone, up to now when `to` is nil.
    init(from: Instant, to: Instant?, resolution: Resolution, group: Group?, filter: EntryFilter) {
        self.from = from
        self.to = to
        self.resolution = resolution
        timeZone = nil
        self.group = group
        groupText = group == nil ? nil : ""
        self.filter = filter
    }
}
