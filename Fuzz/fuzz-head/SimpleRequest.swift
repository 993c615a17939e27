import Fuzzing

/// A request read in the plainest way, on bytes that are all there.
///
/// It checks nearly nothing: what it says is what any reader would say of a sound request, so that
/// a difference is a request that two readers see differently.
struct SimpleRequest {
    let method: [UInt8]
    let target: [UInt8]
    /// Names in lower case, values without the blanks around them.
    let fields: [(name: [UInt8], value: [UInt8])]
    let body: [UInt8]
    /// The first byte behind the request.
    let end: Int

    init?(_ bytes: [UInt8], from start: Int) {
        var place = start
        if bytes.line(from: place)?.isEmpty == true { place += 2 }
        guard let line = bytes.line(from: place) else { return nil }
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3 else { return nil }
        (method, target) = (Array(words[0]), Array(words[1]))
        place = line.endIndex + 2
        var fields: [(name: [UInt8], value: [UInt8])] = []
        while let line = bytes.line(from: place), !line.isEmpty {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let name = line[..<colon].map { 0x41...0x5A ~= $0 ? $0 + 0x20 : $0 }
            fields.append((name, Self.trimmed(line[(colon + 1)...])))
            place = line.endIndex + 2
        }
        guard bytes.line(from: place)?.isEmpty == true else { return nil }
        place += 2
        self.fields = fields
        guard let (body, end) = Self.body(of: bytes, from: place, fields) else { return nil }
        (self.body, self.end) = (body, end)
    }

    private static func body(
        of bytes: [UInt8], from start: Int, _ fields: [(name: [UInt8], value: [UInt8])]
    ) -> ([UInt8], Int)? {
        if fields.contains(where: { $0.name.text == "transfer-encoding" }) {
            return SimpleChunks(bytes, from: start).map { ($0.body, $0.end) }
        }
        guard let length = fields.first(where: { $0.name.text == "content-length" }) else {
            return ([], start)
        }
        guard let count = Int(length.value.text), count >= 0, count <= bytes.count - start else {
            return nil
        }
        return (Array(bytes[start..<start + count]), start + count)
    }

    private static func trimmed(_ value: ArraySlice<UInt8>) -> [UInt8] {
        let blanks: Set<UInt8> = [0x20, 0x09]
        var rest = value.drop { blanks.contains($0) }
        while let last = rest.last, blanks.contains(last) { rest.removeLast() }
        return Array(rest)
    }
}
