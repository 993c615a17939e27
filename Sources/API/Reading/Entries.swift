internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// `GET /v1/entries` and `GET /v1/entries/{entry}`.
extension APIApplication {
    func listEntries(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: EntryFilter.parameters)
        let filter = try EntryFilter(query, slotOfKey: services.directory.slot(of:))
        let account = try readAccount(query, call)
        let limit = try query.limit(within: services.limits)
        let start = try query.position()
        let page = EntryPage(
            services: services, filter: filter, start: start, limit: limit,
            format: ListFormat(request))
        view(account, call) { [self] view in
            report(call) { () throws(Problem) in try page.response(to: call, view) }
        }
    }

    func showEntry(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: ["account"])
        let id = try call.id(at: 0, as: EntryID.self)
        guard let position = Position(id), position.partition == 0 else { throw .nothingHere }
        let services = services
        guard call.isCustomer || query["account"] != nil else {
            return report(call) { () throws(Problem) in
                try EntryPage.response(to: call, at: position, of: nil, services)
            }
        }
        view(try readAccount(query, call), call) { [self] view in
            report(call) { () throws(Problem) in
                try EntryPage.response(to: call, at: position, of: view, services)
            }
        }
    }
}

/// Makes a page of entries, newest first.
struct EntryPage: Sendable {
    let services: APIServices
    let filter: EntryFilter
    /// The last entry of the page before.
    let start: Position?
    let limit: Int
    let format: ListFormat

    func response(to call: Call, _ view: ReadView) throws(Problem) -> HTTPResponse {
        var output = EntryOutput(
            format: format, account: Array(view.id.text.utf8),
            renderer: AnswerRenderer(directory: services.directory))
        var last: Position?
        do throws(StoreError) {
            last = try collect(view, &output)
        } catch {
            throw Problem(error)
        }
        let next = last.map { PageCursor(number: $0.id(as: EntryID.self).rawValue).text }
        var fields = view.figures
        if format != .json, let next {
            fields.append(literal: "Tally-Next-Cursor: ")
            fields.append(contentsOf: next.utf8)
            fields.append(literal: "\r\n")
        }
        return call.response(
            200, format.contentType, output.finish(nextCursor: next), fields: fields)
    }

    /// Gives where the next page goes on, if there may be one.
    private func collect(
        _ view: ReadView, _ output: inout EntryOutput
    ) throws(StoreError) -> Position? {
        let entries = AccountEntries(of: view.slot, services.readModel, services.segments)
        let runs = AccountRuns(of: view.slot, services.readModel, services.segments)
        var first = start
        if let to = filter.to, let end = try entries.end(before: to) {
            first = first.map { min($0, end) } ?? end
        }
        var isPastStart = false
        let limit = services.limits.entriesScannedMax
        let last = try runs.visit(filter.run, before: first, limit: limit) {
            (entry, summaries) throws(StoreError) in
            if filter.includes(entry, of: summaries),
                let stored = try services.segments.event(at: entry.position)
            {
                output.add(stored)
            }
            // Entries come newest first: once one is too early, so are all that follow.
            let isEarlier = filter.from.map { entry.time < $0 } ?? false
            isPastStart = entry.kind.isEntry && isEarlier
            return output.count < self.limit && !isPastStart
        }
        guard !isPastStart, let last else { return nil }
        let rest = try services.readModel.positions(of: view.slot, before: last, limit: 1)
        return rest.isEmpty ? nil : last
    }

    /// The answer with a single entry, of the account of `view` or of any.
    static func response(
        to call: Call, at position: Position, of view: ReadView?, _ services: APIServices
    ) throws(Problem) -> HTTPResponse {
        let stored: StoredEvent?
        do throws(StoreError) {
            stored = try services.segments.event(at: position)
        } catch {
            throw Problem(error)
        }
        guard let stored, let account = stored.account, view == nil || account == view?.slot,
            let profile = services.directory.profile(account)
        else { throw .nothingHere }
        var output = EntryOutput(
            format: .lines, account: Array(profile.id.text.utf8),
            renderer: AnswerRenderer(directory: services.directory))
        output.add(stored)
        let body = output.finish(nextCursor: nil)
        return call.json(200, Array(body.dropLast()), fields: view?.figures ?? [])
    }
}

/// Writes entries in one of the formats of lists.
struct EntryOutput {
    private(set) var count = 0
    private let format: ListFormat
    private let account: [UInt8]
    private var renderer: AnswerRenderer
    private var bytes: [UInt8] = []

    init(format: ListFormat, account: [UInt8], renderer: AnswerRenderer) {
        self.format = format
        self.account = account
        self.renderer = renderer
        switch format {
        case .json: bytes.append(literal: "{\"data\":[")
        case .csv: bytes.appendEntryColumns()
        case .lines: break
        }
    }

    mutating func add(_ stored: StoredEvent) {
        if format == .json, count > 0 { bytes.append(UInt8(ascii: ",")) }
        count += 1
        switch stored.item {
        case .charge(let index): add(charge: index, stored)
        case .event(let index): add(stored.contents.events[index], stored)
        }
        if format == .lines { bytes.append(0x0A) }
    }

    private mutating func add(charge place: Int, _ stored: StoredEvent) {
        let charge = stored.contents.charges[place]
        let names = renderer.names(account: account, price: charge.price, key: charge.key)
        let (position, contents) = (stored.position, stored.contents)
        switch format {
        case .json, .lines: bytes.append(charge: place, at: position, of: contents, names: names)
        case .csv: bytes.append(line: charge, at: position, of: contents, names: names)
        }
    }

    private mutating func add(_ event: Event, _ stored: StoredEvent) {
        var key = ChargeCommand.noKey
        if case .refused(let refusal) = event { key = refusal.apiKey }
        let names = renderer.names(account: account, key: key)
        switch format {
        case .json, .lines: bytes.append(entry: event, at: stored.position, names: names)
        case .csv: bytes.append(line: event, at: stored.position, names: names)
        }
    }

    consuming func finish(nextCursor: String?) -> [UInt8] {
        guard format == .json else { return bytes }
        bytes.append(literal: "],\"next_cursor\":")
        nextCursor.write(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
