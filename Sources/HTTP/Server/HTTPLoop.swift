/// One event loop and its thread: accepts, reads, and carries the application's answers out.
///
/// All of it is called on that thread; what crosses threads is ``waker``.
public final class HTTPLoop {
    /// Wakes this loop from any thread.
    public let waker: LoopWaker
    let limits: HTTPLimits
    /// How many bytes unfinished bodies take together, without short ones.
    var bodiesBytes = 0
    let counters: LoopCounters
    let handles: LoopHandles
    let headParser = HeadParser()
    /// Reading stops behind this many unread bytes, which always hold a whole head.
    let unreadBytesMax: Int
    private(set) var application: (any Application)?
    private(set) var date = DateText()
    /// Whether a request was given to the application in this round.
    var hasReceived = false
    private(set) var isDraining = false
    /// Counts the times that the loop has waited.
    private(set) var round: UInt64 = 1

    private let port: LoopPort
    private let census: ConnectionCensus
    /// In milliseconds, by ``Connection/Wait``.
    private let waitLimits: [UInt64]
    private var table = ConnectionTable()
    private var serial: UInt64
    /// Connections with something to write.
    private var dirty: [Connection] = []
    /// Connections whose next request may be read.
    private var resumable: [Connection] = []
    private var spare: [Connection] = []
    /// Connections that have had their turn in this round.
    private var resumableLater: [Connection] = []
    /// Streams whose bytes have all left.
    private var flushed: [ExchangeID] = []
    /// When what is still open is cut, in the milliseconds of ``LoopHandles/now``.
    private var drainEnd = UInt64.max

    init(port: LoopPort, limits: HTTPLimits, census: ConnectionCensus) throws(HTTPServerError) {
        self.port = port
        self.limits = limits
        self.census = census
        waker = port.waker
        counters = port.counters
        serial = UInt64(port.index) << 48
        waitLimits = Connection.Wait.allCases.map { $0.limit(in: limits)?.milliseconds ?? .max }
        let headBytesMax = limits.headerBytesMax + limits.targetBytesMax + 1024
        unreadBytesMax = max(limits.pipelinedBytesMax, headBytesMax)
        handles = try LoopHandles(waker: port.waker)
    }

    // MARK: The loop's life

    /// Opens everything; throws with nothing left open.
    func open(
        _ listeners: [LoopPort.Listener], makeApplication: (HTTPLoop) -> any Application
    ) throws(HTTPServerError) {
        do {
            try handles.open(for: self, tick: max(limits.tick.milliseconds, 1))
            application = makeApplication(self)
            for listener in listeners {
                try handles.listen(
                    on: listener.descriptor, isUnixSocket: listener.isUnixSocket, for: self)
            }
        } catch {
            end()
            run()
            throw error
        }
    }

    /// Runs until a drain is complete.
    func run() {
        handles.run()
        application = nil
    }

    func wokenUp() {
        application?.woken()
    }

    /// Brings to an end what a round of the loop began; runs before and after it waits.
    func endRound() {
        round += 1
        resumable.append(contentsOf: resumableLater)
        resumableLater.removeAll(keepingCapacity: true)
        resumeStreams()
        repeat {
            resumeConnections()
            guard hasReceived else { continue }
            hasReceived = false
            application?.roundEnded()
        } while !resumable.isEmpty || hasReceived
        flushDirty()
        if let time = port.drainTime, !isDraining { drain(within: time) }
        if isDraining, table.isEmpty { end() }
    }

    func tick() {
        date.refresh()
        let now = handles.now
        for connection in table.expired(at: now) { connection.expired() }
        guard now >= drainEnd else { return }
        for connection in table.all { connection.close() }
    }

    private func end() {
        handles.closeAll()
    }

    private func drain(within time: Duration) {
        isDraining = true
        drainEnd = handles.now + time.milliseconds
        handles.closeListeners()
        for connection in table.all where connection.isIdle && !connection.stream.hasUnreadBytes {
            connection.close()
        }
    }

