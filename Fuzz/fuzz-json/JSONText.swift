import Fuzzing
import JSON

/// A text through the scanner, the canonical form and the decoders of bodies.
@c(LLVMFuzzerTestOneInput)
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = unsafe [UInt8](start: start, count: count)
    checkText(text)
    checkBodies(text)
    return 0
}

private func checkText(_ text: [UInt8]) {
    let refusal = reason(for: text)
    let (simple, invalid) = simpleValue(of: text)
    switch refusal {
    case nil: expect(simple != nil, "taken, and is no value: \(text.text)")
    case .unexpectedEnd, .unexpectedByte, .invalidUTF8, .invalidEscape, .controlCharacter,
        .trailingBytes:
        expect(simple == nil, "refused, and is a value: \(text.text)")
    case .tooDeep, .tooManyKeys: break
    case .duplicateKey: expect(simple == nil, "no key is there twice: \(text.text)")
    case .unexpectedKind, .notAnInteger, .outOfRange:
        fail("not what a whole text is refused for: \(text.text)")
    }
    if invalid == .syntax { expect(refusal != nil, "taken, and is no JSON: \(text.text)") }
    checkCanonical(text, refusal, simple)
}

/// The canonical form is a value, the same value, and its own canonical form.
private func checkCanonical(
    _ text: [UInt8], _ refusal: JSONError.Reason?, _ simple: SimpleJSON?
) {
    let canonical: [UInt8]
    do throws(JSONError) {
        canonical = try CanonicalJSON.bytes(of: text.span)
    } catch {
        expect(
            refusal != nil || error.reason == .outOfRange, "no canonical form: \(text.text)")
        return
    }
    expect(refusal == nil, "a canonical form of what is refused: \(text.text)")
    expect(reason(for: canonical) == nil, "the canonical form is refused: \(canonical.text)")
    expect(simpleValue(of: canonical).value, equals: simple, "another value: \(canonical.text)")
    let again = try? CanonicalJSON.bytes(of: canonical.span)
    expect(again?.text, equals: canonical.text, "the canonical form of the canonical form")
}

private func reason(for text: [UInt8]) -> JSONError.Reason? {
    do throws(JSONError) {
        try JSONCursor.check(text.span)
        return nil
    } catch {
        return error.reason
    }
}

private func simpleValue(
    of text: [UInt8]
) -> (value: SimpleJSON?, invalid: SimpleJSON.Invalid?) {
    do throws(SimpleJSON.Invalid) {
        return (try SimpleJSON(text), nil)
    } catch {
        return (nil, error)
    }
}
