public import Credit

/// What the Overview page shows: one account, or all accounts to the vendor's operator.
///
/// A plain value of durable figures; the page adds nothing up that it is not given, except the
/// heights of bars. Names may be any text: the page escapes them. Lists come in the order to be
/// shown, and what exceeds the page's limits is cut (``Overview/rowsMax``).
public struct OverviewModel: Hashable, Sendable {
    /// The heading, such as `Overview`.
    public var title: String
    /// Whose figures these are, such as `All accounts` or the account's name.
    public var subtitle: String
    /// The ledger time up to which everything on the page is counted.
    public var generatedAt: Instant
    /// Where this server answers, such as `http://127.0.0.1:8080`, for the first-charge commands.
    public var serverURL: String
    /// What can be spent now, without what is held; below zero when in debt.
    public var creditsLeft: CreditsTotal = .zero
    /// All that was ever granted.
    public var creditsGranted: CreditsTotal = .zero
    /// What open holds reserve.
    public var creditsHeld: CreditsTotal = .zero
    /// All that was ever used.
    public var creditsUsed: CreditsTotal = .zero
    /// What was used since 00:00 UTC of the day of ``generatedAt``.
    public var usedToday: CreditsTotal = .zero
    /// How many accounts there are; nil on the page of one account.
    public var accountsCount: Int?
    /// How many API keys there are.
    public var keysCount = 0
    /// How many charges there are, refused ones not counted.
    public var chargesCount = 0
    /// The charges of the last hours.
    public var chart: ChargeChart
    /// The accounts that used most; empty on the page of one account.
    public var accounts: [AccountTotal] = []
    /// The keys that used most.
    public var keys: [KeyTotal] = []
    /// The actions (or models) that used most.
    public var actions: [ActionTotal] = []
    /// The newest charges, newest first.
    public var newest: [ChargeRow] = []

    /// A page without figures.
    public init(
        title: String = "Overview", subtitle: String, generatedAt: Instant, serverURL: String,
        chart: ChargeChart
    ) {
        self.title = title
        self.subtitle = subtitle
        self.generatedAt = generatedAt
        self.serverURL = serverURL
        self.chart = chart
    }
}

/// A sum of credits over many entries or accounts, in micro-credits; wider than one amount.
public struct CreditsTotal: Hashable, Comparable, Sendable {
    /// Nothing.
    public static let zero = Self(micros: 0)

    /// The sum in micro-credits.
    public let micros: Int128

    /// A sum of `micros` micro-credits.
    public init(micros: Int128) {
        self.micros = micros
    }

    /// One amount.
    public init(_ credits: Credits) {
        micros = Int128(credits.micros)
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.micros < right.micros
    }
}

/// Charges in slices of time, stacked by series: every series has one amount a slice.
public struct ChargeChart: Hashable, Sendable {
    /// What a series stands for, as the title says it: `model` or `action`.
    public var dimension: String
    /// The start of the first slice.
    public var start: Instant
    /// The length of a slice.
    public var sliceSeconds: Int64
    /// The series to tell apart, largest first; those after the fifth are drawn as other.
    public var series: [Series]

    /// One series: a name and its charges in each slice.
    public struct Series: Hashable, Sendable {
        /// The model or action.
        public var name: String
        /// The charges of each slice, zeros included.
        public var credits: [CreditsTotal]

        /// A series of these amounts.
        public init(name: String, credits: [CreditsTotal]) {
            self.name = name
            self.credits = credits
        }
    }

    /// A chart of these series.
    public init(dimension: String, start: Instant, sliceSeconds: Int64, series: [Series] = []) {
        self.dimension = dimension
        self.start = start
        self.sliceSeconds = sliceSeconds
        self.series = series
    }
}
