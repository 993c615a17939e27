/// One client: reads its requests in order and writes their answers; see also its extensions.
///
/// Only one request of a connection is with the application at a time, so answers keep the
/// order of their requests by themselves.
final class Connection {
    enum Phase: Hashable {
        /// Waiting for the next request, or for the rest of one.
        case reading
        case answering
        case streaming(StreamCoding)
        /// The last answer is on its way; what arrives is thrown away.
        case closing
        case closed
    }

    /// What ends the connection when it takes too long.
    enum Wait: Int, CaseIterable {
        case none
        case idle
        case head
        case body
        case stall
        case linger
    }

    let loop: HTTPLoop
    let stream: Stream
    let slot: Int
    var reader: RequestReader
    var phase = Phase.reading
    /// Names the request that is with the application.
    var serial: UInt64 = 0
    var output: [UInt8] = []
    /// Whether the peer's last bytes are still read when ours have left; see `finishClosing`.
    var lingers = false
    var isDirty = false
    var isResumable = false
    private(set) var hasInputEnded = false
    private var wait = Wait.none
    private var isAdvancing = false
    private var isReadingStopped = false
    private var discardedCount = 0
    /// How much of the loop's sum of unfinished bodies is this one's.
    private var countedBodyBytes = 0
    private var bodyLimit = BodyLimit(0)
    /// The round in which a request was last taken, and how many were taken in it.
    private var round: UInt64 = 0
    private var roundCount = 0
    /// What was unsent when the stall was last looked at.
    private var stalledCount = 0

    init(loop: HTTPLoop, stream: Stream, slot: Int) {
        self.loop = loop
        self.stream = stream
        self.slot = slot
        reader = RequestReader(
            request: HTTPRequest(
                remoteAddress: stream.peerText, isUnixSocket: stream.origin == .unixSocket))
    }

    var exchange: ExchangeID { ExchangeID(slot: slot, serial: serial) }

    /// Bytes of answers that the system has not taken yet.
    var unsentCount: Int { output.count + stream.queuedCount }

    var isIdle: Bool { phase == .reading && reader.stage == .idle && unsentCount == 0 }

    // MARK: What the stream reports

    func read(_ bytes: UnsafeRawBufferPointer) {
        loop.counters.bytesIn.increase(by: bytes.count)
        guard phase != .closing else {
            discardedCount += bytes.count
            if discardedCount > loop.limits.lingerBytesMax { close() }
            return
        }
        unsafe reader.append(bytes)
        if phase == .reading { advance() } else { limitReading() }
    }

    /// The client ended its side; what it had asked before is still answered.
    func readEnded(isClean: Bool) {
        hasInputEnded = true
        guard isClean else {
            close()
            return
        }
        if phase == .reading { advance() }
        if phase == .closing, wait == .linger { close() }
    }

    func wroteRest(isSuccess: Bool) {
        guard phase != .closed else { return }
        guard isSuccess else {
            close()
            return
        }
        if wait == .stall { arm(.none) }
        flush()
        if phase == .reading { loop.resume(self) }
    }

    func released() {
        loop.release(slot: slot)
    }

    // MARK: Reading

