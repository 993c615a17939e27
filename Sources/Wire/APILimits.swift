internal import Credit

/// Every limit of the API on what one request may say, cost or return.
public struct APILimits: Hashable, Sendable {
    /// The most bytes of a body, unless its route says otherwise.
    public var bodyBytesMax = 1 << 20
    /// The most bytes of the body of a batch.
    public var batchBodyBytesMax = 16 << 20
    /// The most charges of a batch.
    public var batchItemsMax = 10_000
    /// How many lines of an NDJSON batch are decided, and answered, together.
    public var streamedItemsMax = 1000
    /// The most bytes of a call's parameters in canonical JSON.
    public var parametersBytesMax = 64 << 10
    /// The most entries of `metadata`.
    public var metadataCountMax = 16
    /// The most bytes of a key of `metadata`.
    public var metadataKeyBytesMax = 64
    /// The most bytes of a value of `metadata`.
    public var metadataValueBytesMax = 256
    /// The most bytes of a free text, such as a name or a note.
    public var textBytesMax = 256
    /// The most bytes of the vendor's own id of a request.
    public var requestIDBytesMax = 128
    /// The most modules of a scenario.
    public var modulesMax = 500
    /// The most links between the modules of a scenario.
    public var linksMax = 2000
    /// The most scopes of an API key.
    public var scopesMax = 64
    /// Counts such as `results` stay below this: what every JSON reader holds exactly.
    public var countLimit: Int64 = 1 << 53
    /// How long a hold lasts unless it says otherwise, in seconds.
    public static let holdSecondsUsual: Int64 = 900
    /// The longest that a hold may last, in seconds.
    public var holdSecondsMax: Int64 = 86_400
    /// How long credits last that a refund gives for a grant that has ended, in seconds.
    public var regrantSeconds: Int64 = 30 * 86_400
    /// How old `occurred_at` may be.
    public var occurredAgeSecondsMax: Int64 = 35 * 86_400
    /// How far ahead `occurred_at` may be.
    public var occurredAheadSecondsMax: Int64 = 300
    /// The items of a page unless the request says otherwise.
    public var pageItems = 100
    /// The most items of a page.
    public var pageItemsMax = 1000
    /// The most events that one page of entries looks at.
    public var entriesScannedMax = 20_000
    /// The most buckets of a usage report.
    public var usageBucketsMax = 10_000
    /// The most entries read one by one where a usage report cuts a quarter of an hour in two.
    public var usageEdgeEntriesMax = 2_000_000
    /// The most entries that an insight reads one by one.
    public var insightEntriesMax = 300_000
    /// How many accounts one step of an audit looks at while calls wait.
    public var auditStepAccounts = 1024
    /// The most differences that an audit lists.
    public var auditDifferencesMax = 1000
    /// How many threads make reports.
    public var reportThreads = 2
    /// The most reports that wait for a thread; more is 503 `overloaded`.
    public var reportsWaitingMax = 256
    /// The most requests of one customer key in ``rateSeconds``; 0 for no limit.
    public var rateRequestsMax = 600
    /// The length of the sliding window of ``rateRequestsMax``.
    public var rateSeconds = 60
    /// The most recorded refusals of one account in ``rateSeconds``, spread evenly; 0 for no limit.
    public var refusalsMax = 10_000
    /// What `Retry-After` says when the server is overloaded, in seconds.
    public var overloadedRetrySeconds = 1

    public init() {}
}

extension APILimits {
    /// Throws when a time that the vendor names is too old or too far ahead.
    func check(
        occurrence time: Instant, at now: Instant, of field: StaticString
    ) throws(ValueError) {
        guard time >= now.advanced(seconds: -occurredAgeSecondsMax),
            time <= now.advanced(seconds: occurredAheadSecondsMax)
        else {
            let (days, minutes) = (occurredAgeSecondsMax / 86_400, occurredAheadSecondsMax / 60)
            throw .timeOutOfRange(
                "\(field) is at most \(days) days old and \(minutes) minutes ahead")
        }
    }
}
