import Credit
import Ledger
import TestKit
import Testing

/// What counters of budgets say, beside a plain fold of the same calls.
struct BudgetTests {
    /// What a call says of each dimension.
    private struct Call {
        var values: [[UInt8]]

        subscript(dimension: BudgetDimension) -> [UInt8] { values[Int(dimension.rawValue)] }
    }

    /// One account, and calls of it.
    private struct Account {
        var ledger: Ledger
        private var segment: UInt64 = 1

        init() throws {
            ledger = Ledger(seed: 1)
            var new = NewAccount(id: try Name("a"), name: "A")
            new.overdraftLimit = Credits.limit
            try perform(.createAccount(new))
        }

        var budgets: [Budget] { ledger.budgets(of: 0) }

        mutating func perform(_ command: Command) throws {
            segment += 1
            ledger.apply(
                try ledger.decide(command, at: Instant(micros: 0)),
                at: Position(segment: segment, index: 0))
        }

        mutating func put(
            _ name: String, _ scope: [BudgetMatch], _ window: BudgetWindow = .none,
            limit: Int64 = 1 << 40, parent: String? = nil
        ) throws {
            let terms = BudgetTerms(
                name: try Name(name), scope: scope, limit: limit, window: window,
                parent: try parent.map { try Name($0) })
            try perform(.putBudget(account: try Name("a"), terms))
        }

        mutating func charge(_ micros: Int64, _ call: Call) throws(Rejection) {
            var bytes = Array("before".utf8)
            var event = ChargeEvent.blank
            event.action = bytes.appending(call[.action].span)
            event.details.scenario = bytes.appending(call[.scenario].span)
            event.details.team = bytes.appending(call[.team].span)
            event.details.run = bytes.appending(call[.run].span)
            event.key = CallScope.key(of: call[.key].span)
            var shares: [LotShare] = []
            let decision = try ledger.decideCharge(
                Credits(micros: micros), on: 0, call: event.scope, in: bytes, onShort: .refuse,
                at: Instant(micros: 0), shares: &shares)
            segment += 1
            event.head = decision.head
            event.credits = decision.credits
            event.overdrawn = decision.overdrawn
            ledger.apply(
                event, shares: shares, bytes: bytes, at: Position(segment: segment, index: 0))
        }
    }

    private static func call(run: Int) -> Call {
        Call(values: [[], [], [], Array("run-\(run)".utf8), Array("act".utf8)])
    }

    private static let everything = [BudgetMatch](
        repeating: .any, count: BudgetDimension.allCases.count)

