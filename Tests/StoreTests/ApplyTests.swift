import Credit
import Ledger
import Store
import TestKit
import Testing

struct ApplyTests {
    /// Found by the simulator (seed 101): charges are looked up some at a time before they are applied,
    /// and some were of accounts that an event between them had yet to create.
    @Test(arguments: [1, 30, 200])
    func `charges of accounts that their own segment creates are applied`(accounts: Int) throws {
        var builder = try JournalBuilder(seed: 3, accounts: 1)
        var operations: [Operation] = []
        for number in 2...accounts + 1 {
            let id = "account-\(number)"
            operations.append(.createAccount(id, overdraft: 0))
            for call in 1...2 {
                operations.append(
                    .move(Move(.charge(0, collects: true), on: id, key: "k-\(call)")))
                let key = "k\(number).\(call)"
                operations.append(
                    .move(Move(.charge(0, collects: true), on: "account-1", key: key)))
            }
        }
        try builder.add(operations)
        let last = try #require(builder.contents.last)
        #expect(last.charges.count == 4 * accounts && last.events.count == accounts)
        var ledger = Ledger(seed: 9)
        for contents in builder.contents { ledger.apply(contents) }
        let image = ledger.image
        let found = (0..<image.accountCount).compactMap {
            image.account(AccountSlot($0), changedAfter: 0)
        }
        #expect(found == builder.accounts)
        #expect(ledger.keyWindow.count(after: 0) == builder.keyCount)
    }
}
