/// How the body of a streamed answer is delimited.
enum StreamCoding: Hashable {
    case chunked
    case untilClose
    /// The answer has no body: `HEAD`, 204, 304.
    case nothing
}

extension Connection {
    /// Answers are collected up to this before they are written in the middle of a round.
    private static let collectedBytesMax = 16 * 1024
    private static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
    private static let lastChunk = Array("0\r\n\r\n".utf8)

    /// Whether the connection ends with the answer being given.
    private var isLastAnswer: Bool { !reader.request.head.keepsAlive || loop.isDraining }

    private var persistence: ResponseHead.Persistence {
        if isLastAnswer { .close } else { reader.request.head.isVersion10 ? .keepAlive : .implied }
    }

    func answer(_ response: HTTPResponse) {
        guard phase == .answering else { return }
        append(response, persistence: persistence)
        endAnswer(isLast: isLastAnswer)
    }

    func append(_ response: HTTPResponse, persistence: ResponseHead.Persistence) {
        let hasBody = ResponseHead.hasBody(status: response.status)
        let head = ResponseHead(
            status: response.status, contentType: response.contentType,
            framing: hasBody ? .length(response.body.count) : .none, persistence: persistence)
        head.append(to: &output, dateLine: loop.date.line, fields: response.fields)
        guard hasBody, reader.request.method != .head else { return }
        output.append(contentsOf: response.body)
    }

    func sendContinue() {
        output.append(contentsOf: Self.continueLine)
        loop.markDirty(self)
    }

    // MARK: Streams

    func beginStream(status: Int, contentType: String?, fields: [UInt8]) {
        guard phase == .answering else { return }
        let isVersion10 = reader.request.head.isVersion10
        let framing: ResponseHead.Framing
        let coding: StreamCoding
        if !ResponseHead.hasBody(status: status) {
            (framing, coding) = (.none, .nothing)
        } else {
            framing = isVersion10 ? .untilClose : .chunked
            coding = isVersion10 ? .untilClose : .chunked
        }
        if framing == .untilClose { reader.request.head.keepsAlive = false }
        let head = ResponseHead(
            status: status, contentType: contentType, framing: framing, persistence: persistence)
        head.append(to: &output, dateLine: loop.date.line, fields: fields)
        phase = .streaming(reader.request.method == .head ? .nothing : coding)
        loop.markDirty(self)
    }

    func write(_ bytes: [UInt8]) {
        guard case .streaming(let coding) = phase, !bytes.isEmpty else { return }
        switch coding {
        case .nothing: return
        case .untilClose: output.append(contentsOf: bytes)
        case .chunked:
            output.append(contentsOf: String(bytes.count, radix: 16).utf8)
            output.append(contentsOf: [.carriageReturn, .lineFeed])
            output.append(contentsOf: bytes)
            output.append(contentsOf: [.carriageReturn, .lineFeed])
        }
        loop.markDirty(self)
        flushIfLong()
        if unsentCount > loop.limits.responseBacklogBytes { close() }
    }

    func endStream() {
        guard case .streaming(let coding) = phase else { return }
        if coding == .chunked { output.append(contentsOf: Self.lastChunk) }
        endAnswer(isLast: isLastAnswer)
    }

    private func endAnswer(isLast: Bool) {
        if isLast {
            phase = .closing
            lingers = reader.unreadCount > 0
        } else {
            phase = .reading
            loop.resume(self)
        }
        loop.markDirty(self)
    }

    // MARK: Writing

    func flushIfLong() {
        if output.count > Self.collectedBytesMax { flush() }
    }

    /// Writes what was collected, and goes on to whatever waited for that.
    func flush() {
        guard phase != .closed, !stream.isWriting else { return }
        if !output.isEmpty {
            loop.counters.bytesOut.increase(by: output.count)
            switch stream.send(output) {
            case .all: break
            case .some: arm(.stall)
            case .nothing:
                close()
                return
            }
            output.removeAll(keepingCapacity: output.capacity <= 2 * Self.collectedBytesMax)
        }
        guard !stream.isWriting else { return }
        switch phase {
        case .closing: finishClosing()
        case .streaming: loop.noteFlushed(self)
        case .reading, .answering, .closed: break
        }
    }
}
