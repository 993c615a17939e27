import Credit
import Fuzzing
import JSON
import Ledger
import Wire

/// A text as the body of whatever route: read or refused, and charges the same however spelled.
func checkBodies(_ text: [UInt8]) {
    for kind in [ChargeForm.Kind.charge, .batchItem, .hold, .capture] {
        guard let sent = fingerprint(of: text, as: kind) else { continue }
        guard let canonical = try? CanonicalJSON.bytes(of: text.span) else {
            fail("a charge without a canonical form: \(text.text)")
        }
        let spelled = fingerprint(of: canonical, as: kind)
        expect(spelled, equals: sent, "\(kind) in canonical form: \(canonical.text)")
    }
    let limits = APILimits()
    _ = try? BatchBody.items(of: text.span, limits: limits)
    _ = try? BatchBody.lines(of: text.span, limits: limits)
    _ = try? MoneyBody(grant: text, limits: limits)
    _ = try? NewAccount(body: text, limits: limits)
    _ = try? KeyRequest(body: text, limits: limits)
}

/// What stands for the content of a body under its key; nil when it is refused.
private func fingerprint(of body: [UInt8], as kind: ChargeForm.Kind) -> UInt128? {
    let form = ChargeForm(
        kind, limits: APILimits(), now: Instant(micros: 1_790_000_000_000_000),
        allowsPostedAt: true)
    var (decoder, texts) = (ChargeDecoder(), [UInt8]())
    do throws(Problem) {
        let charge = try decoder.decode(body: body.span, form, to: &texts)
        expect(charge.command.amount >= ChargeCommand.notByHand, "an amount below zero")
        var fingerprint = Fingerprint()
        return kind == .hold
            ? fingerprint.of(charge.command, charge.hold, texts: texts.span)
            : fingerprint.of(charge.command, texts: texts.span)
    } catch {
        expect([400, 403, 422].contains(error.code.status), "status \(error.code.status)")
        return nil
    }
}
