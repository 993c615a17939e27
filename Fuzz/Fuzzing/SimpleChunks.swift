/// The chunked coding read in the plainest way, on bytes that are all there.
///
/// It shares no code with the reader of `HTTP` and is more lenient: what that one takes, this one
/// must take too, with the same body and the same end.
public struct SimpleChunks: Sendable {
    public let body: [UInt8]
    /// The first byte behind the trailers.
    public let end: Int

    /// What begins at `start` of `bytes`; nil when it is broken or not whole.
    public init?(_ bytes: [UInt8], from start: Int) {
        var (body, place): ([UInt8], Int) = ([], start)
        while true {
            guard let line = bytes.line(from: place) else { return nil }
            let digits = line.prefix { $0 != UInt8(ascii: ";") }
            guard let first = digits.first, first != UInt8(ascii: "+"),
                let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0
            else { return nil }
            place = line.endIndex + 2
            guard size > 0 else { break }
            guard size + 2 <= bytes.count - place, bytes[place + size] == 0x0D,
                bytes[place + size + 1] == 0x0A
            else { return nil }
            body += bytes[place..<place + size]
            place += size + 2
        }
        while let line = bytes.line(from: place) {
            place = line.endIndex + 2
            guard !line.isEmpty else {
                (self.body, self.end) = (body, place)
                return
            }
        }
        return nil
    }
}

extension [UInt8] {
    /// The bytes from `start` to the next CR LF; nil when there is none.
    public func line(from start: Int) -> ArraySlice<UInt8>? {
        var index = start
        while index + 1 < count {
            if self[index] == 0x0D, self[index + 1] == 0x0A { return self[start..<index] }
            index += 1
        }
        return nil
    }
}
