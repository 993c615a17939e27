internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Wire

/// In whose words a route answers.
enum AnswerStyle: Hashable, Sendable {
    case native
    /// Errors as CoinStats has them.
    case coinStats
}

/// One request of a rare route: what is kept of it until it is answered.
struct Call: Sendable {
    let exchange: ExchangeID
    let requestID: RequestID
    let now: Instant
    let style: AnswerStyle
    /// The path as sent.
    let path: [UInt8]
    /// What the path names, by its place in the route's template.
    let parameters: [String]
    /// Who asks; nil on public routes.
    var principal: Principal?

    /// The account of a customer key.
    var ownAccount: Name? {
        guard case .customer(let account) = principal?.role else { return nil }
        return account
    }

    var isCustomer: Bool { ownAccount != nil }

    /// The account that the first part of the path names; one that cannot exist is not there.
    func accountInPath() throws(Problem) -> Name {
        try Self.name(parameters.first)
    }

    static func name(_ text: String?) throws(Problem) -> Name {
        do throws(Name.Invalid) {
            return try Name(text ?? "")
        } catch {
            throw .nothingHere
        }
    }

    /// The id that the path names at `index`; one that cannot exist is not there.
    func id<Kind>(at index: Int, as kind: ID<Kind>.Type) throws(Problem) -> ID<Kind> {
        do throws(ID<Kind>.InvalidText) {
            let text = index < parameters.count ? parameters[index] : ""
            return try ID<Kind>(text: text.utf8.span)
        } catch {
            throw .nothingHere
        }
    }
}

/// Answers to calls; all can be made on any thread.
extension Call {
    /// An answer of JSON.
    func json(_ status: Int, _ body: [UInt8], fields: [UInt8] = []) -> HTTPResponse {
        response(status, "application/json", body, fields: fields)
    }

    func response(
        _ status: Int, _ contentType: String, _ body: [UInt8], fields: [UInt8] = []
    ) -> HTTPResponse {
        var response = HTTPResponse(
            status: status, contentType: contentType, fields: fields, body: body)
        response.fields.append(literal: "Cache-Control: no-store\r\n")
        append(requestIDTo: &response.fields)
        return response
    }

    /// The answer that tells of a problem, in the words of the route.
    func response(_ problem: Problem, fields: [UInt8] = []) -> HTTPResponse {
        guard style == .coinStats else {
            return APIApplication.response(problem, requestID, fields: fields)
        }
        var response = HTTPResponse(
            status: problem.code.coinStatsStatus, contentType: "application/json",
            fields: fields)
        append(requestIDTo: &response.fields)
        response.fields.append(hintsOf: problem)
        response.body = CoinStatsJSON.error(
            status: response.status, message: problem.code.coinStatsMessage,
            requestID: requestID, path: path)
        return response
    }

    private func append(requestIDTo fields: inout [UInt8]) {
        guard style == .coinStats else { return fields.append(requestID: requestID) }
        fields.append(literal: "X-Request-Id: ")
        fields.append(uuid: requestID)
        fields.append(literal: "\r\n")
    }
}

extension ProblemCode {
    /// CoinStats has no 422.
    fileprivate var coinStatsStatus: Int { status == 422 ? 400 : status }

    fileprivate var coinStatsMessage: String {
        switch status {
        case 401: "Unauthorized"
        case 403: "Forbidden resource"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 429: "Rate limit exceeded"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        default: "Bad Request"
        }
    }
}
