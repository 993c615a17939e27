import Foundation
import JSON
import Pricing
import Wire

/// Calls in a file, an object a line, priced one after the other.
struct CallFile {
    /// The most bytes of a line.
    private static let lineBytesMax = 1 << 20
    /// How much is read at once.
    private static let chunkBytes = 1 << 16

    private let handle: FileHandle

    /// Opens a file, `-` being standard input.
    init(path: String) throws {
        let handle =
            path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let handle else { throw Failure.failed("\(path) cannot be read") }
        self.handle = handle
    }

    /// Prints a line for each call, its price or why it has none; fails when any has none.
    func price(by list: PriceList) throws {
        var rest: [UInt8] = []
        var unpriced = 0
        while let data = try handle.read(upToCount: Self.chunkBytes), !data.isEmpty {
            rest += data
            var output: [UInt8] = []
            var lines = rest.split(
                separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            rest = lines.popLast().map { Array($0) } ?? []
            guard rest.count <= Self.lineBytesMax else {
                throw Failure.failed("a line has more than \(Self.lineBytesMax) bytes")
            }
            for line in lines where !Self.price(Array(line), by: list, &output) { unpriced += 1 }
            try FileHandle.standardOutput.write(contentsOf: output)
        }
        if !rest.isEmpty {
            var output: [UInt8] = []
            if !Self.price(rest, by: list, &output) { unpriced += 1 }
            try FileHandle.standardOutput.write(contentsOf: output)
        }
        guard unpriced == 0 else { throw Failure.failed("\(unpriced) calls have no price") }
    }

    /// Writes the line of a call; false when it has no price.
    private static func price(
        _ line: [UInt8], by list: PriceList, _ output: inout [UInt8]
    ) -> Bool {
        var isPriced = true
        var writer = JSONWriter(capacity: 64)
        writer.beginObject()
        do throws(Problem) {
            let quote = try EstimatedCall(json: line.span).quote(by: list)
            writer.member("credits", quote.credits)
            writer.member("units", quote.units)
            writer.member("rule", list.rules[Int(quote.ruleIndex)].id)
        } catch {
            isPriced = false
            writer.member("error", error.code.rawValue)
            writer.member("field", error.field)
            writer.member("detail", error.detail)
        }
        writer.endObject()
        output += writer.bytes
        output.append(UInt8(ascii: "\n"))
        return isPriced
    }
}
