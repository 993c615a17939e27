internal import Credit
internal import Ledger

/// The actions that usage is kept by, numbered in order of first use.
struct ActionNames: Sendable {
    /// A place of ``recent``: the name that was looked up there last.
    private struct Recent: Sendable {
        var name: [UInt8] = []
        var number: UInt32 = 0
    }

    private static let recentCount = 64

    private(set) var names: [String]
    private var numbers: [[UInt8]: UInt32] = [:]
    /// The names of late, found without making a copy of the bytes to look up.
    private var recent = [Recent](repeating: Recent(), count: recentCount)

    /// The numbers of the charges looked up last.
    private(set) var found: [UInt32] = []

    init(_ names: [String]) {
        self.names = names
        for (index, name) in names.enumerated() {
            numbers[Array(name.utf8)] = UInt32(truncatingIfNeeded: index)
        }
    }

    /// Finds the numbers of the actions of some charges, whose texts lie in `bytes`.
    mutating func number(_ charges: Span<ChargeEvent>, in bytes: [UInt8]) {
        found.removeAll(keepingCapacity: true)
        for index in charges.indices { found.append(number(of: charges[index].action, in: bytes)) }
    }

    /// The number of the action whose name is `range` of `bytes`; ``ReadModel/otherAction`` takes
    /// in those past ``ReadModel/actionsMax``.
    @inline(__always)
    private mutating func number(of range: ByteRange, in bytes: [UInt8]) -> UInt32 {
        let name = bytes.span.extracting(range.indices)
        let place = Self.place(of: name)
        if Self.isEqual(recent[place].name, name) { return recent[place].number }
        return lookUp([UInt8](bytes[range.indices]), place)
    }

    private mutating func lookUp(_ name: [UInt8], _ place: Int) -> UInt32 {
        let isFull = names.count >= ReadModel.actionsMax && numbers[name] == nil
        let number = ownNumber(of: isFull ? Array(ReadModel.otherAction.utf8) : name)
        recent[place] = Recent(name: name, number: number)
        return number
    }

    /// The number of the action with this name.
    mutating func number(of name: [UInt8]) -> UInt32 { lookUp(name, Self.place(of: name.span)) }

    private mutating func ownNumber(of name: [UInt8]) -> UInt32 {
        if let number = numbers[name] { return number }
        let number = UInt32(truncatingIfNeeded: names.count)
        names.append(String(decoding: name, as: UTF8.self))
        numbers[name] = number
        return number
    }

    /// Spreads names by their length and both ends; equal places only cost a look-up.
    @inline(__always)
    private static func place(of name: Span<UInt8>) -> Int {
        guard name.count > 0 else { return 0 }
        let ends = UInt32(name[0]) &* 31 &+ UInt32(name[name.count - 1])
        let middle = UInt32(name[name.count / 2]) &* 7
        return Int((ends &+ middle &+ UInt32(truncatingIfNeeded: name.count)) % UInt32(recentCount))
    }

    @inline(__always)
    private static func isEqual(_ known: [UInt8], _ name: Span<UInt8>) -> Bool {
        guard known.count == name.count else { return false }
        for index in known.indices where known[index] != name[index] { return false }
        return true
    }
}
