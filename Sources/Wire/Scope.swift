internal import Credit

/// What the scopes of a customer key allow; none at all allow everything a customer key can do.
public enum Scope: Sendable {
    /// Reading the account.
    public static let read = "read"
    /// Managing the account's keys.
    public static let manageKeys = "keys:manage"

    /// True for a word, an action, or a prefix of actions with `*` at its end.
    public static func isValid(_ scope: String) -> Bool {
        if scope == "*" { return true }
        let name = scope.utf8.last == UInt8(ascii: "*") ? String(scope.dropLast()) : scope
        return (try? Name(name)) != nil
    }

    /// True when `scopes` allow `scope`, which is one of the two above.
    public static func allows(_ scope: String, in scopes: [String]) -> Bool {
        scopes.isEmpty || scopes.contains(scope)
    }

    /// True when `scopes` allow calls of `action` to be charged.
    public static func allows(action: Span<UInt8>, in scopes: [String]) -> Bool {
        guard !scopes.isEmpty else { return true }
        for scope in scopes where scope != read && scope != manageKeys {
            if matches(scope, action) { return true }
        }
        return false
    }

    /// True when whoever has `scopes` may give `granted` away.
    public static func covers(_ granted: [String], by scopes: [String]) -> Bool {
        scopes.isEmpty || !granted.isEmpty && granted.allSatisfy { isCovered($0, by: scopes) }
    }

    private static func isCovered(_ scope: String, by scopes: [String]) -> Bool {
        if scopes.contains(scope) { return true }
        guard scope != read, scope != manageKeys else { return false }
        return scopes.contains { $0 != read && $0 != manageKeys && matches($0, scope.utf8.span) }
    }

    private static func matches(_ pattern: String, _ text: Span<UInt8>) -> Bool {
        let bytes = Array(pattern.utf8)
        let isPrefix = bytes.last == UInt8(ascii: "*")
        let count = isPrefix ? bytes.count - 1 : bytes.count
        guard isPrefix ? text.count >= count : text.count == count else { return false }
        for index in 0..<count where bytes[index] != text[index] { return false }
        return true
    }
}
