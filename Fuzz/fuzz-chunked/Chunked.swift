import Fuzzing

@testable import HTTP

/// A chunked body, however it arrives: one result, and that of a second decoder.
@c(LLVMFuzzerTestOneInput)
public func fuzzChunked(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Portions([UInt8](start: start, count: count))
    let whole = ChunkedReading(input.bytes, ends: input.whole)
    expect(ChunkedReading(input.bytes, ends: input.single), equals: whole, "cut everywhere")
    expect(ChunkedReading(input.bytes, ends: input.ends), equals: whole, "cut at \(input.ends)")
    expect(whole.body.count <= ChunkedReading.bodyLimit, "\(whole.body.count) bytes of body")
    guard case .complete(let used) = whole.end else { return 0 }
    guard let simple = SimpleChunks(input.bytes, from: 0) else { fail("taken, and is broken") }
    expect(whole.body, equals: simple.body, "the body")
    expect(used, equals: simple.end, "where the body ends")
    return 0
}

/// What the decoder makes of bytes that come in portions.
struct ChunkedReading: Equatable {
    enum End: Equatable {
        case complete(used: Int)
        case needsMore
        case rejected(HTTPRejection)
    }

    static let bodyLimit = 64

    private(set) var body: [UInt8] = []
    private(set) var end = End.needsMore

    init(_ bytes: [UInt8], ends: [Int]) {
        var limits = HTTPLimits()
        limits.chunkExtensionBytesMax = 32
        limits.trailerBytesMax = 32
        var chunks = ChunkedBody()
        var start = 0
        for end in ends {
            do throws(HTTPRejection) {
                let used = try chunks.decode(
                    bytes.span.extracting(start..<end), to: &body, bodyLimit: Self.bodyLimit,
                    within: limits)
                guard !chunks.isComplete else {
                    self.end = .complete(used: start + used)
                    return
                }
                expect(used, equals: end - start, "bytes left of a body that is not complete")
                start = end
            } catch {
                self.end = .rejected(error)
                return
            }
        }
    }
}
