import Credit
import Ledger
import Store
import TestKit

/// Random segments with every field of every event in use.
struct Samples {
    var random: SeededRandom
    private let isExtreme: Bool

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        isExtreme = random.chance(30)
    }

    mutating func contents(charges: Int, events: Int, number: UInt64 = 7) -> SegmentContents {
        var contents = SegmentContents(number: number, time: time())
        var left = (charges, events)
        while left.0 + left.1 > 0 {
            if random.below(left.0 + left.1) < left.0 {
                appendCharge(to: &contents)
                left.0 -= 1
            } else {
                contents.append(event())
                left.1 -= 1
            }
        }
        return contents
    }

    private mutating func appendCharge(to contents: inout SegmentContents) {
        var charge = ChargeEvent.blank
        charge.head = head()
        charge.credits = amount()
        charge.overdrawn = random.chance(20) ? amount() : 0
        charge.uncollected = random.chance(20) ? amount() : 0
        charge.sharesStart = UInt32(contents.shares.count)
        charge.sharesCount = UInt32(random.skewed(below: 5))
        for _ in 0..<charge.sharesCount { contents.shares.append(share(of: charge)) }
        charge.price = PriceReference(version: number(), rule: number())
        charge.key = random.chance(30) ? ChargeCommand.noKey : number()
        charge.units = amount()
        charge.idempotence = Idempotence(
            key: text(to: &contents), fingerprint: fingerprint())
        charge.action = text(to: &contents)
        charge.details = details(to: &contents)
        if random.chance(15) { for use in uses(of: charge) { contents.append(use) } }
        if random.chance(70) {
            contents.append(charge)
        } else {
            contents.append(charge, role())
        }
    }

    private mutating func role() -> HoldRole {
        guard random.chance(50) else { return .captured(settlement()) }
        return .placed(
            HoldTerms(
                expiresAt: time(), onExpiry: random.pick([.release, .capture, .captureMinimum]),
                minimum: amount()))
    }

    private mutating func settlement() -> HoldSettlement {
        HoldSettlement(
            hold: position(), cause: random.pick([.requested, .expired]), reserved: amount(),
            repaid: amount(), lapsed: amount())
    }

    private mutating func share(of charge: ChargeEvent) -> LotShare {
        let whole = charge.credits &- charge.overdrawn &- charge.uncollected
        return LotShare(
            grant: position(), source: random.pick(GrantSource.allCases),
            micros: charge.sharesCount == 1 ? whole : amount())
    }

    private mutating func details(to contents: inout SegmentContents) -> CallDetails {
        var details = CallDetails()
        details.team = text(to: &contents)
        details.scenario = text(to: &contents)
        details.run = text(to: &contents)
        details.module = text(to: &contents)
        details.requestID = text(to: &contents)
        let parameters = "{\"n\":\(random.next() >> 20),\"wörter\":[\"漢字\",\(random.below(9))]}"
        if random.chance(70) {
            details.parameters = contents.bytes.appending(parameters.utf8.span)
        }
        if random.chance(70) {
            let metadata = #"{"naïve":"🙂 \"x\"","k":"v\#(random.below(3))"}"#
            details.metadata = contents.bytes.appending(metadata.utf8.span)
        }
        details.results = count()
        details.bytes = count()
        details.duration = count()
        if random.chance(60) { details.occurredAt = time() }
        details.status = CallStatus(rawValue: UInt16(truncatingIfNeeded: random.next()))
        details.scenarioType = random.pick([.unsaid, .scenario, .agent])
        details.isCheckRun = random.chance(50)
        return details
    }

    private mutating func text(to contents: inout SegmentContents) -> ByteRange {
        guard random.chance(80) else { return .empty }
        return contents.bytes.appending("téxt-\(random.skewed(below: 12))".utf8.span)
    }

    private mutating func count() -> OptionalCount {
        random.chance(30) ? .none : OptionalCount(amount() & .max)
    }

    mutating func number() -> UInt32 {
        isExtreme ? random.pick([0, 1, .max - 1]) : UInt32(random.below(100))
    }

    mutating func amount() -> Int64 {
        isExtreme
            ? random.pick([0, 1, -1, .max, .min, Credits.limit.micros, -Credits.limit.micros])
            : random.number(in: 0...100_000_000)
    }

    mutating func time() -> Instant {
        if isExtreme { return random.pick([.earliest, .latest, .epoch]) }
        return Instant(micros: 1_795_253_400_000_000 + random.number(in: -1000...1000))
    }

    mutating func position() -> Position {
        Position(
            segment: isExtreme ? random.pick([1, 1 << 39]) : UInt64(random.below(1000)),
            index: number())
    }

    private mutating func fingerprint() -> UInt128 {
        UInt128(random.next()) << 64 | UInt128(random.next())
    }
}

