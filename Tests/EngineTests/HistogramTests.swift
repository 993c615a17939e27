import Engine
import Testing

struct HistogramTests {
    @Test func `a value counts at the first bound that it does not pass`() {
        var histogram = Histogram(bounds: [1, 10, 100])
        for value in [0, 1, 2, 10, 11, 100, 101, .max] as [UInt64] { histogram.add(value) }
        #expect(histogram.counts == [2, 2, 2, 2])
        #expect(histogram.sum == 224)
    }
}
