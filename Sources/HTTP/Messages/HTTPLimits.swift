/// Every limit of the server, in one place; the defaults are those of the API's page 1.
public struct HTTPLimits: Hashable, Sendable {
    /// The most bytes of all header lines of a request, else 431.
    public var headerBytesMax = 16 * 1024
    /// The most header lines of a request, else 431.
    public var headerCountMax = 100
    /// The most bytes of a request target (path and query), else 414.
    public var targetBytesMax = 8 * 1024
    /// From the first byte of a head to its end, else 408.
    public var headTimeout: Duration = .seconds(10)
    /// From the end of the head to the end of the body, else 408.
    public var bodyTimeout: Duration = .seconds(30)
    /// Between requests; then the connection is closed without an answer.
    public var idleTimeout: Duration = .seconds(75)
    /// How long a client may take none of the bytes that wait for it before it is cut.
    public var stallTimeout: Duration = .seconds(30)
    /// How long a refused client's bytes are still read, so that it sees the answer.
    public var lingerTimeout: Duration = .seconds(5)
    /// How many bytes of a refused client are read and thrown away before it is cut.
    public var lingerBytesMax = 16 * 1024 * 1024
    /// How often deadlines are looked at: each may pass this much late.
    public var tick: Duration = .milliseconds(250)
    /// The most TCP connections of all loops together, else 503.
    public var connectionsMax = 10_000
    /// The most connections of one IPv4 address or IPv6 /64, and of the unix socket, else 503.
    public var connectionsPerAddressMax = 256
    /// Unread bytes of requests behind the one being answered; reading stops here.
    public var pipelinedBytesMax = 32 * 1024
    /// The requests that one connection may have taken in a round before others have their turn.
    public var requestsPerRoundMax = 4
    /// The most unsent bytes of a streamed answer; a slower reader is cut.
    public var responseBacklogBytes = 8 * 1024 * 1024
    /// The most bytes of unfinished bodies of one loop together, without shorter ones, else 503.
    public var bodiesBytesMax = 128 * 1024 * 1024
    /// Bodies of so many bytes are read whatever others take.
    public var shortBodyBytes = 64 * 1024
    /// The most bytes of all chunk extensions of a body, else 400.
    public var chunkExtensionBytesMax = 4 * 1024
    /// The most bytes of all trailer lines of a body, else 400.
    public var trailerBytesMax = 4 * 1024

    public init() {}
}
