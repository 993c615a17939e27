/// What a client sends and in which portions, as the bytes of an input say it.
///
/// The first line cuts: each of its bytes is the length of the next portion. What follows it is
/// sent; whatever no portion covers comes last.
public struct Portions: Sendable {
    /// All that is sent.
    public let bytes: [UInt8]
    /// Where each portion ends, the last one at the end of ``bytes``.
    public let ends: [Int]

    public init(_ input: [UInt8]) {
        let line = input.firstIndex(of: UInt8(ascii: "\n")) ?? input.endIndex
        bytes = Array(input[line...].dropFirst())
        var ends: [Int] = []
        var end = 0
        for length in input[..<line] where end + Int(length) < bytes.count {
            end += Int(length)
            ends.append(end)
        }
        self.ends = ends + [bytes.count]
    }

    /// All at once.
    public var whole: [Int] { [bytes.count] }

    /// Byte by byte.
    public var single: [Int] { bytes.isEmpty ? [0] : Array(1...bytes.count) }
}
