internal import CivilTime
public import Engine
public import Reports
internal import Synchronization
public import Wire

/// Who may open the portal's pages.
public enum PortalAccess: Hashable, Sendable {
    /// Clients on this machine, and whoever sends a key.
    case loopback
    /// Whoever sends a key.
    case keyed
}

/// What the operator of this server decides about access.
public struct APIPolicy: Hashable, Sendable {
    public var portal = PortalAccess.loopback
    /// True when price lists may be read without a key.
    public var isPriceListPublic = false

    public init() {}
}

/// Whether requests can be answered: not while recovering, nor after storage has failed.
public final class Readiness: Sendable {
    private let flag: Atomic<Bool>

    public init(isReady: Bool = false) {
        flag = Atomic(isReady)
    }

    public var isReady: Bool {
        get { flag.load(ordering: .acquiring) }
        set { flag.store(newValue, ordering: .releasing) }
    }
}

/// All that the API needs of the process around it; shared by its loops.
public struct APIServices: Sendable {
    /// Hands a batch to the writer; false when too much is waiting.
    public var submit: @Sendable (CommandBatch) -> Bool
    public var directory: Directory
    public var readModel: ReadModel
    public var segments: SegmentCache
    public var time: any LedgerTime
    public var readiness: Readiness
    /// What `/metrics` shows.
    public var metrics: @Sendable () -> APIMetrics
    public let mailboxes: Mailboxes
    public let limits: APILimits
    public let policy: APIPolicy
    let limiter: RateLimiter
    let refusals: RefusalLimiter
    let reports: ReportWorkers
    let zones = TimeZones()
    let memos = GrantPackages()
    let outlooks = Outlooks()
    let simulation = SimulationGate()
    /// What receipts came to when they were worked out again.
    public let receipts = ReceiptCounts()

    /// Starts the threads that make reports; `submit` and the rest may be used from now on.
    public init(
        directory: Directory, readModel: ReadModel, segments: SegmentCache,
        time: any LedgerTime, mailboxes: Mailboxes, readiness: Readiness,
        limits: APILimits = APILimits(), policy: APIPolicy = APIPolicy(),
        metrics: @escaping @Sendable () -> APIMetrics,
        submit: @escaping @Sendable (CommandBatch) -> Bool
    ) throws(WorkerThread.Unavailable) {
        self.directory = directory
        self.readModel = readModel
        self.segments = segments
        self.time = time
        self.mailboxes = mailboxes
        self.readiness = readiness
        self.limits = limits
        self.policy = policy
        self.metrics = metrics
        self.submit = submit
        limiter = RateLimiter(requestsMax: limits.rateRequestsMax, seconds: limits.rateSeconds)
        refusals = RefusalLimiter(refusalsMax: limits.refusalsMax, seconds: limits.rateSeconds)
        reports = try ReportWorkers(
            threads: limits.reportThreads, waitingMax: limits.reportsWaitingMax)
    }

    /// Ends the report threads; called once no loop runs any more.
    public func stop() {
        reports.stop()
    }
}
