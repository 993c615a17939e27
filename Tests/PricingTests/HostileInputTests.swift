import Credit
import Pricing
import Testing

struct HostileInputTests {
    @Test(arguments: UInt64(1)...200)
    func `no list whatever makes it trap`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let good =
            #"{"rules":[{"id":"a","action":"b.*","when":{"m":["x",1]},"per_call":0.5,"#
            + #""parts":[{"parameter":"n.x","price":1.25,"per":3,"included":10}],"minimum":1,"#
            + #""maximum":9,"usd":true,"rounding":{"to":"0.01","mode":"up"},"outcomes":{"#
            + #""failed":0,"partial":"results"}}],"usd_per_credit":0.01}"#
        for _ in 0..<20 {
            let json = mutated(good, using: &random)
            guard let draft = try? PriceList.Draft(json: json.span) else { continue }
            #expect((try? PriceList.Draft(json: draft.canonicalJSON.span)) == draft, "seed \(seed)")
        }
    }

    @Test(arguments: UInt64(1)...200)
    func `no parameters whatever make it trap`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let rule =
            #"{"id":"a","action":"act","when":{"m":"x"},"parts":["#
            + #"{"parameter":"n.x","price":1.25,"per":3},{"parameter":"t","price":0.000000000001}]}"#
        let list = try PriceList(rules: rule, usdPerCredit: "1")
        let good = #"{"m":"x","n":{"x":12.5},"t":999999999999}"#
        #expect(try list.quote(good).credits.micros == 6_208_333)
        for _ in 0..<50 {
            let parameters = mutated(good, using: &random)
            let quote = try? list.price(action: "act".utf8.span, parameters: parameters.span)
            #expect((quote?.credits.micros ?? 0) >= 0, "seed \(seed)")
        }
    }

    private func mutated(_ text: String, using random: inout SeededRandom) -> [UInt8] {
        let alphabet = Array(#"{}[]",:\.0123456789eE-+tx"#.utf8) + [0x00, 0xC3, 0xFF]
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            default: bytes.remove(at: place)
            }
        }
        return bytes
    }
}
