/// A member of an object that is being read: its key, and where it stands in what is written.
struct Member {
    let key: JSONString
    let output: Range<Int>
}

/// The members of the objects that are being read, those of the innermost object last.
///
/// Keys that arrive in ascending order are compared once each. Only where some do not are they
/// sorted, so that finding duplicates takes n log n steps however hostile the object is.
struct MemberStack {
    private(set) var members: [Member] = []

    mutating func push(_ member: Member) {
        if members.capacity == 0 { members.reserveCapacity(16) }
        members.append(member)
    }

    /// Drops the members from the `base`-th on.
    mutating func pop(to base: Int) {
        members.removeLast(members.count - base)
    }

    /// True when `key` comes after all keys from `base` on, which are sorted if `isSorted`.
    ///
    /// Throws ``JSONError/Reason/tooManyKeys``; duplicates are left to ``sort(from:in:)``.
    func isSorted(
        with key: JSONString, from base: Int, isSorted: Bool, in text: Span<UInt8>
    ) throws(JSONError) -> Bool {
        guard members.count - base < JSONCursor.keysMax else {
            throw JSONError(.tooManyKeys, at: key.range.lowerBound)
        }
        guard isSorted, members.count > base, let last = members.last else { return isSorted }
        return last.key.precedes(key, in: text)
    }

    /// Sorts the members from `base` on by the bytes of their keys and refuses duplicates.
    mutating func sort(from base: Int, in text: Span<UInt8>) throws(JSONError) {
        if base == 0 {
            members.sort { $0.key.precedes($1.key, in: text) }  // in place; a slice is copied first
        } else {
            members[base...].sort { $0.key.precedes($1.key, in: text) }
        }
        for index in members.indices.dropFirst(base + 1) {
            let (key, next) = (members[index - 1].key, members[index].key)
            guard key.precedes(next, in: text) else {
                let offset = max(key.range.lowerBound, next.range.lowerBound)
                throw JSONError(.duplicateKey, at: offset)
            }
        }
    }
}
