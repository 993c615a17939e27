import Credit
import Testing

@testable import Portal

struct ChartTests {
    @Test func `series after the fifth are summed as other`() {
        let columns = ChartColumns(Sample.filled(8, name: "a").chart)
        #expect(columns.names == ["a", "a", "a", "a", "a", "other"])
        #expect(columns.columns[1].credits.last == Sample.credits(6 + 7 + 8))
        #expect(columns.columns[1].total == Sample.credits(1 + 2 + 3 + 4 + 5 + 6 + 7 + 8))
        #expect(columns.colour(at: 4) == "s5")
        #expect(columns.colour(at: 5) == "s0")
    }

    @Test func `only the newest slices are drawn and short series end in zeros`() {
        let series = [
            ChargeChart.Series(name: "a", credits: Array(repeating: Sample.credits(1), count: 200)),
            ChargeChart.Series(name: "b", credits: [Sample.credits(5)]),
        ]
        let columns = ChartColumns(
            ChargeChart(dimension: "x", start: .epoch, sliceSeconds: 60, series: series))
        #expect(columns.columns.count == ChartColumns.slicesMax)
        #expect(columns.columns.last?.end == Instant.epoch.advanced(seconds: 200 * 60))
        #expect(columns.totals == [Sample.credits(96), .zero])
    }

    @Test(arguments: [1, 7, 10, 999, 1_000_000, 123_456_789, Int128(Int64.max) * 9])
    func `segments sum to their bar, which is its share of the scale`(micros: Int128) throws {
        let parts: [Int128] = [micros, micros / 3, 0, micros / 7, micros / 1000]
        let series = parts.map {
            ChargeChart.Series(name: "a", credits: [CreditsTotal(micros: $0), .zero])
        }
        let columns = ChartColumns(
            ChargeChart(dimension: "x", start: .epoch, sliceSeconds: 60, series: series))
        let bars = StackedBars(columns.columns)
        let top = try #require(bars.ticks.last).value.micros
        let bar = bars.bars[0]
        let total = columns.columns[0].total.micros
        #expect(bar.segments.reduce(0) { $0 + $1.height } == StackedBars.height - bar.top)
        #expect(Int128(StackedBars.height - bar.top) == Int128(StackedBars.height) * total / top)
        #expect(bars.bars[1].segments.isEmpty)
        #expect(bars.bars[1].top == StackedBars.height)
    }

    @Test func `the smallest charge beside the largest is still seen`() {
        let series = ChargeChart.Series(
            name: "a", credits: [CreditsTotal(micros: 1), Sample.credits(1_000_000)])
        let columns = ChartColumns(
            ChargeChart(dimension: "x", start: .epoch, sliceSeconds: 60, series: [series]))
        #expect(StackedBars(columns.columns).bars[0].segments.map(\.height) == [10])
    }

    @Test(arguments: [
        (1, "0.00001"), (90_000, "0.1"), (3_100_000, "4"), (9_000_000, "10"),
        (1_366_000_000, "1.5k"), (76_000_000, "80"), (3_700_000_000_000, "4M"),
    ])
    func `the scale ends at a round number just above`(micros: Int128, label: String) throws {
        let column = ChartColumns.Column(
            start: .epoch, end: .epoch, credits: [], total: CreditsTotal(micros: micros))
        let ticks = StackedBars([column]).ticks
        #expect(ticks.count <= 5)
        #expect(Figure.tick(try #require(ticks.last).value) == label)
        #expect(ticks.first?.y == StackedBars.height)
        #expect(ticks.last?.y == 0)
    }

    @Test(arguments: [(12, 300, 600, 900), (30, 3600, 21_600, 43_200), (96, 900, 10_800, 21_600)])
    func `labels lie at round times`(count: Int, slice: Int64, wide: Int64, narrow: Int64) {
        let labels = SliceLabels(count: count, sliceSeconds: slice)
        #expect(labels.stepSeconds == wide)
        #expect(labels.narrowStepSeconds == narrow)
    }

    @Test(arguments: [
        (0, 100, "0.00%", "0%"), (1, 3, "33.33%", "33%"), (1, 1000, "0.10%", "under 1%"),
        (1, 1_000_000_000, "0.01%", "under 1%"), (Int128.max / 2, Int128.max, "50.00%", "50%"),
        (999, 1000, "99.90%", "over 99%"), (5, 4, "100.00%", "100%"), (-1, 4, "0.00%", "0%"),
        (1, 0, "0.00%", "0%"), (Int128.max, Int128.max, "100.00%", "100%"),
    ])
    func `a share is held within its whole`(
        part: Int128, whole: Int128, length: String, caption: String
    ) {
        let share = Share(CreditsTotal(micros: part), of: CreditsTotal(micros: whole))
        #expect(share.length == length)
        #expect(share.caption == caption)
    }
}
