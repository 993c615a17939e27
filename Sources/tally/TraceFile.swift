import Credit
import Foundation

/// One call of a trace.
struct TraceCall {
    let time: Instant
    let inputTokens: Int
    let outputTokens: Int
    /// Which of the replay's kinds of call it is: the name of its file says.
    let kind: TraceKind
}

/// What a file of the trace holds.
enum TraceKind: String, CaseIterable {
    case conv
    case code

    /// The action that its calls are charged as.
    var action: String {
        switch self {
        case .conv: "chat.completions"
        case .code: "code.completions"
        }
    }

    /// The model that answers them unless `--model` names another.
    var usualModel: String {
        switch self {
        case .conv: "gpt-4o-mini"
        case .code: "gpt-4.1"
        }
    }
}

/// Reads files of the Azure LLM inference trace: `TIMESTAMP,ContextTokens,GeneratedTokens`.
enum TraceFile {
    /// The most calls that a replay takes.
    static let callsMax = 10_000_000

    /// The calls of the files in the order given; a name that contains `code` holds code calls.
    static func read(_ paths: [String]) throws -> [TraceCall] {
        var calls: [TraceCall] = []
        for path in paths {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure.failed("\(path) cannot be read")
            }
            let name = path.split(separator: "/").last ?? ""
            let kind = name.contains("code") ? TraceKind.code : .conv
            let lines = data.split(whereSeparator: { $0 == 10 || $0 == 13 })
            for (index, line) in lines.enumerated() where index > 0 || !line.starts(with: "T".utf8)
            {
                guard let call = call([UInt8](line), kind) else {
                    throw Failure.failed(
                        "\(path):\(index + 1): expected TIMESTAMP,ContextTokens,GeneratedTokens")
                }
                calls.append(call)
            }
            guard calls.count <= callsMax else {
                throw Failure.failed("more than \(callsMax) calls")
            }
        }
        return calls
    }

    private static func call(_ line: [UInt8], _ kind: TraceKind) -> TraceCall? {
        let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count == 3, let input = count(fields[1]), let output = count(fields[2])
        else { return nil }
        var time = Array(fields[0])
        if time.last != UInt8(ascii: "Z") { time.append(UInt8(ascii: "Z")) }
        guard let instant = try? Instant(rfc3339: time.span) else { return nil }
        return TraceCall(time: instant, inputTokens: input, outputTokens: output, kind: kind)
    }

    private static func count(_ field: ArraySlice<UInt8>) -> Int? {
        guard let number = Int(String(decoding: field, as: UTF8.self)), number >= 0 else {
            return nil
        }
        return number
    }
}
