internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Pricing
internal import Wire

/// `/v1/price-lists`: each PUT makes a new version, which never changes.
extension APIApplication {
    func putPriceList(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let name = try priceListName(of: call)
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let body = request.body
        let isTaken = report { () -> Result<CheckedDraft, Problem> in
            do throws(PriceListError) {
                let draft = try PriceList.Draft(json: body.span)
                return .success(CheckedDraft(draft: draft, unreachable: draft.unreachableRules))
            } catch {
                return .failure(Problem(error))
            }
        } then: { [self] result in
            attempt(call) { () throws(Problem) in put(try result.get(), as: name, call) }
        }
        if !isTaken { throw overloaded }
    }

    /// A draft that can be put, and what its author should know.
    private struct CheckedDraft: Sendable {
        let draft: PriceList.Draft
        let unreachable: [UnreachableRule]
    }

    private func put(_ checked: CheckedDraft, as name: Name, _ call: Call) {
        let draft = checked.draft
        let command = Command.putPriceList(
            name, effectiveAt: draft.effectiveAt, json: draft.canonicalJSON)
        perform(call, command) { [self] _, event throws(Problem) in
            guard case .priceListPut(let version) = event else { throw .noOutcome }
            let answer = PriceListPutAnswer(
                event: version, isEmpty: draft.rules.isEmpty, unreachable: checked.unreachable)
            var body: [UInt8] = []
            answer.write(to: &body)
            respond(call.json(200, body), to: call)
        }
    }

    private func priceListName(of call: Call) throws(Problem) -> Name {
        do throws(Name.Invalid) {
            return try Name(call.parameters.first ?? "")
        } catch {
            throw .invalidParameter("name", "a name is 1 to 64 of A-Z a-z 0-9 . _ : -")
        }
    }

    func listPriceLists(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: ["limit", "cursor"])
        let limit = try query.limit(within: services.limits)
        let first = try query.cursor() ?? 0
        let versions = Dictionary(grouping: services.directory.priceLists(), by: \.name)
        let rest = versions.keys.sorted().dropFirst(Int(clamping: first))
        let next = rest.count > limit ? PageCursor(number: first + UInt128(limit)).text : nil
        let items = rest.prefix(limit).compactMap { name -> PriceListAnswer? in
            guard let list = versions[name], let latest = list.last else { return nil }
            return PriceListAnswer(
                version: Self.inForce(of: list, at: call.now) ?? latest, of: list, at: call.now)
        }
        var body: [UInt8] = []
        PageAnswer(items: items, nextCursor: next).write(to: &body)
        let isPublic = services.policy.isPriceListPublic
        let known = request.values(of: "if-none-match")
        respond(Self.response(body, isPublic: isPublic, unless: known, call), to: call)
    }

    func showPriceList(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        _ = try QueryParameters(request, known: [])
        let name = try Call.name(call.parameters.first)
        let versions = services.directory.priceLists().filter { $0.name == name }
        guard let latest = versions.last else { throw .nothingHere }
        let shown: Catalogue.PriceListVersion?
        if call.parameters.count > 1 {
            let number = UInt32(call.parameters[1])
            shown = versions.first { $0.version == number }
        } else {
            shown = Self.inForce(of: versions, at: call.now) ?? latest
        }
        guard let shown else { throw .nothingHere }
        let isPublic = services.policy.isPriceListPublic
        let known = request.values(of: "if-none-match")
        report(call) { () throws(Problem) in
            guard let draft = try? PriceList.Draft(json: shown.json.span) else {
                throw Problem(.internalError, "the price list cannot be read")
            }
            var answer = PriceListAnswer(version: shown, of: versions, at: call.now)
            answer.rules = draft.sentences.map { PriceListAnswer.Sentence(rule: $0, text: $1) }
            var body: [UInt8] = []
            answer.write(to: &body)
            return Self.response(body, isPublic: isPublic, unless: known, call)
        }
    }

    /// An answer that a cache may keep and must ask about, or that it has not changed since one of
    /// those that are known.
    private static func response(
        _ body: [UInt8], isPublic: Bool, unless known: [[UInt8]], _ call: Call
    ) -> HTTPResponse {
        let etag = EntityTag(of: body)
        var response = HTTPResponse(status: 200, contentType: "application/json")
        response.fields.append(requestID: call.requestID)
        response.fields.append(name: "ETag", value: etag.text)
        // Others than the one who asked may keep what everybody may see.
        let keeper = isPublic ? "public" : "private"
        response.fields.append(name: "Cache-Control", value: "\(keeper), no-cache")
        if etag.isKnown(among: known) {
            (response.status, response.contentType) = (304, nil)
        } else {
            response.body = body
        }
        return response
    }

    /// The version of one list that prices calls at `now`.
    private static func inForce(
        of versions: [Catalogue.PriceListVersion], at now: Instant
    ) -> Catalogue.PriceListVersion? {
        versions.filter { $0.effectiveAt <= now }.max {
            ($0.effectiveAt, $0.version) < ($1.effectiveAt, $1.version)
        }
    }
}

extension Problem {
    init(_ error: PriceListError) {
        switch error {
        case .invalidJSON(let error): self.init(error)
        case .bodyTooLarge: self.init(.bodyTooLarge, error.detail)
        case .unknownField(let field): self = .unknownField(field)
        case .missingField(let field): self = .missingField(field)
        case .invalidField(let field, _):
            self.init(.invalidField, error.detail, field: field)
        case .invalidAmount(let field, _):
            self.init(.invalidAmount, error.detail, field: field)
        case .amountOutOfRange(let field, _):
            self.init(.amountOutOfRange, error.detail, field: field)
        }
    }
}
