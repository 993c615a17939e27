internal import Credit
internal import HTTP
internal import JSON
internal import Portal
internal import Wire

/// What needs no key: the server's state, its description, and the portal's files.
extension APIApplication {
    func serve(_ name: RouteName, _ request: HTTPRequest, _ call: Call) throws(Problem) {
        switch name {
        case .health: respond(Self.health(call), to: call)
        case .ready: respond(readiness(call), to: call)
        case .metrics:
            let type = "text/plain; version=0.0.4; charset=utf-8"
            respond(call.response(200, type, services.metrics().text(services.receipts)), to: call)
        case .openAPIYAML:
            respond(call.response(200, "application/yaml", OpenAPIDocument.yaml), to: call)
        case .openAPIJSON:
            respond(call.response(200, "application/json", OpenAPIDocument.json), to: call)
        default: try serveAsset(request, call)
        }
    }

    private static func status(_ word: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("status", word)
        writer.endObject()
        return writer.bytes
    }

    private func readiness(_ call: Call) -> HTTPResponse {
        guard services.readiness.isReady else { return Self.notReady(call) }
        return call.json(200, Self.status("ready"))
    }

    /// The process runs.
    static func health(_ call: Call) -> HTTPResponse { call.json(200, status("ok")) }

    /// It cannot charge now: it is recovering, draining or has failed.
    static func notReady(_ call: Call) -> HTTPResponse {
        var fields: [UInt8] = []
        fields.append(literal: "Retry-After: 1\r\n")
        return call.json(503, status("not_ready"), fields: fields)
    }

    private func serveAsset(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let path = "/portal/\(call.parameters.first ?? "")"
        guard let asset = PortalAsset.named(path) else { throw .nothingHere }
        var response = HTTPResponse(status: 200, contentType: asset.contentType)
        response.fields.append(requestID: call.requestID)
        response.fields.append(name: "ETag", value: asset.etag)
        response.fields.append(name: "Cache-Control", value: asset.cacheControl)
        for header in PortalHeaders.asset {
            response.fields.append(name: header.name, value: header.value)
        }
        if EntityTag(text: asset.etag).isKnown(among: request.values(of: "if-none-match")) {
            (response.status, response.contentType) = (304, nil)
        } else {
            response.body = asset.bytes
        }
        respond(response, to: call)
    }
}

extension [UInt8] {
    /// Appends a header line of our own words.
    mutating func append(name: String, value: String) {
        append(contentsOf: name.utf8)
        append(literal: ": ")
        append(contentsOf: value.utf8)
        append(literal: "\r\n")
    }
}
