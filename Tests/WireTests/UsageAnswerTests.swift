import Store
import Testing
import Wire

struct UsageAnswerTests {
    @Test func `what used most comes first, and equals have one order`() {
        func group(_ name: String?, _ credits: Int128) -> UsageAnswer.Group {
            var sums = UsageSums()
            sums.credits = credits
            return UsageAnswer.Group(name: name, sums: sums)
        }
        let ordered = [group("z", 9), group("", 5), group(nil, 5), group("a", 5), group("b", 5)]
        for (place, first) in ordered.enumerated() {
            #expect(!first.precedes(first))
            for second in ordered[(place + 1)...] {
                #expect(first.precedes(second))
                #expect(!second.precedes(first))
            }
        }
    }
}