    // MARK: A round's work

    private func resumeConnections() {
        swap(&resumable, &spare)
        for connection in spare {
            connection.isResumable = false
            if connection.phase == .reading { connection.advance() }
        }
        spare.removeAll(keepingCapacity: true)
    }

    private func flushDirty() {
        var index = 0
        while index < dirty.count {
            let connection = dirty[index]
            connection.isDirty = false
            connection.flush()
            index += 1
        }
        dirty.removeAll(keepingCapacity: true)
    }

    private func resumeStreams() {
        guard !flushed.isEmpty else { return }
        let exchanges = flushed
        flushed.removeAll()
        for exchange in exchanges where connection(of: exchange) != nil {
            application?.flushed(exchange)
        }
    }

    // MARK: For connections

    func accept(_ stream: Stream?) {
        guard let stream else { return }
        counters.connectionsAccepted.increase()
        let isAdmitted = census.admit(stream.origin)
        guard isAdmitted || table.refusedCount < ConnectionTable.refusedMax else {
            counters.count(.tooManyConnections)
            stream.closeUnowned()
            return
        }
        let connection = table.add(isAdmitted: isAdmitted) { slot in
            Connection(loop: self, stream: stream, slot: slot)
        }
        counters.connectionsOpen.increase()
        stream.startReading(for: connection)
        if isAdmitted { connection.arm(.idle) } else { connection.reject(.tooManyConnections) }
    }

    func willClose(_ connection: Connection) {
        counters.connectionsOpen.increase(by: -1)
        if table.isAdmitted(connection) { census.leave(connection.stream.origin) }
    }

    func release(slot: Int) {
        table.remove(slot: slot)
    }

    func nextSerial() -> UInt64 {
        serial += 1
        return serial
    }

    func setDeadline(of connection: Connection, for wait: Connection.Wait) {
        let time = waitLimits[wait.rawValue]
        table.setDeadline(of: connection, to: time < .max ? handles.now + time : .max)
    }

    func markDirty(_ connection: Connection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
    }

    func resume(_ connection: Connection) {
        guard !connection.isResumable else { return }
        connection.isResumable = true
        resumable.append(connection)
    }

    /// Resumes a connection when the others have had their turn.
    func resumeLater(_ connection: Connection) {
        guard !connection.isResumable else { return }
        connection.isResumable = true
        resumableLater.append(connection)
        waker.wake()
    }

    /// Has the application told in the next round, so that a fast reader cannot hold this one.
    func noteFlushed(_ connection: Connection) {
        flushed.append(connection.exchange)
        waker.wake()
    }

    func connection(of exchange: ExchangeID) -> Connection? {
        guard let connection = table[exchange.slot], connection.serial == exchange.serial
        else { return nil }
        switch connection.phase {
        case .answering, .streaming: return connection
        case .reading, .closing, .closed: return nil
        }
    }
}

@available(*, unavailable, message: "a loop belongs to its thread; its waker may be shared")
extension HTTPLoop: Sendable {}

extension Connection.Wait {
    /// How long this may take; nil without a limit.
    fileprivate func limit(in limits: HTTPLimits) -> Duration? {
        switch self {
        case .none: nil
        case .idle: limits.idleTimeout
        case .head: limits.headTimeout
        case .body: limits.bodyTimeout
        case .stall: limits.stallTimeout
        case .linger: limits.lingerTimeout
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded down; none when negative.
    var milliseconds: UInt64 {
        let (seconds, attoseconds) = components
        let whole = seconds.multipliedReportingOverflow(by: 1000)
        guard seconds >= 0, !whole.overflow else { return seconds < 0 ? 0 : .max / 2 }
        return UInt64(whole.partialValue) + UInt64(max(attoseconds, 0) / 1_000_000_000_000_000)
    }
}
