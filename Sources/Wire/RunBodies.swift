public import Credit
public import JSON
public import Ledger
public import Store

extension RunStart {
    private enum Field: String, CaseIterable {
        case scenario
        case run
        case startedAt = "started_at"
    }

    private static let fields = FieldTable<Field>()

    /// Reads the body of `POST /v1/runs`.
    public init(_ body: [UInt8], limits: APILimits, now: Instant) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var (run, scenario, startedAt): (Name?, Name?, Instant?) = (nil, nil, nil)
        try reader.object(Self.fields, required: [.scenario, .run]) {
            (reader, field) throws(ValueError) in
            switch field {
            case .run: run = try reader.name()
            case .scenario: scenario = try reader.name()
            case .startedAt: startedAt = try reader.occurrence(at: now, of: "started_at")
            }
        }
        guard let run, let scenario else { throw .missingField(Field.run.rawValue) }
        self.init(run: run, scenario: scenario, startedAt: startedAt)
    }
}

extension CallStatus {
    private enum Field: String, CaseIterable {
        case status
    }

    /// How a run can end.
    private enum Ending: String, CaseIterable {
        case succeeded
        case failed
        case partial
        case timeout
        case cancelled

        var status: CallStatus {
            switch self {
            case .succeeded: .succeeded
            case .failed: .failed
            case .partial: .partial
            case .timeout: .timeout
            case .cancelled: .cancelled
            }
        }
    }

    private static let endFields = FieldTable<Field>()

    /// Reads the body of `POST /v1/runs/{run}/finish`.
    public init(ofRun body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var ending = Ending.succeeded
        try reader.object(Self.endFields, required: [.status]) {
            (reader, _) throws(ValueError) in ending = try reader.word(Ending.self)
        }
        self = ending.status
    }
}

/// What one module used in a run.
public struct ModuleUse: Hashable, Sendable {
    /// Nil for calls that name no module.
    public let module: String?
    public private(set) var sums = UsageSums()
    public private(set) var failures: Int64 = 0
    /// How long its calls took that said so, in milliseconds.
    public private(set) var duration: Int64 = 0
    /// Of its last call that said one.
    public private(set) var status = CallStatus.unsaid

    public init(module: String?) {
        self.module = module
    }

    /// Adds an entry; they come newest first.
    public mutating func add(_ entry: EntrySummary) {
        sums.add(UsageSums(of: entry))
        guard entry.isCall else { return }
        if entry.status.isFailure { failures += 1 }
        duration = duration &+ (entry.duration.value ?? 0)
        if status == .unsaid { status = entry.status }
    }
}

/// A run of a scenario as JSON, with its modules where they were asked for.
public struct RunAnswer: Sendable, JSONWritable {
    private let account: Name
    private let run: RunSummary
    private let modules: [ModuleUse]?
    /// False when it has too many entries to read all.
    private let isComplete: Bool

    public init(
        account: Name, run: RunSummary, modules: [ModuleUse]? = nil, isComplete: Bool = true
    ) {
        self.account = account
        self.run = run
        self.modules = modules
        self.isComplete = isComplete
    }

    /// As it was reported: how it ended, or that it runs; nil when nothing was.
    public static func status(of run: RunSummary) -> String? {
        if run.finishedAt != .never { return run.status.word }
        return run.startedAt == .never ? nil : running
    }

    /// The status of a run whose start was reported and its end was not.
    public static let running = "running"

    private var start: Instant { run.startedAt == .never ? run.firstTime : run.startedAt }

    public func write(to bytes: inout [UInt8]) {
        let end = run.finishedAt == .never ? run.lastTime : run.finishedAt
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("run", String(decoding: run.run, as: UTF8.self))
        writer.member("account", account)
        writer.member(
            "scenario", run.scenario.isEmpty ? nil : String(decoding: run.scenario, as: UTF8.self))
        writer.member("status", Self.status(of: run))
        writer.member("started_at", start)
        writer.member("finished_at", run.finishedAt == .never ? nil : run.finishedAt)
        writer.member("first_at", run.firstTime)
        writer.member("last_at", run.lastTime)
        writer.member("duration_ms", max(0, (end.micros - start.micros) / 1000))
        writer.member("credits", CreditsSum(micros: run.credits))
        writer.member("calls", run.calls)
        writer.member("failed_calls", run.failures)
        writer.member("bytes", WideInteger(run.bytes))
        if let modules { write(modules, to: &writer) }
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }

    private func write(_ modules: [ModuleUse], to writer: inout JSONWriter) {
        writer.key("modules")
        writer.beginArray()
        for module in modules {
            writer.beginObject()
            writer.member("module", module.module)
            writer.member("status", module.status.word)
            writer.member("credits", CreditsSum(micros: module.sums.credits))
            writer.member("calls", module.sums.calls)
            writer.member("failed_calls", module.failures)
            writer.member("bytes", WideInteger(module.sums.bytes))
            writer.member("duration_ms", module.duration)
            writer.endObject()
        }
        writer.endArray()
        writer.member("modules_complete", isComplete)
    }
}
