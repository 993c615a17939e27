import API
import Engine
import Glibc
import HTTP
import Partition
import SQLiteStore
import Store
import Synchronization

/// The services that loops get once the folder has been recovered.
private final class ServicesSlot: Sendable {
    let services = Mutex<APIServices?>(nil)
}

/// A partition and the HTTP server in front of it.
struct RunningServer {
    /// How long a drain waits for clients to take their answers.
    private static let drainTime: Duration = .seconds(10)

    private let partition: Partition
    private let server: HTTPServer
    private let services: APIServices
    private let readiness: Readiness

    /// The address listened on.
    var address: String { server.address.description }

    /// How far the wall clock stands behind the journal.
    var clockBehindSeconds: Int64 { partition.opening.clockBehindMicros / 1_000_000 }

    /// What was found in the data folder, in a line.
    var opening: String {
        let opening = partition.opening
        let behind = clockBehindSeconds
        let clock = behind > 0 ? "; the clock is \(behind) s behind the journal: time waits" : ""
        return opening.last == 0
            ? "new data folder\(clock)"
            : "recovered \(opening.last) segments, checkpoint at \(opening.checkpoint)\(clock)"
    }

    /// Binds the address and answers that it is not ready, recovers, then answers everything.
    init(
        _ options: ServeOptions, folder: consuming DataFolder, readiness: Readiness,
        _ log: ServerLog
    ) throws {
        let socket = ServeCommand.adminSocket(in: folder.path)
        let mailboxes = Mailboxes()
        let slot = ServicesSlot()
        server = try Self.bind(options, socket, slot)
        try server.start()
        partition = try Partition(
            folder: folder,
            handlers: Partition.Handlers(
                deliver: { origin, answers in mailboxes.deliver(origin, answers) },
                failed: { error in
                    readiness.isReady = false
                    log.note(
                        .error, "storage_failed",
                        "storage failed, nothing later is stored: \(error)"
                    )
                    kill(getpid(), StopSignals.failureSignal)
                }))
        let (partition, server) = (partition, server)
        services = try APIServices(
            directory: partition.directory, readModel: partition.readModel,
            segments: partition.segments, time: partition.time, mailboxes: mailboxes,
            readiness: readiness, limits: options.limits, policy: options.policy,
            metrics: {
                APIMetrics(
                    http: server.counters, pipeline: partition.counts,
                    accounts: partition.directory.accountCount, isReady: readiness.isReady,
                    storage: StorageFigures(partition))
            },
            submit: { batch in partition.submit(batch) })
        self.readiness = readiness
        readiness.isReady = true
        slot.services.withLock { [services] in $0 = services }
    }

    private static func bind(
        _ options: ServeOptions, _ socket: String, _ slot: ServicesSlot
    ) throws -> HTTPServer {
        var configuration = HTTPServer.Configuration()
        configuration.address = options.address
        configuration.unixSocketPath = socket
        configuration.loopCount = options.loops
        do throws(HTTPServerError) {
            return try HTTPServer(configuration) { loop in
                StartingApplication(loop: loop) { slot.services.withLock { $0 } }
            }
        } catch {
            switch error {
            case .addressInUse(let address):
                throw Failure.failed("\(address) is taken by another process: try --listen")
            default: throw Failure.failed("cannot listen: \(error)")
            }
        }
    }

    /// Why the last checkpoint could not be written, if so.
    var checkpointError: StoreError? { partition.checkpointError }

    /// Answers what was received, makes it durable, ends the threads.
    func stop() {
        server.drain(within: Self.drainTime)
        readiness.isReady = false
        partition.close()
        services.stop()
    }
}

extension StorageFigures {
    /// The figures of a partition that is open.
    fileprivate init(_ partition: Partition) {
        self.init()
        let (checkpoints, sizes) = (partition.checkpoints, partition.fileSizes)
        waitingCommands = partition.waitingCount
        journalBytes = sizes.journal
        stateBytes = sizes.state
        archiveBytes = sizes.archive
        unwrittenEvents = partition.unwrittenCount
        unarchivedEvents = partition.unarchivedCount
        checkpointsWritten = checkpoints.written
        checkpointsFailed = checkpoints.failed
        archiveFailures = partition.archiveFailures
        checkpointAge = checkpoints.age
        checkpointDuration = checkpoints.lastDuration
        let deletions = partition.deletions
        detailsDeletedCalls = deletions.calls
        detailsDeletedSegments = deletions.segments
        retentionSweeps = deletions.sweeps
        retentionFailures = deletions.failures
        retentionAge = deletions.age
        retentionThrough = deletions.through
    }
}
