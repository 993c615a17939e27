import Credit
import Ledger
import Testing
import Wire

/// SplitMix64, so that a failing seed can be run again.
private struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

@Suite struct HostileTests {
    private static let good = Array(
        (#"{"account":"acme","action":"a.b","parameters":{"x":[1,2.5e3],"y":{"z":"é\n"}},"#
            + #""amount":1.25,"status":"200","metadata":{"k":"v"},"check_run":true,"#
            + #""occurred_at":"2026-09-21T14:13:20Z","bytes":12,"on_short":"collect"}"#).utf8)

    @Test(arguments: UInt64(1)...100)
    func `damaged bodies are read or refused, never trapped over`(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        var (decoder, fingerprint, texts) = (ChargeDecoder(), Fingerprint(), [UInt8]())
        let form = ChargeForm(
            .charge, limits: APILimits(), now: Instant(micros: 1_790_000_000_000_000),
            allowsPostedAt: true)
        for _ in 0..<50 {
            var body = Self.good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: body.indices, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: body[index] = UInt8.random(in: 0...255, using: &random)
                case 1: body.remove(at: index)
                case 2: body.insert(body[body.count - 1 - index], at: index)
                default: body.removeSubrange(index...)
                }
                if body.isEmpty { body = [0x7B] }
            }
            texts.removeAll()
            do throws(Problem) {
                let charge = try decoder.decode(body: body.span, form, to: &texts)
                _ = fingerprint.of(charge.command, texts: texts.span)
                #expect(charge.command.amount >= -1)
            } catch {
                #expect([400, 422].contains(error.code.status), "seed \(seed)")
            }
            _ = try? BatchBody.items(of: body.span, limits: APILimits())
            _ = try? BatchBody.lines(of: body.span, limits: APILimits())
            _ = try? MoneyBody(grant: body, limits: APILimits())
            _ = try? NewAccount(body: body, limits: APILimits())
            _ = try? KeyRequest(body: body, limits: APILimits())
        }
    }
}