    /// Takes requests out of what has arrived until one waits for its answer.
    func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        var isStarved = false
        while phase == .reading, !stream.isWriting, !isStarved, hasTurn {
            do {
                isStarved = try !step()
                try countBody()
            } catch {
                reject(error == .bodyTooLarge ? bodyLimit.otherwise : error)
            }
        }
        isAdvancing = false
        if phase == .reading { settle(isStarved: isStarved) }
        limitReading()
    }

    /// Whether another request may be taken in this round.
    private var hasTurn: Bool {
        round != loop.round || roundCount < loop.limits.requestsPerRoundMax
    }

    /// Reads on by one step; false when that takes more bytes.
    private func step() throws(HTTPRejection) -> Bool {
        switch try reader.next(parser: loop.headParser, within: loop.limits) {
        case .needsMore: return false
        case .head:
            bodyLimit = loop.application?.bodyLimit(of: reader.request) ?? BodyLimit(0)
            try reader.admitBody(limit: bodyLimit.bytes)
            if reader.awaitsContinue { sendContinue() }
        case .request:
            deliver()
            flushIfLong()
        }
        return true
    }

    /// Keeps the loop's sum of unfinished bodies; throws when this one makes them too many.
    private func countBody() throws(HTTPRejection) {
        let count = reader.bodyCount
        let counted = count > loop.limits.shortBodyBytes ? count : 0
        loop.bodiesBytes += counted - countedBodyBytes
        countedBodyBytes = counted
        guard counted == 0 || loop.bodiesBytes <= loop.limits.bodiesBytesMax else {
            throw .tooManyBodies
        }
    }

    /// Gives back what an unfinished body takes.
    private func dropBody() {
        reader.dropBody()
        loop.bodiesBytes -= countedBodyBytes
        countedBodyBytes = 0
    }

    private func deliver() {
        phase = .answering
        arm(.none)
        serial = loop.nextSerial()
        roundCount = round == loop.round ? roundCount + 1 : 1
        round = loop.round
        loop.hasReceived = true
        loop.counters.requests.increase()
        loop.application?.receive(reader.request, as: exchange)
        reader.finishRequest()
    }

    /// Chooses the deadline while more bytes are needed, or ends when none will come.
    private func settle(isStarved: Bool) {
        guard isStarved else {
            if stream.isWriting { arm(.stall) } else { loop.resumeLater(self) }
            return
        }
        guard !hasInputEnded, !loop.isDraining || reader.stage != .idle else {
            phase = .closing
            loop.markDirty(self)
            return
        }
        switch reader.stage {
        case .idle: arm(.idle)
        case .head: arm(.head)
        case .body: arm(.body)
        }
    }

    /// How many bytes may be read now: any number of a body, and of what is thrown away.
    var readRoom: Int {
        guard phase != .closing, phase != .reading || reader.stage != .body else { return .max }
        return max(loop.unreadBytesMax - reader.unreadCount, 1)
    }

    /// Stops reading while too much waits behind a request, and starts again afterwards.
    private func limitReading() {
        guard phase != .closed, !hasInputEnded else { return }
        let isFull = phase != .closing && reader.unreadCount >= loop.unreadBytesMax
        guard isFull != isReadingStopped else { return }
        isReadingStopped = isFull
        if isFull { stream.stopReading() } else { stream.startReading(for: self) }
    }

    // MARK: Ending

    /// Answers what the application never sees, and closes.
    func reject(_ reason: HTTPRejection) {
        loop.counters.count(reason)
        dropBody()
        let response =
            loop.application?.rejected(reason)
            ?? HTTPResponse(status: reason.status, contentType: nil)
        lingers = true
        append(response, persistence: .close)
        phase = .closing
        arm(.none)
        loop.markDirty(self)
    }

    /// Ends our side once all is sent, after reading on for a while where bytes may still come.
    ///
    /// Closing with unread bytes resets the connection, and the client would lose the answer.
    func finishClosing() {
        guard !hasInputEnded, lingers || stream.hasUnreadBytes else {
            close()
            return
        }
        stream.endWriting()
        arm(.linger)
        limitReading()
    }

    func close() {
        guard phase != .closed else { return }
        phase = .closed
        dropBody()
        arm(.none)
        loop.willClose(self)
        stream.close()
    }

    // MARK: Deadlines

    /// Starts the deadline of `wait`, unless it runs already.
    func arm(_ wait: Wait) {
        guard wait != self.wait else { return }
        self.wait = wait
        if wait == .stall { stalledCount = stream.queuedCount }
        loop.setDeadline(of: self, for: wait)
    }

    func expired() {
        switch wait {
        case .none: break
        case .idle, .linger: close()
        case .head, .body: reject(.timeout)
        case .stall:
            guard stream.queuedCount < stalledCount else {
                close()
                return
            }
            arm(.none)
            arm(.stall)
        }
    }
}
