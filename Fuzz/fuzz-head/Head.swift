import Fuzzing

@testable import HTTP

/// Whole requests through the reader, however they arrive: the same requests, and those of a
/// second reader that knows only where lines and bodies end.
@c(LLVMFuzzerTestOneInput)
public func fuzzHead(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Portions([UInt8](start: start, count: count))
    let whole = Reading(input.bytes, ends: input.whole)
    expect(Reading(input.bytes, ends: input.single), equals: whole, "cut everywhere")
    expect(Reading(input.bytes, ends: input.ends), equals: whole, "cut at \(input.ends)")
    var place = 0
    for request in whole.requests {
        guard let simple = SimpleRequest(input.bytes, from: place) else {
            fail("taken, and is broken at \(place): \(request)")
        }
        request.check(against: simple)
        place = simple.end
    }
    return 0
}

/// What the reader makes of bytes that come in portions.
struct Reading: Equatable {
    enum End: Equatable {
        case needsMore(RequestReader.Stage)
        case rejected(HTTPRejection)
    }

    /// More than these limits let a head have, with its line ends and an empty line before it.
    private static let headBytesMax = 700

    private(set) var requests: [ReadRequest] = []
    private(set) var end = End.needsMore(.idle)

    init(_ bytes: [UInt8], ends: [Int]) {
        let parser = HeadParser()
        var limits = HTTPLimits()
        limits.headerBytesMax = 512
        limits.headerCountMax = 16
        limits.targetBytesMax = 128
        var reader = RequestReader(request: HTTPRequest(remoteAddress: "", isUnixSocket: false))
        var start = 0
        for end in ends {
            unsafe bytes[start..<end].withUnsafeBytes { unsafe reader.append($0) }
            start = end
            do throws(HTTPRejection) {
                try readAll(&reader, parser, limits)
            } catch {
                self.end = .rejected(error)
                return
            }
        }
        end = .needsMore(reader.stage)
        let isHeld = reader.unreadCount > Self.headBytesMax
        expect(!isHeld, "\(reader.unreadCount) bytes of a head are kept")
    }

    private mutating func readAll(
        _ reader: inout RequestReader, _ parser: HeadParser, _ limits: HTTPLimits
    ) throws(HTTPRejection) {
        while true {
            switch try reader.next(parser: parser, within: limits) {
            case .needsMore: return
            case .head: try reader.admitBody(limit: 64)
            case .request:
                requests.append(ReadRequest(reader.request))
                reader.finishRequest()
            }
        }
    }
}

/// A copy of a request that was read.
struct ReadRequest: Equatable {
    let method: HTTPMethod
    let path: [UInt8]
    let query: [UInt8]?
    let fields: [Field]
    let keepsAlive: Bool
    let body: [UInt8]

    struct Field: Equatable {
        let name: [UInt8]
        let value: [UInt8]
    }

    init(_ request: HTTPRequest) {
        method = request.method
        path = request.path
        query = request.query
        let head = request.head
        fields = head.fields.map { field in
            Field(name: Array(head.bytes[field.name]), value: head.value(of: field))
        }
        keepsAlive = head.keepsAlive
        body = request.body
    }

    func check(against simple: SimpleRequest) {
        if method != .other {
            expect("\(method)".uppercased(), equals: simple.method.text, "the method")
        }
        if simple.target.first == UInt8(ascii: "/") {
            let target = path + (query.map { [UInt8(ascii: "?")] + $0 } ?? [])
            expect(target, equals: simple.target, "the target")
        }
        expect(fields.map(\.name), equals: simple.fields.map(\.name), "the names of fields")
        expect(fields.map(\.value), equals: simple.fields.map(\.value), "the values of fields")
        expect(body, equals: simple.body, "the body")
    }
}
