public import Credit
public import JSON
public import Ledger

/// A sum of credits wider than one amount, in micro-credits.
public struct CreditsSum: Hashable, Sendable, JSONWritable {
    public let micros: Int128

    public init(micros: Int128) {
        self.micros = micros
    }

    public func write(to bytes: inout [UInt8]) {
        bytes.append(micros: micros)
    }
}

/// The answer of `GET /v1/balance`.
public struct BalanceAnswer: Sendable {
    /// A lot that is not used up, with the package that its grant named.
    public struct Grant: Sendable {
        public var lot: Lot
        public var package: String?

        public init(lot: Lot, package: String?) {
            self.lot = lot
            self.package = package
        }
    }

    public var account: Name
    public var profile: AccountProfile
    public var subscription: Subscription?
    /// Micro-credits that calls have used in the period; what is held is apart.
    public var used: Int128
    public var record: AccountRecord
    public var averageDaily: CreditsSum
    public var runsOutAt: Instant?
    public var grants: [Grant]

    public init(
        account: Name, profile: AccountProfile, subscription: Subscription?, used: Int128,
        record: AccountRecord, averageDaily: CreditsSum,
        runsOutAt: Instant?, grants: [Grant]
    ) {
        self.account = account
        self.profile = profile
        self.subscription = subscription
        self.used = used
        self.record = record
        self.averageDaily = averageDaily
        self.runsOutAt = runsOutAt
        self.grants = grants
    }
}

extension BalanceAnswer: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.member("account", account)
        writer.member("plan", profile.plan?.id)
        writer.member("available", Credits(micros: record.available))
        writer.member("held", Credits(micros: record.held))
        writer.member("used", CreditsSum(micros: used))
        writer.member("granted", CreditsSum(micros: record.granted))
        writer.member("negative", Credits(micros: record.debt))
        writer.member("uncollected", CreditsSum(micros: record.uncollected))
        let window = subscription.map { $0.start..<max($0.start, $0.end) }
        let period = PeriodFigures(
            window ?? profile.anchor..<max(profile.anchor, .never), number: subscription?.number)
        writer.member("period", period)
        writer.member("resets_at", period.end)
        writer.member("average_daily", averageDaily)
        writer.member("runs_out_at", runsOutAt)
        writer.key("grants")
        writer.beginArray()
        for grant in grants { writer.value(grant) }
        writer.endArray()
        writer.member("seq", record.sequence)
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }
}

extension BalanceAnswer.Grant: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("id", lot.id)
        writer.member("kind", lot.source.text)
        writer.member("package", package)
        writer.member("priority", Int64(lot.priority))
        writer.member("amount", Credits(micros: lot.granted))
        writer.member("remaining", Credits(micros: lot.remaining))
        writer.member("held", Credits(micros: lot.held))
        writer.member("effective_at", lot.effectiveAt)
        writer.member("expires_at", lot.expiresAt == .never ? nil : lot.expiresAt)
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }
}

/// The package that a grant's memo names.
public enum PackageName: Sendable {
    private enum Field: String, CaseIterable {
        case package
    }

    private static let fields = FieldTable<Field>()

    /// Reads it from the memo's canonical JSON.
    public static func inMemo(_ memo: [UInt8]) -> String? {
        guard !memo.isEmpty else { return nil }
        return try? find(in: memo.span)
    }

    private static func find(in memo: Span<UInt8>) throws(JSONError) -> String? {
        var cursor = JSONCursor()
        var seen = FieldSet()
        try cursor.beginObject(in: memo)
        while let key = try cursor.nextKey(in: memo) {
            guard try fields.field(key, in: memo, seen: &seen) == .package else {
                try cursor.skipValue(in: memo)
                continue
            }
            var bytes: [UInt8] = []
            bytes.append(unescaped: try cursor.string(in: memo), of: memo)
            return String(bytes.span)
        }
        return nil
    }
}

/// The answers of CoinStats' `GET /v1/usage/credits`.
public enum CoinStatsJSON: Sendable {
    /// The figures of an account whose plan has this name; `used` are micro-credits of the period.
    ///
    /// There are no holds in that dialect: what is held is not remaining, and so counts as used.
    public static func credits(
        _ record: AccountRecord, used: Int128, subscription: String
    ) -> [UInt8] {
        let remaining = Int128(max(0, record.available))
        let used = used + Int128(record.held)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("totalCredits", CreditsSum(micros: used + remaining))
        writer.member("usedCredits", CreditsSum(micros: used))
        writer.member("remainingCredits", CreditsSum(micros: remaining))
        writer.member("subscription", subscription)
        writer.endObject()
        return writer.bytes
    }

    /// An error; `path` is that of the request.
    public static func error(
        status: Int, message: String, requestID: RequestID, path: [UInt8]
    ) -> [UInt8] {
        var uuid: [UInt8] = []
        uuid.append(uuid: requestID)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("statusCode", status)
        writer.member("message", message)
        writer.key("requestId")
        writer.value(string: uuid.span)
        writer.key("path")
        writer.value(string: path.span)
        writer.endObject()
        return writer.bytes
    }
}
