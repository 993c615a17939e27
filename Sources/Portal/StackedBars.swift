internal import Credit

/// Where bars, grid lines and labels of a chart lie, in integers only.
///
/// Across, positions are basis points of the plot's width, so that one drawing fits every screen;
/// down, they are tenths of a pixel of a plot ``height`` tall.
struct StackedBars: Hashable, Sendable {
    /// The height of the plot in tenths of a pixel.
    static let height = 2600

    /// One slice's bar, from the bottom up.
    struct Bar: Hashable, Sendable {
        let left: Int
        let width: Int
        /// Where the bar ends above; ``StackedBars/height`` when it is empty.
        let top: Int
        let segments: [Segment]
    }

    /// One series' part of a bar.
    struct Segment: Hashable, Sendable {
        let series: Int
        let top: Int
        let height: Int
    }

    /// A grid line and its label.
    struct Tick: Hashable, Sendable {
        let value: CreditsTotal
        let y: Int
    }

    let bars: [Bar]
    let ticks: [Tick]

    init(_ columns: [ChartColumns.Column]) {
        let highest = columns.map(\.total).max() ?? .zero
        let step = Self.niceStep(for: highest)
        let lines = max(1, (highest.micros + step - 1) / step)
        let top = lines * step
        ticks = (0...lines).map { line in
            Tick(value: CreditsTotal(micros: line * step), y: Self.y(of: line * step, top: top))
        }
        let count = columns.count
        bars = columns.indices.map { index in
            let left = 10_000 * index / count
            let slot = 10_000 * (index + 1) / count - left
            let width = min(slot * 7 / 10, 600)
            return Self.bar(columns[index], left: left + (slot - width) / 2, width: width, top: top)
        }
    }

    /// The smallest of 1, 2, 2.5, 5 times a power of ten that needs at most five lines.
    static func niceStep(for highest: CreditsTotal) -> Int128 {
        var power: Int128 = 10
        while true {
            for factor: Int128 in [10, 20, 25, 50] {
                let step = power * factor / 10
                if step * 4 >= highest.micros { return step }
            }
            power *= 10
        }
    }

    private static func y(of micros: Int128, top: Int128) -> Int {
        height - Int(Int128(height) * min(max(micros, 0), top) / top)
    }

    /// Stacks by rounded edges, not rounded heights, so that the parts sum to the bar.
    private static func bar(
        _ column: ChartColumns.Column, left: Int, width: Int, top: Int128
    ) -> Bar {
        var segments: [Segment] = []
        var sum: Int128 = 0
        var edge = height
        for (series, credits) in column.credits.enumerated() where credits.micros > 0 {
            sum += credits.micros
            let next = y(of: sum, top: top)
            if next < edge {
                segments.append(Segment(series: series, top: next, height: edge - next))
            }
            edge = next
        }
        if edge > height - 10, let largest = column.largest {
            edge = height - 10
            segments = [Segment(series: largest, top: edge, height: 10)]
        }
        return Bar(left: left, width: width, top: edge, segments: segments)
    }
}

extension ChartColumns.Column {
    /// The series with the most credits; nil when nothing was charged.
    fileprivate var largest: Int? {
        let best = credits.indices.max { credits[$0] < credits[$1] }
        return best.flatMap { credits[$0].micros > 0 ? $0 : nil }
    }
}

/// Which slices carry a label below the chart.
struct SliceLabels: Hashable, Sendable {
    /// Labels lie at multiples of this many seconds.
    let stepSeconds: Int64
    /// On narrow screens they lie at multiples of this many.
    let narrowStepSeconds: Int64

    init(count: Int, sliceSeconds: Int64) {
        let total = Int64(count) * sliceSeconds
        let steps = Self.steps.filter { $0.isMultiple(of: sliceSeconds) }
        stepSeconds = steps.first { total / $0 <= 8 } ?? max(total, 1)
        narrowStepSeconds = steps.first { total / $0 <= 4 } ?? max(total, 1)
    }

    /// The class of the label at `time`: on which screens it shows; nil where there is none.
    func style(at time: Instant) -> String? {
        let isWide = time == time.floor(toSeconds: stepSeconds)
        let isNarrow = time == time.floor(toSeconds: narrowStepSeconds)
        if isWide { return isNarrow ? "always" : "many" }
        return isNarrow ? "few" : nil
    }

    private static let steps: [Int64] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200,
        86_400, 172_800, 604_800, 1_209_600,
    ]
}
