import API
import Engine
import Foundation
import Glibc
import HTTP
import Partition
import SQLiteStore
import Store
import Terminal

/// `tally serve`: answers over HTTP until it is told to stop.
enum ServeCommand {
    static let command = Subcommand(
        name: "serve", summary: "answer over HTTP",
        help: """
            tally serve [OPTIONS]

            Says "listening on http://ADDR" on stderr when ready. SIGTERM and SIGINT drain: what was
            received is answered, what was answered is durable, then it exits with 0. When a commit
            fails it answers 503 outcome_unknown to everybody waiting and exits with 1; started
            again it recovers.

              --data DIR            where the journal lies (./tally-data)
              --listen ADDR         address and port (127.0.0.1:8080); port 0 takes a free one
              --config FILE         a JSON object: data, listen, loops, rate_limit,
                                    public_price_lists, log
              --loops N             threads that read and write HTTP (1)
              --rate-limit N/S      requests of one customer key in S seconds, or off (600/60)
              --public-price-lists  let everybody read GET /v1/price-lists
              --log text|json       how it tells of itself on stderr (text)

            An option wins over the environment (TALLY_DATA, TALLY_LISTEN, TALLY_CONFIG,
            TALLY_LOOPS, TALLY_RATE_LIMIT, TALLY_PUBLIC_PRICE_LISTS, TALLY_LOG), and that
            over the file.
            """,
        run: run)

    /// The socket in the data folder that `tally admin` talks to.
    static func adminSocket(in folder: String) -> String { "\(folder)/admin.sock" }

    private static func run(_ text: [String]) throws {
        // It may start the program again, which could not read a pipe of settings once more.
        HugePages.prefer()
        let options = try ServeOptions(text, environment: ProcessInfo.processInfo.environment)
        let log = ServerLog(options.logFormat)
        do {
            try serve(options, log)
        } catch  where options.logFormat == .json {
            log.note(.error, "failed", (error as? Failure)?.message ?? "\(error)")
            throw Failure.told
        }
    }

    private static func serve(_ options: ServeOptions, _ log: ServerLog) throws {
        let signals = StopSignals()
        let folder = try DataOption.open(options.data, creating: true)
        let readiness = Readiness()
        let running = try RunningServer(options, folder: folder, readiness: readiness, log)
        log.note(
            running.clockBehindSeconds > 0 ? .warning : .info, "recovered", running.opening)
        log.note(
            .info, "listening", "listening on http://\(running.address)",
            [("address", running.address)])
        let reason = signals.wait()
        if reason == .asked { log.note(.info, "draining", "draining") }
        running.stop()
        // Also what failed while it drained.
        if reason == .failure || signals.haveFailure {
            throw Failure.failed("storage failed; start again to recover")
        }
        if let error = running.checkpointError {
            log.note(
                .warning, "checkpoint_missing",
                "the last checkpoint could not be written, so that the next start reads back more: \(error)"
            )
        }
        log.note(.info, "stopped", "stopped")
    }
}

/// The signals that end the process, kept from every thread but the one that waits for them.
struct StopSignals {
    enum Reason {
        case asked
        /// A commit failed.
        case failure
    }

    /// What the process sends itself when a commit fails.
    static let failureSignal = SIGUSR1

    private var set = sigset_t()

    /// Blocks the signals; to be made before any thread is started.
    init() {
        unsafe sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, Self.failureSignal] { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// True when a commit has failed and nobody has waited for it since.
    var haveFailure: Bool {
        var pending = sigset_t()
        guard unsafe sigpending(&pending) == 0 else { return false }
        return unsafe sigismember(&pending, Self.failureSignal) == 1
    }

    /// Waits for one of them.
    func wait() -> Reason {
        var received: Int32 = 0
        var waited = set
        while unsafe sigwait(&waited, &received) != 0 {}
        return received == Self.failureSignal ? .failure : .asked
    }
}
