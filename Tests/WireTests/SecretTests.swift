import Credit
import Ledger
import Testing
import Wire

@Suite struct SecretTests {
    @Test func `a secret names its role and checks itself`() throws {
        let account = try Name("acme")
        for (role, prefix) in [
            (APIKeyRole.operator, "tally_op_"), (.service, "tally_svc_"),
            (.customer(account: account), "tally_key_"),
        ] {
            let secret = KeySecret.make(for: role)
            #expect(String(decoding: secret, as: UTF8.self).hasPrefix(prefix))
            #expect(secret.count == prefix.utf8.count + 36)
            #expect(KeySecret.hint(of: secret).utf8.count == prefix.utf8.count + 4)
            try KeySecret.check(secret.span)
            for index in secret.indices {
                var mistyped = secret
                mistyped[index] = secret[index] == 0x61 ? 0x62 : 0x61
                let isRefused = (try? KeySecret.check(mistyped.span)) == nil
                // Without our prefix it may be a secret made elsewhere.
                #expect(isRefused || index < 6)
            }
            #expect(throws: KeySecret.Malformed.self) { try KeySecret.check(secret.dropLast()) }
        }
    }

    @Test(arguments: [
        ([String](), "read", true), (["read"], "read", true), (["fetch"], "read", false),
        (["*"], "read", false), (["keys:manage"], "keys:manage", true),
    ])
    func `scopes allow what they say`(scopes: [String], scope: String, isAllowed: Bool) {
        #expect(Scope.allows(scope, in: scopes) == isAllowed)
    }

    @Test(arguments: [
        ([String](), "a.b", true), (["read"], "a.b", false), (["a.b"], "a.b", true),
        (["a.*"], "a.b", true), (["a.*"], "ab", false), (["*"], "a.b", true),
        (["model:*"], "model:gpt", true), (["a.b"], "a.b.c", false), (["read"], "read", false),
    ])
    func `scopes allow actions`(scopes: [String], action: String, isAllowed: Bool) {
        #expect(Scope.allows(action: action.utf8.span, in: scopes) == isAllowed)
    }
}

extension KeySecret {
    fileprivate static func check(_ secret: ArraySlice<UInt8>) throws(Malformed) {
        try check(Array(secret).span)
    }
}
