extension Span<UInt8> {
    /// Whether these bytes begin with the ASCII bytes of `text`.
    func starts(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length else { return false }
        for index in 0..<length {
            guard unsafe self[index] == text.utf8Start[index] else { return false }
        }
        return true
    }

    /// Whether these bytes are `text`, given in lower case, in any case.
    func isEqual(ignoringCaseTo text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in indices {
            guard unsafe self[index].lowerCased == text.utf8Start[index] else { return false }
        }
        return true
    }

    /// The index of the first `byte` at or after `start`.
    func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        var index = start
        while index < count {
            guard self[index] != byte else { return index }
            index += 1
        }
        return nil
    }
}
