internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Pricing
internal import Reports
internal import Store
internal import Wire

/// Renders what is final for a key, for a first answer and for every replay of it alike.
struct AnswerRenderer: Sendable {
    private let directory: Directory
    private var namer: EntryNamer

    init(directory: Directory) {
        self.directory = directory
        namer = EntryNamer(directory: directory)
    }

    /// The JSON that says which rule priced a charge.
    mutating func price(_ reference: PriceReference) -> [UInt8] { namer.price(reference) }

    /// The vendor's id of the account that an event is of.
    func account(of event: borrowing FinalEvent) -> [UInt8] {
        guard let slot = event.account, let profile = directory.profile(slot) else { return [] }
        return Array(profile.id.text.utf8)
    }

    /// What a charge or refusal of an account names.
    mutating func names(
        account: [UInt8], price: PriceReference = .byHand, key: APIKeySlot
    ) -> EntryNames {
        namer.names(account: account, price: price, key: key)
    }
}

/// An event that is final for a key, and where it stands.
struct FinalEvent {
    let position: Position
    let item: SegmentContents.Item
    let contents: SegmentContents

    /// The account whose key it is final for.
    var account: AccountSlot? {
        switch item {
        case .charge(let index): contents.charges[index].head.account
        case .event(let index): contents.events[index].key?.account
        }
    }

    /// Why it is a refusal, if it is one.
    var refusal: RefusalEvent.Reason? {
        guard case .event(let index) = item, case .refused(let event) = contents.events[index]
        else { return nil }
        return event.reason
    }

    /// What the event took or gave, and the balance after it.
    var figures: (used: Credits, balance: Balance)? {
        switch item {
        case .charge(let index):
            let charge = contents.charges[index]
            return (charge.spent(as: contents.role(of: charge)), charge.head.balance)
        case .event(let index):
            return contents.events[index].head.map { (.zero, $0.balance) }
        }
    }

    /// True when it belongs to this key of the account; the bytes decide, not their hash.
    func isFor(key: Span<UInt8>) -> Bool {
        switch item {
        case .charge(let index):
            let range = contents.charges[index].idempotence.key
            return contents.bytes.span.extracting(range.indices).isEqual(to: key)
        case .event(let index):
            guard let stored = contents.events[index].key?.key.bytes else { return false }
            return stored.span.isEqual(to: key)
        }
    }

    /// The fingerprint of the command that it answered.
    var fingerprint: UInt128 {
        switch item {
        case .charge(let index): contents.charges[index].idempotence.fingerprint
        case .event(let index): contents.events[index].key?.key.fingerprint ?? 0
        }
    }
}

/// A request whose key was seen before; the first answer is given again if the command is the same.
struct Replay: Sendable {
    let account: [UInt8]
    let key: [UInt8]
    let fingerprint: UInt128
    let position: Position

    /// Why the first answer is not given again, if so.
    func problem(_ event: FinalEvent) -> Problem? {
        guard event.isFor(key: key.span) else {
            return Problem(.internalError, "the key's record could not be found")
        }
        guard event.fingerprint != fingerprint else { return nil }
        return Problem(
            .idempotencyKeyReused, "the key was used before with another content"
        ).with(event.refusal == nil ? .charged : .notCharged)
    }

    /// The event that the key is final for, read from the journal.
    func load(from services: APIServices) throws(Problem) -> FinalEvent {
        do throws(StoreError) {
            guard let stored = try services.segments.event(at: position) else {
                throw .corrupt("no event stands at a known key's position")
            }
            return FinalEvent(
                position: position, item: stored.item, contents: stored.contents)
        } catch {
            throw Problem(.internalError, "the journal could not be read")
        }
    }
}

extension AnswerRenderer {
    /// Appends the entry or problem that an event is answered with.
    mutating func append(
        _ event: borrowing FinalEvent, account: Span<UInt8>, withCreditUsage: Bool,
        to bytes: inout [UInt8]
    ) {
        if let reason = event.refusal {
            bytes.append(Problem(reason), requestID: event.position.id())
            return
        }
        switch event.item {
        case .charge(let index):
            let charge = event.contents.charges[index]
            bytes.append(
                answer: charge, at: event.position, of: event.contents, account: account,
                price: price(charge.price), withCreditUsage: withCreditUsage)
        case .event(let index):
            var id: [UInt8] = []
            _ = id.appending(account)
            bytes.append(
                entry: event.contents.events[index], at: event.position,
                names: EntryNames(account: id))
        }
    }

    /// The whole answer to a money route.
    mutating func response(
        _ event: borrowing FinalEvent, account: Span<UInt8>, withCreditUsage: Bool,
        requestID: RequestID, isReplay: Bool
    ) -> HTTPResponse {
        let reason = event.refusal.map { Problem($0) }
        var response = HTTPResponse(
            status: reason?.code.status ?? 201,
            contentType: reason == nil ? "application/json" : Problem.contentType)
        response.body.reserveCapacity(640)
        response.fields.reserveCapacity(192)
        append(event, account: account, withCreditUsage: withCreditUsage, to: &response.body)
        let isFirstRefusal = reason != nil && !isReplay
        response.fields.append(requestID: isFirstRefusal ? event.position.id() : requestID)
        response.fields.appendFigures(
            of: event, resetsAt: event.account.flatMap(directory.periodEnd))
        if isReplay { response.fields.append(literal: "Idempotent-Replayed: true\r\n") }
        return response
    }
}

extension [UInt8] {
    /// Appends the header that names the request.
    mutating func append(requestID: RequestID) {
        append(literal: "X-Request-Id: ")
        append(id: requestID)
        append(literal: "\r\n")
    }

    /// Appends the inline figures of a money answer.
    fileprivate mutating func appendFigures(
        of event: borrowing FinalEvent, resetsAt: Instant?
    ) {
        if let figures = event.figures {
            append(literal: "Tally-Credits-Used: ")
            append(credits: figures.used)
            append(literal: "\r\n")
            appendCredits(
                available: figures.balance.available, held: figures.balance.held,
                resetsAt: resetsAt)
            return
        }
        append(literal: "Tally-Credits-Used: 0\r\n")
        guard case .insufficientCredits(_, let spendable) = event.refusal else { return }
        append(literal: "Tally-Credits-Remaining: ")
        append(credits: spendable)
        append(literal: "\r\n")
    }

    /// Appends the inline figures that every answer about one account carries.
    mutating func appendCredits(available: Credits, held: Credits, resetsAt: Instant?) {
        append(literal: "Tally-Credits-Remaining: ")
        append(credits: available)
        append(literal: "\r\nTally-Credits-Held: ")
        append(credits: held)
        append(literal: "\r\n")
        guard let resetsAt, resetsAt != .never else { return }
        append(literal: "Tally-Credits-Reset: ")
        append(instant: resetsAt)
        append(literal: "\r\n")
    }
}
