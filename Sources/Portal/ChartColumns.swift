internal import Credit

/// A chart's figures brought to what the page can tell apart: at most five series and other.
struct ChartColumns: Hashable, Sendable {
    /// The most series with a colour of their own.
    static let seriesMax = 5
    /// The most slices shown, the newest ones.
    static let slicesMax = 96

    /// One slice of time.
    struct Column: Hashable, Sendable {
        let start: Instant
        let end: Instant
        /// One amount for each name of the chart.
        let credits: [CreditsTotal]
        let total: CreditsTotal
    }

    /// The series' names; the last is `other` when there were more than fit.
    let names: [String]
    let hasOther: Bool
    let columns: [Column]
    let sliceSeconds: Int64
    /// The sum of each series over the columns.
    let totals: [CreditsTotal]

    /// True when nothing was charged in the whole time.
    var isEmpty: Bool { totals.allSatisfy { $0 == .zero } }

    init(_ chart: ChargeChart) {
        let shown = chart.series.prefix(Self.seriesMax)
        let rest = chart.series.dropFirst(Self.seriesMax)
        hasOther = !rest.isEmpty
        names = shown.map(\.name) + (rest.isEmpty ? [] : ["other"])
        sliceSeconds = max(chart.sliceSeconds, 1)
        let count = chart.series.map(\.credits.count).max() ?? 0
        var columns: [Column] = []
        for slice in max(0, count - Self.slicesMax)..<count {
            var credits = shown.map { $0[slice] }
            if !rest.isEmpty { credits.append(CreditsTotal(sumOf: rest.map { $0[slice] })) }
            let start = chart.start.advanced(seconds: Int64(slice) * sliceSeconds)
            columns.append(
                Column(
                    start: start, end: start.advanced(seconds: sliceSeconds), credits: credits,
                    total: CreditsTotal(sumOf: credits)))
        }
        self.columns = columns
        totals = names.indices.map { series in
            CreditsTotal(sumOf: columns.map { $0.credits[series] })
        }
    }

    /// The class that colours the series or action `name`; `s0` is the colour of other.
    func colour(of name: String) -> String {
        guard let index = names.firstIndex(of: name) else { return "s0" }
        return colour(at: index)
    }

    /// The class that colours the series at `index` of ``names``.
    func colour(at index: Int) -> String {
        index < Self.seriesMax ? "s\(index + 1)" : "s0"
    }
}

extension ChargeChart.Series {
    /// The amount of a slice; none where the series ends early.
    fileprivate subscript(slice: Int) -> CreditsTotal {
        slice < credits.count ? credits[slice] : .zero
    }
}

extension CreditsTotal {
    /// The sum of `parts`.
    init(sumOf parts: [CreditsTotal]) {
        micros = parts.reduce(0) { $0 + $1.micros }
    }
}