extension Samples {
    private mutating func head() -> EntryHead {
        EntryHead(
            account: number(), sequence: isExtreme ? .max : UInt64(random.below(1_000_000)),
            time: time(),
            balance: Balance(
                available: Credits(micros: amount()), held: Credits(micros: amount()),
                negative: Credits(micros: amount())))
    }

    private mutating func key() -> EntryKey {
        EntryKey(bytes: random.bytes(1 + random.below(255)), fingerprint: fingerprint())
    }

    mutating func name() -> Name? { try? Name("name-\(random.below(9))") }

    mutating func event() -> Event {
        switch random.below(23) {
        case 0: if let id = name() { return .accountCreated(newAccount(id), at: time()) }
        case 1: return .accountChanged(number(), accountChange(), at: time())
        case 2: return .accountSuspended(number(), at: time())
        case 3: return .accountResumed(number(), at: time())
        case 4: return .apiKeyCreated(newKey(), at: time())
        case 5: return .apiKeyChanged(number(), keyChange(), at: time())
        case 6: return .apiKeyRevoked(number(), at: time())
        case 7:
            if let id = name() {
                return .priceListPut(
                    PriceListEvent(
                        name: id, version: number(), effectiveAt: time(),
                        json: random.bytes(300), time: time()))
            }
        case 8: return .granted(grant())
        case 9: return .lot(lot())
        case 10: return .adjusted(adjustment())
        case 11:
            return .released(
                ReleaseEvent(
                    head: head(), key: random.chance(50) ? key() : nil,
                    settlement: settlement()))
        case 12: return .refunded(refund())
        case 13...18: if let event = planOrBudgetEvent() { return event }
        case 19...21: if let event = scenarioEvent() { return event }
        default: break
        }
        return .refused(refusal())
    }

    private mutating func scenarioEvent() -> Event? {
        guard let id = name(), let run = name() else { return nil }
        switch random.below(3) {
        case 0:
            return .scenarioPut(
                ScenarioEvent(
                    account: number(), id: id, description: random.bytes(random.below(40)),
                    time: time()))
        case 1:
            return .runStarted(
                RunStartEvent(
                    account: number(), run: run, scenario: id, startedAt: time(), time: time()))
        default:
            let statuses: [CallStatus] = [.succeeded, .failed, .partial, .timeout, .cancelled]
            return .runFinished(
                RunFinishEvent(
                    account: number(), run: run, status: random.pick(statuses), time: time()))
        }
    }

    private mutating func planOrBudgetEvent() -> Event? {
        switch random.below(6) {
        case 0: if let id = name() { return .planPut(plan(id)) }
        case 1:
            return .periodStarted(
                PeriodEvent(
                    account: number(), key: random.chance(50) ? key() : nil,
                    plan: name().map { PlanReference(id: $0, version: number()) },
                    anchor: time(), number: random.number(in: -9...9), window: window(),
                    time: time()))
        case 2:
            return .planPending(
                PendingPlanEvent(
                    account: number(), key: key(), plan: random.chance(50) ? name() : nil,
                    effectiveAt: time(), time: time()))
        case 3:
            if let terms = budgetTerms() {
                return .budgetPut(
                    BudgetEvent(account: number(), terms: terms, window: window(), time: time()))
            }
        case 4: if let id = name() { return .budgetDeleted(number(), id, at: time()) }
        case 5:
            if let id = name() {
                return .budgetRestarted(number(), id, window: window(), at: time())
            }
        default: break
        }
        return nil
    }

    private mutating func budgetTerms() -> BudgetTerms? {
        guard let id = name() else { return nil }
        let matches: [BudgetMatch] = [.any, .each, .only(random.bytes(random.below(9)))]
        return BudgetTerms(
            name: id, scope: BudgetDimension.allCases.map { _ in random.pick(matches) },
            limit: amount(), window: random.pick(BudgetWindow.allCases),
            parent: random.chance(50) ? name() : nil)
    }

    private mutating func plan(_ id: Name) -> PlanEvent {
        var terms = PlanTerms(
            id: id, name: "Größe", credits: amount(), period: random.pick(PlanPeriod.allCases))
        if random.chance(50) { terms.rollover = Rollover(limit: amount(), periods: number()) }
        terms.priceList = random.chance(50) ? name() : nil
        terms.retentionDays = number()
        terms.requestsMax = number()
        return PlanEvent(terms: terms, version: number(), time: time())
    }

