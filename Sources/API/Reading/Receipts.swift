internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Pricing
internal import Reports
internal import Store
internal import Wire

/// `GET /v1/receipts/{entry}`: an entry, its arithmetic done again, and where it is stored.
extension APIApplication {
    func showReceipt(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let query = try QueryParameters(request, known: ["account"])
        let id = try call.id(at: 0, as: EntryID.self)
        guard let position = Position(id), position.partition == 0 else { throw .nothingHere }
        let services = services
        guard call.isCustomer || query["account"] != nil else {
            return report(call) { () throws(Problem) in
                try Receipt(services, at: position, of: nil).response(to: call)
            }
        }
        view(try readAccount(query, call), call) { [self] view in
            report(call) { () throws(Problem) in
                try Receipt(services, at: position, of: view).response(to: call)
            }
        }
    }
}

/// Works an entry out again from what is stored of it.
private struct Receipt {
    private let services: APIServices
    private let stored: StoredEvent
    private let head: EntryHead
    private let fields: [UInt8]

    /// The entry at a position, of the account of `view` or of any; refusals have no receipt.
    init(
        _ services: APIServices, at position: Position, of view: ReadView?
    ) throws(Problem) {
        let found = try Self.reading { () throws(StoreError) in
            try services.segments.event(at: position)
        }
        guard let stored = found, let head = stored.head, view == nil || head.account == view?.slot
        else { throw .nothingHere }
        self.services = services
        self.stored = stored
        self.head = head
        fields = view?.figures ?? []
    }

    func response(to call: Call) throws(Problem) -> HTTPResponse {
        guard let profile = services.directory.profile(head.account),
            let seal = try Self.reading({ () throws(StoreError) in
                try services.segments.seal(of: stored.position.segment)
            })
        else { throw .nothingHere }
        var output = EntryOutput(
            format: .lines, account: Array(profile.id.text.utf8),
            renderer: AnswerRenderer(directory: services.directory))
        output.add(stored)
        var answer = ReceiptAnswer(
            entry: Array(output.finish(nextCursor: nil).dropLast()), recomputed: .not(.notPriced),
            before: try balanceBefore(), after: head.balance, segment: stored.position.segment,
            index: Int(stored.position.index), hash: seal.hash, previousHash: seal.previousHash)
        if case .charge(let index) = stored.item {
            answer.budgets = stored.contents.uses(ofCharge: index)
            answer.deletion = stored.contents.deletion(ofCharge: index)
            try recompute(stored.contents.charges[index], &answer)
        }
        var body: [UInt8] = []
        answer.write(to: &body)
        return call.json(200, body, fields: fields)
    }

    /// The balance after the entry before, and zeros before the first one; nil where more refusals
    /// stand between the two than are looked through.
    private func balanceBefore() throws(Problem) -> Balance? {
        guard head.sequence > 1 else {
            return Balance(available: .zero, held: .zero, negative: .zero)
        }
        var before: Balance?
        let limit = services.limits.entriesScannedMax
        let entries = AccountEntries(of: head.account, services.readModel, services.segments)
        let wanted = head.sequence - 1
        _ = try Self.reading { () throws(StoreError) in
            try entries.visit(before: stored.position, limit: limit) {
                (entry, _) throws(StoreError) in
                guard entry.kind.isEntry else { return true }
                let found = try services.segments.event(at: entry.position)?.head
                if let found, found.sequence == wanted { before = found.balance }
                return false
            }
        }
        return before
    }

    private static func reading<Value>(
        _ read: () throws(StoreError) -> Value
    ) throws(Problem) -> Value {
        do throws(StoreError) {
            return try read()
        } catch {
            throw Problem(error)
        }
    }
}

/// The arithmetic of a call.
extension Receipt {
    private func recompute(
        _ charge: ChargeEvent, _ answer: inout ReceiptAnswer
    ) throws(Problem) {
        let role = stored.contents.role(of: charge)
        let difference: String?
        if let minimum = try expiredMinimum(role) {
            answer.basis = .holdMinimum
            difference = Self.difference(charge.credits, minimum)
        } else if charge.price == .byHand {
            answer.basis = .byHand
            answer.recomputed = .not(.byHand)
            return
        } else {
            answer.basis = .priceList
            // What is not there any more is no difference.
            guard answer.deletion == nil else {
                answer.recomputed = .not(.detailsDeleted)
                return
            }
            difference = price(charge, &answer)
        }
        services.receipts.note(agrees: difference == nil)
        answer.recomputed = difference.map { .differs($0) } ?? .agrees
    }

    /// Prices the call again by the version that priced it; gives how the result differs.
    private func price(_ charge: ChargeEvent, _ answer: inout ReceiptAnswer) -> String? {
        guard let list = services.directory.priceList(number: charge.price.version),
            list.rules.indices.contains(Int(charge.price.rule))
        else { return "its price list is not there" }
        var call = ChargeCommand()
        call.action = charge.action
        call.details = charge.details
        do throws(PricingError) {
            let explanation = try list.explain(call, in: stored.contents.bytes)
            answer.explanation = explanation
            answer.words = list.sentence(ofRule: Int(explanation.quote.ruleIndex))
            guard UInt32(explanation.quote.ruleIndex) == charge.price.rule else {
                return "rule \(explanation.rule.text) matches now"
            }
            return Self.difference(charge.credits, explanation.quote.credits.micros)
        } catch {
            return "it has no price: \(error.code)"
        }
    }

    /// What the hold that a charge settles says is charged when nobody settles it; nil for others.
    private func expiredMinimum(_ role: HoldRole?) throws(Problem) -> Int64? {
        guard case .captured(let settlement) = role, settlement.cause == .expired else {
            return nil
        }
        let placed = try Self.reading { () throws(StoreError) in
            try services.segments.event(at: settlement.hold)
        }
        guard let placed, case .charge(let index) = placed.item,
            case .placed(let terms) = placed.contents.role(of: placed.contents.charges[index]),
            terms.onExpiry == .captureMinimum
        else { return nil }
        return min(terms.minimum, settlement.reserved)
    }

    private static func difference(_ stored: Int64, _ computed: Int64) -> String? {
        guard stored != computed else { return nil }
        return "it comes to \(Credits(micros: computed).decimalText) credits"
    }
}

extension StoredEvent {
    /// The head of an entry; nil for what is none.
    fileprivate var head: EntryHead? {
        switch item {
        case .charge(let index): contents.charges[index].head
        case .event(let index): contents.events[index].head
        }
    }
}
