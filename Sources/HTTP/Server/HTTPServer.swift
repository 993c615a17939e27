internal import Glibc
internal import Synchronization

/// An HTTP/1.1 server over libuv: some loops, each with a thread and an application of its own.
///
/// Creating it binds its addresses, ``start()`` answers, ``drain(within:)`` ends it.
public final class HTTPServer: Sendable {
    public struct Configuration: Hashable, Sendable {
        public var address = HTTPAddress(host: "127.0.0.1", port: 8080)
        /// A further address, open to this user only.
        public var unixSocketPath: String?
        /// The number of loops, at least 1.
        public var loopCount = 1
        public var limits = HTTPLimits()

        public init() {}
    }

    private enum State {
        case bound([[LoopPort.Listener]])
        case running
        case ended
    }

    /// The address listened on, with the port that the system chose where 0 was asked for.
    public let address: HTTPAddress
    private let configuration: Configuration
    private let makeApplication: @Sendable (HTTPLoop) -> any Application
    private let ports: [LoopPort]
    private let census: ConnectionCensus
    private let state: Mutex<State>

    /// Binds all addresses; `makeApplication` is called later, once on each loop's thread.
    public init(
        _ configuration: Configuration,
        makeApplication: @escaping @Sendable (HTTPLoop) -> any Application
    ) throws(HTTPServerError) {
        self.configuration = configuration
        self.makeApplication = makeApplication
        census = ConnectionCensus(limits: configuration.limits)
        ports = (0..<max(configuration.loopCount, 1)).map(LoopPort.init)
        var address = configuration.address
        let first = try ListenSocket.tcp(address, isShared: false)
        address.port = first.port()
        if ports.count > 1 { first.allowSharing() }
        var listeners = [[LoopPort.Listener(descriptor: first.release(), isUnixSocket: false)]]
        do {
            for _ in ports.dropFirst() {
                let next = try ListenSocket.tcp(address, isShared: true).release()
                listeners.append([.init(descriptor: next, isUnixSocket: false)])
            }
            if let path = configuration.unixSocketPath {
                let unix = try ListenSocket.unix(path: path).release()
                listeners[0].append(.init(descriptor: unix, isUnixSocket: true))
            }
        } catch {
            Self.close(listeners)
            throw error
        }
        self.address = address
        state = Mutex(.bound(listeners))
    }

    deinit {
        state.withLock { state in
            if case .bound(let listeners) = state { Self.close(listeners) }
        }
    }

    /// What the loops have done so far.
    public var counters: HTTPCounters {
        var sum = HTTPCounters()
        for port in ports { port.counters.add(to: &sum) }
        return sum
    }

    /// Answers from now on; returns when every loop accepts connections.
    ///
    /// SIGPIPE is ignored from now on and the limit of open files raised as far as allowed.
    /// A second call does nothing.
    public func start() throws(HTTPServerError) {
        let bound = state.withLock { state -> [[LoopPort.Listener]]? in
            guard case .bound(let listeners) = state else { return nil }
            state = .running
            return listeners
        }
        guard let bound else { return }
        _ = signal(SIGPIPE, SIG_IGN)
        Self.raiseFileLimit()
        do {
            for (port, listeners) in zip(ports, bound) { start(port, listeners) }
            for port in ports { try port.waitForStart() }
        } catch {
            drain(within: .zero)
            throw error
        }
    }

    /// Stops accepting, closes idle connections, lets requests in flight be answered, and returns.
    ///
    /// What is still open after `time` is cut. It must not be called on a loop's thread.
    public func drain(within time: Duration = .seconds(10)) {
        let wasRunning = state.withLock { state in
            guard case .running = state else { return false }
            state = .ended
            return true
        }
        guard wasRunning else { return }
        // First, so that it cannot be the file of a server that takes this one's place.
        if let path = configuration.unixSocketPath { _ = unsafe unlink(path) }
        for port in ports { port.askToDrain(within: time) }
        for port in ports { port.waitForEnd() }
    }

    private func start(_ port: LoopPort, _ listeners: [LoopPort.Listener]) {
        let (limits, census, makeApplication) = (configuration.limits, census, makeApplication)
        do {
            try LoopThread.start {
                port.run(
                    listeners, limits: limits, census: census, makeApplication: makeApplication)
            }
        } catch {
            Self.close([listeners])
            port.cannotRun(error)
        }
    }

    private static func close(_ listeners: [[LoopPort.Listener]]) {
        for listener in listeners.joined() { _ = Glibc.close(listener.descriptor) }
    }

    private static func raiseFileLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
