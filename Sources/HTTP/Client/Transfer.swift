internal import CCurl

/// One request at a time through a libcurl easy handle, and the unsafe calls on it.
@safe
final class Transfer {
    private static let isCurlReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    let handle: UnsafeMutableRawPointer
    private var lines: UnsafeMutablePointer<curl_slist>?
    private var reply = HTTPClientReply()
    private var url = ""
    private var headBytes = 0
    private var replyBytesMax = 0
    private var isTooLarge = false

    init() throws(HTTPClientError) {
        guard Self.isCurlReady, let handle = unsafe curl_easy_init()
        else { throw .failed(code: Int(CURLE_FAILED_INIT.rawValue), reason: "no libcurl") }
        unsafe self.handle = handle
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_slist_free_all(lines)
    }

    /// Makes the handle ready to perform `request`; its connection is kept from earlier ones.
    func prepare(_ request: HTTPClientRequest) throws(HTTPClientError) {
        unsafe curl_easy_reset(handle)
        reply = HTTPClientReply()
        url = request.url
        headBytes = 0
        isTooLarge = false
        replyBytesMax = request.replyBytesMax
        setContext()
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        set(CURLOPT_TIMEOUT_MS, Int(clamping: max(request.timeout.milliseconds, 1)))
        set(CURLOPT_NOPROXY, "*")
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_USERAGENT, "tally")
        if let path = request.unixSocketPath { set(CURLOPT_UNIX_SOCKET_PATH, path) }
        guard Self.isAbsolute(request.url), set(CURLOPT_URL, request.url)
        else { throw .invalidURL(request.url) }
        try setMethod(request)
        try setFields(request)
    }

    /// Performs what was prepared, on this thread.
    func perform() throws(HTTPClientError) -> HTTPClientReply {
        try finish(unsafe curl_easy_perform(handle))
    }

    /// The reply to what was prepared, once libcurl has ended it with `code`.
    func finish(_ code: CURLcode) throws(HTTPClientError) -> HTTPClientReply {
        guard code == CURLE_OK else { throw error(code) }
        var status = 0
        unsafe ccurl_get_number(handle, CURLINFO_RESPONSE_CODE, &status)
        reply.status = status
        defer { reply = HTTPClientReply() }
        return reply
    }

    private func error(_ code: CURLcode) -> HTTPClientError {
        let reason = unsafe String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return .invalidURL(url)
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST:
            return .cannotConnect(reason: reason)
        case CURLE_OPERATION_TIMEDOUT: return .timeout
        case CURLE_WRITE_ERROR where isTooLarge: return .replyTooLarge
        default: return .failed(code: Int(code.rawValue), reason: reason)
        }
    }

    // MARK: Preparing

    /// Whether the text is a web address; libcurl would guess a scheme, and knows many others.
    private static func isAbsolute(_ url: String) -> Bool {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        guard ["http", "https"].contains(scheme), url.utf8.allSatisfy(\.isVisibleASCII)
        else { return false }
        return url.dropFirst(scheme.count).hasPrefix("://")
    }

    private func setMethod(_ request: HTTPClientRequest) throws(HTTPClientError) {
        switch request.method {
        case .other: throw .invalidRequest
        case .get where request.body.isEmpty: return
        case .head: set(CURLOPT_NOBODY, 1)
        case .get, .post, .put, .patch, .delete, .options:
            if !request.body.isEmpty || request.method != .delete { setBody(request.body) }
            set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
    }

    private func setBody(_ body: [UInt8]) {
        set(CURLOPT_POST, 1)
        unsafe ccurl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, body.count)
        unsafe body.withUnsafeBytes { bytes in
            // An empty array has no address, and libcurl reads none of it.
            let text = unsafe bytes.assumingMemoryBound(to: CChar.self).baseAddress
            if let text = unsafe text {
                _ = unsafe ccurl_set_text(handle, CURLOPT_COPYPOSTFIELDS, text)
            } else {
                _ = unsafe ccurl_set_text(handle, CURLOPT_COPYPOSTFIELDS, "")
            }
        }
    }

    private func setFields(_ request: HTTPClientRequest) throws(HTTPClientError) {
        unsafe curl_slist_free_all(lines)
        unsafe lines = nil
        // libcurl would wait a second for "100 Continue", and call every body a form.
        append(line: "Expect:")
        let hasType = request.fields.contains { $0.name.lowercased() == "content-type" }
        if !hasType { append(line: "Content-Type:") }
        for field in request.fields {
            var line: [UInt8] = []
            do {
                try line.append(field: field.name, value: field.value.utf8.span)
            } catch {
                throw .invalidRequest
            }
            // "Name;" is how libcurl is told to send a header without a value.
            append(line: field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        unsafe ccurl_set_list(handle, CURLOPT_HTTPHEADER, lines)
    }

    private func append(line: String) {
        guard let longer = unsafe curl_slist_append(lines, line) else { return }
        unsafe lines = longer
    }

    @discardableResult
    private func set(_ option: CURLoption, _ text: String) -> Bool {
        unsafe ccurl_set_text(handle, option, text) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ number: Int) {
        unsafe ccurl_set_number(handle, option, number)
    }

    // MARK: Receiving

    private func setContext() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_set_context(handle, CURLOPT_WRITEDATA, context)
        unsafe ccurl_set_context(handle, CURLOPT_HEADERDATA, context)
        unsafe ccurl_set_receiver(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let context = unsafe context else { return 0 }
            let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return unsafe transfer.takeBody(
                UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        unsafe ccurl_set_receiver(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let context = unsafe context else { return 0 }
            let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return unsafe transfer.takeLine(
                UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard reply.body.count + bytes.count <= replyBytesMax else {
            isTooLarge = true
            return 0
        }
        unsafe reply.body.append(contentsOf: bytes)
        return bytes.count
    }

    /// Takes one line of the head; a status line begins a new one after an interim answer.
    private func takeLine(_ bytes: UnsafeRawBufferPointer) -> Int {
        headBytes += bytes.count
        guard headBytes <= replyBytesMax else {
            isTooLarge = true
            return 0
        }
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            reply.fields.removeAll()
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...]
            reply.fields.append(
                .init(name: String(line[..<colon]), value: String(value.trimmingBlanks())))
        }
        return bytes.count
    }
}

extension Substring {
    /// The text without white space at its ends.
    fileprivate func trimmingBlanks() -> Substring {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return start[...last]
    }
}