    @Test(arguments: UInt64(1)...30)
    func `every counter is what a plain fold of the calls gives`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var account = try Account()
        let windows: [BudgetWindow] = [.none, .run]
        for index in 0..<random.below(9) {
            let scope = BudgetDimension.allCases.map { dimension -> BudgetMatch in
                switch random.below(4) {
                case 0: .each
                case 1: .only(Self.value(dimension, 0))
                default: .any
                }
            }
            let parent = index > 0 && random.chance(40) ? "b\(random.below(index))" : nil
            try account.put("b\(index)", scope, random.pick(windows), parent: parent)
        }
        var plain: [[(key: [[UInt8]], used: Int128)]] = account.budgets.map { _ in [] }
        for _ in 0..<200 {
            let call = Call(
                values: BudgetDimension.allCases.map { dimension in
                    random.chance(25) ? [] : Self.value(dimension, random.below(12))
                })
            let micros = Int64(random.below(1000))
            try account.charge(micros, call)
            for index in Self.concerned(account.budgets, call) {
                let key = Self.key(account.budgets[index].terms, call)
                if let place = plain[index].firstIndex(where: { $0.key == key }) {
                    plain[index][place].used += Int128(micros)
                } else {
                    plain[index].append((key, Int128(micros)))
                }
            }
        }
        for (budget, plain) in zip(account.budgets, plain) {
            #expect(budget.counters.map(\.used) == plain.map(\.used))
            #expect(
                budget.counters.map { budget.terms.values(of: $0.key).map(\.value) }
                    == plain.map(\.key))
        }
    }

    private static func value(_ dimension: BudgetDimension, _ number: Int) -> [UInt8] {
        dimension == .key
            ? CallScope.value(of: APIKeySlot(number)) : Array("\(dimension)-\(number)".utf8)
    }

    /// The budgets that include a call, and all that stand above these.
    private static func concerned(_ all: [Budget], _ call: Call) -> Set<Int> {
        var found: Set<Int> = []
        for index in all.indices where includes(all[index].terms, call) {
            var next: Int? = index
            while let place = next {
                found.insert(place)
                next = all.firstIndex { $0.terms.name == all[place].terms.parent }
            }
        }
        return found
    }

    private static func includes(_ terms: BudgetTerms, _ call: Call) -> Bool {
        if terms.window == .run, call[.run].isEmpty { return false }
        return zip(terms.scope, BudgetDimension.allCases).allSatisfy { match, dimension in
            switch match {
            case .any: true
            case .each: !call[dimension].isEmpty
            case .only(let value): call[dimension] == value
            }
        }
    }

    private static func key(_ terms: BudgetTerms, _ call: Call) -> [[UInt8]] {
        zip(terms.scope, BudgetDimension.allCases).compactMap { match, dimension in
            match == .each || (dimension == .run && terms.window == .run) ? call[dimension] : nil
        }
    }

    @Test func `of too many runs the one that began first is forgotten`() throws {
        var random = SeededRandom(seed: 5)
        var account = try Account()
        try account.put("runs", Self.everything, .run)
        var plain: [(run: Int, used: Int128)] = []
        var places: [Int: Int] = [:]
        var first = 0
        for step in 0..<13_000 {
            let run = random.chance(10) ? max(0, step - random.below(12_000)) : step
            try account.charge(1, Self.call(run: run))
            if let place = places[run], place >= first {
                plain[place].used += 1
            } else {
                places[run] = plain.count
                plain.append((run, 1))
                if plain.count - first > 10_000 { first += 1 }
            }
        }
        let budget = account.budgets[0]
        #expect(first > 1000)
        #expect(budget.counters.count == 10_000)
        #expect(budget.counters.map(\.used) == plain[first...].map(\.used))
        #expect(
            budget.counters.map { String(decoding: $0.key.dropFirst(), as: UTF8.self) }
                == plain[first...].map { "run-\($0.run)" })
    }

    @Test func `of too many values those that come later share a counter and its limit`() throws {
        var scope = Self.everything
        scope[Int(BudgetDimension.run.rawValue)] = .each
        var account = try Account()
        try account.put("each", scope, limit: 3)
        for run in 0..<10_002 { try account.charge(1, Self.call(run: run)) }
        try account.charge(2, Self.call(run: 7))
        try account.charge(1, Self.call(run: 20_000))
        #expect(throws: Rejection.self) { try account.charge(1, Self.call(run: 10_001)) }
        #expect(throws: Rejection.self) { try account.charge(1, Self.call(run: 7)) }
        let counters = account.budgets[0].counters
        #expect(counters.count == 10_001)
        #expect(counters[7].used == 3)
        #expect(counters[10_000].used == 3)
        let image = try #require(account.ledger.image.account(0, changedAfter: 0))
        var restored = account
        restored.ledger = Ledger(
            seed: 2, through: 99_999, accounts: [image], apiKeys: [], priceLists: [], plans: [],
            scenarios: [])
        #expect(restored.budgets == account.budgets)
        #expect(throws: Rejection.self) { try restored.charge(1, Self.call(run: 30_000)) }
        try restored.charge(1, Self.call(run: 9_999))
        #expect(restored.budgets[0].counters[9_999].used == 2)
        #expect(account.budgets[0].counters[9_999].used == 1)
    }
}