    private mutating func window() -> Range<Instant> {
        let (first, second) = (time(), time())
        return min(first, second)..<max(first, second)
    }

    private mutating func newAccount(_ id: Name) -> NewAccount {
        var new = NewAccount(id: id, name: "Ärger & Söhne 漢字")
        new.timeZone = "Asia/Kathmandu"
        new.anchor = random.chance(50) ? time() : nil
        new.overdraftLimit = Credits(micros: amount())
        new.priceList = random.chance(50) ? name() : nil
        new.metadata = random.bytes(random.below(40))
        new.plan = random.chance(30) ? name() : nil
        return new
    }

    private mutating func accountChange() -> AccountChange {
        var change = AccountChange()
        if random.chance(50) { change.name = "neu" }
        if random.chance(50) { change.timeZone = "UTC" }
        if random.chance(50) { change.overdraftLimit = Credits(micros: amount()) }
        if random.chance(70) { change.priceList = .some(random.chance(50) ? name() : nil) }
        if random.chance(50) { change.metadata = random.bytes(random.below(9)) }
        return change
    }

    private mutating func newKey() -> NewAPIKey {
        let account = name()
        let roles: [APIKeyRole] =
            [.operator, .service] + (account.map { [.customer(account: $0)] } ?? [])
        var new = NewAPIKey(
            role: random.pick(roles), name: "schlüssel", secretHash: random.bytes(32),
            hint: "tally_key_Ab")
        new.scopes = (0..<random.below(4)).map { "model:\($0)" }
        new.expiresAt = random.chance(50) ? time() : nil
        return new
    }

    private mutating func keyChange() -> APIKeyChange {
        var change = APIKeyChange()
        if random.chance(50) { change.name = "" }
        if random.chance(50) { change.scopes = ["read", "keys:manage"] }
        if random.chance(70) { change.expiresAt = .some(random.chance(50) ? time() : nil) }
        return change
    }

    private mutating func grant() -> GrantEvent {
        var new = NewGrant(
            amount: Credits(micros: amount()), source: random.pick(GrantSource.allCases))
        new.priority = isExtreme ? random.pick([.min, .max]) : Int32(random.below(40))
        new.memo = random.bytes(random.below(60))
        return GrantEvent(
            head: head(), key: random.chance(70) ? key() : nil, grant: new, effectiveAt: time(),
            expiresAt: random.chance(50) ? .never : time(), repaid: amount(),
            isAdjustment: random.chance(50))
    }

    private mutating func lot() -> LotEvent {
        LotEvent(
            cause: random.pick([.activated, .expired, .voided]), head: head(),
            grant: position(), amount: amount(), repaid: amount(),
            key: random.chance(50) ? key() : nil)
    }

    private mutating func shares() -> [LotShare] {
        (0..<random.below(5)).map { _ in
            LotShare(
                grant: position(), source: random.pick(GrantSource.allCases), micros: amount())
        }
    }

    private mutating func refund() -> RefundEvent {
        RefundEvent(
            head: head(), key: key(), charge: position(), countedAt: position(),
            parts: RefundParts(
                amount: amount(), forgiven: amount(), repaid: amount(), shares: shares(),
                regranted: amount()),
            call: CallScope(
                values: BudgetDimension.allCases.map { _ in random.bytes(random.below(9)) }),
            memo: random.bytes(random.below(60)))
    }

    private mutating func adjustment() -> AdjustmentEvent {
        AdjustmentEvent(
            head: head(), key: key(), amount: Credits(micros: amount()), shares: shares(),
            overdrawn: amount(), memo: random.bytes(random.below(60)))
    }

    private mutating func refusal() -> RefusalEvent {
        RefusalEvent(
            account: number(), time: time(), key: key(), reason: reason(),
            action: random.bytes(random.below(64)),
            apiKey: random.chance(50) ? ChargeCommand.noKey : number())
    }

    private mutating func reason() -> RefusalEvent.Reason {
        if random.chance(30), let name = name() {
            return .budgetExceeded(
                BudgetExcess(
                    budget: name, limit: Credits(micros: amount()), used: Int128(amount()) * 3,
                    resetsAt: time()))
        }
        return random.pick([
            .accountSuspended, .holdNotOpen,
            .refundExceedsCharge(refundable: Credits(micros: amount())),
            .insufficientCredits(
                required: Credits(micros: amount()), spendable: Credits(micros: amount())),
        ])
    }
}

extension [UInt8] {
    /// The salt of every sample.
    static let salt = [UInt8](repeating: 0xA5, count: SegmentFormat.saltBytes)
}
