public import Credit
public import JSON
public import Ledger

/// The answer of `GET /v1/insights/forecast`.
public struct ForecastAnswer: Sendable {
    /// What is used on a usual day: the middle one of some, and the ends of the middle half.
    public struct Usual: Hashable, Sendable {
        public let days: Int
        public let middle: Int128
        public let low: Int128
        public let high: Int128

        /// The usual one of some days; nothing where there are none.
        public init(_ days: [Int128]) {
            let sorted = days.sorted()
            self.days = sorted.count
            middle = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
            low = sorted.isEmpty ? 0 : sorted[sorted.count / 4]
            high = sorted.isEmpty ? 0 : sorted[sorted.count - 1 - sorted.count / 4]
        }
    }

    /// How a method of telling did on the past, in hundredths of a percent; nil for not at all.
    public struct Method: Hashable, Sendable {
        public let name: String
        public let error: Int?

        public init(name: String, error: Int?) {
            self.name = name
            self.error = error
        }
    }

    /// A lot that ends soon.
    public struct Expiring: Sendable {
        public let lot: Lot
        public let package: String?
        /// What will be left of it in micro-credits.
        public let unused: Int64

        public init(lot: Lot, package: String?, unused: Int64) {
            self.lot = lot
            self.package = package
            self.unused = unused
        }
    }

    public var account: Name
    public var timeZone: String
    public var available: Credits
    public var averageDaily: Int128
    public var today: Int128
    public var usual: Usual
    /// From Monday on.
    public var weekdays: [Usual]
    public var method: Method
    public var methods: [Method]
    public var trialCount: Int
    public var nextWeek: Int128
    public var runsOutAt: Instant?
    /// When use is as high, or as low, over what is told as in one of ten trials.
    public var earliest: Instant?
    public var latest: Instant?
    public var expiring: [Expiring]

    public init(
        account: Name, timeZone: String, available: Credits, averageDaily: Int128, today: Int128,
        usual: Usual, weekdays: [Usual], method: Method, methods: [Method], trialCount: Int,
        nextWeek: Int128, expiring: [Expiring]
    ) {
        self.account = account
        self.timeZone = timeZone
        self.available = available
        self.averageDaily = averageDaily
        self.today = today
        self.usual = usual
        self.weekdays = weekdays
        self.method = method
        self.methods = methods
        self.trialCount = trialCount
        self.nextWeek = nextWeek
        self.expiring = expiring
    }
}

extension ForecastAnswer: JSONWritable {
    private static let weekdayNames = [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ]

    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: 2048)
        writer.beginObject()
        writer.member("account", account)
        writer.member("time_zone", timeZone)
        writer.member("available", available)
        writer.member("average_daily", CreditsSum(micros: averageDaily))
        writer.member("today", CreditsSum(micros: today))
        writer.key("usual_day")
        write(usual, to: &writer)
        writer.key("weekdays")
        writer.beginArray()
        for (name, usual) in zip(Self.weekdayNames, weekdays) {
            write(usual, weekday: name, to: &writer)
        }
        writer.endArray()
        writeForecast(to: &writer)
        writer.key("expiring")
        writer.beginArray()
        for lot in expiring { write(lot, to: &writer) }
        writer.endArray()
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }

    private func write(_ usual: Usual, weekday: String? = nil, to writer: inout JSONWriter) {
        writer.beginObject()
        if let weekday { writer.member("weekday", weekday) }
        writer.member("days", Int64(usual.days))
        writer.member("credits", CreditsSum(micros: usual.middle))
        writer.member("low", CreditsSum(micros: usual.low))
        writer.member("high", CreditsSum(micros: usual.high))
        writer.endObject()
    }

    private func writeForecast(to writer: inout JSONWriter) {
        writer.key("forecast")
        writer.beginObject()
        writer.member("method", method.name)
        writer.member("error_percent", method.error.map(Percent.init))
        writer.member("trials", Int64(trialCount))
        writer.key("methods")
        writer.beginArray()
        for method in methods {
            writer.beginObject()
            writer.member("method", method.name)
            writer.member("error_percent", method.error.map(Percent.init))
            writer.endObject()
        }
        writer.endArray()
        writer.member("next_7_days", CreditsSum(micros: nextWeek))
        writer.member("runs_out_at", runsOutAt)
        writer.member("runs_out_earliest", earliest)
        writer.member("runs_out_latest", latest)
        writer.endObject()
    }

    private func write(_ expiring: Expiring, to writer: inout JSONWriter) {
        let lot = expiring.lot
        writer.beginObject()
        writer.member("id", lot.position.id(as: GrantID.self).text)
        writer.member("kind", lot.source.text)
        writer.member("package", expiring.package)
        writer.member("remaining", Credits(micros: lot.remaining))
        writer.member("expires_at", lot.expiresAt)
        writer.member("expected_unused", Credits(micros: expiring.unused))
        writer.endObject()
    }
}
