internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Store
internal import Wire

/// What handlers of rare routes ask of the writer and of the report threads.
extension APIApplication {
    func respond(_ response: HTTPResponse, to call: Call) {
        loop.respond(to: call.exchange, with: response)
    }

    func respond(_ problem: Problem, to call: Call) {
        loop.respond(to: call.exchange, with: call.response(problem))
    }

    /// Runs what may fail with a problem, which is then the answer.
    func attempt(_ call: Call, _ body: () throws(Problem) -> Void) {
        do throws(Problem) {
            try body()
        } catch {
            respond(error, to: call)
        }
    }

    /// Has the writer answer a question; `then` is called unless that fails.
    ///
    /// What the answer saw is durable by then. `account` is whose due events become entries first.
    func ask<Answer: Sendable>(
        _ call: Call, about account: Name?,
        _ question: @escaping @Sendable (Ledger, Instant) -> Answer,
        then: @escaping (Answer) throws(Problem) -> Void
    ) {
        ask(call, about: account, { ledger, _, now in question(ledger, now) }, then: then)
    }

    /// The same for a question about prices.
    func ask<Answer: Sendable>(
        _ call: Call, about account: Name?,
        _ question: @escaping @Sendable (Ledger, PriceBook, Instant) -> Answer,
        then: @escaping (Answer) throws(Problem) -> Void
    ) {
        makeRoom(for: 1)
        let slot = pending.add(
            .outcome { [self] settlement in
                attempt(call) { () throws(Problem) in
                    guard case .answered(let value) = try outcome(of: settlement),
                        let answer = value as? Answer
                    else { throw Problem.noOutcome }
                    try then(answer)
                }
            })
        batch.append(
            LedgerQuery(account: account, answer: question), tag: UInt64(slot) << 32)
    }

    /// Has the writer carry out a command that moves no credits; `then` gets its event.
    func perform(
        _ call: Call, _ command: Command,
        then: @escaping (Position, Event) throws(Problem) -> Void
    ) {
        makeRoom(for: 1)
        let slot = pending.add(
            .outcome { [self] settlement in
                attempt(call) { () throws(Problem) in
                    let (position, event) = try recorded(settlement)
                    try then(position, event)
                }
            })
        batch.append(command, tag: UInt64(slot) << 32)
    }

    private func recorded(_ settlement: Settlement) throws(Problem) -> (Position, Event) {
        switch try outcome(of: settlement) {
        case .recorded(let position):
            guard case .decided(_, let answered, _) = settlement,
                case .event(let index)? = answered.contents.item(at: Int(position.index))
            else { throw .noOutcome }
            return (position, answered.contents.events[index])
        case .rejected(let rejection): throw Problem(rejection)
        case .seenBefore, .answered, .waiting, .unknown: throw .noOutcome
        }
    }

    private func outcome(of settlement: Settlement) throws(Problem) -> Outcome {
        switch settlement {
        case .decided(.unknown, _, _): throw .storageFailed
        case .decided(let outcome, _, _): return outcome
        case .overloaded: throw overloaded
        }
    }

    /// Has a report thread do `work`, and goes on here with what it made; false when too many wait.
    func report<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value, then: @escaping (Value) -> Void
    ) -> Bool {
        let slot = pending.add(
            .report { value in
                if let value = value as? Value { then(value) }
            })
        let mailbox = mailbox
        let isTaken = services.reports.submit {
            mailbox.put(Mailbox.Report(slot: slot, value: work()))
        }
        if !isTaken { _ = pending.take(slot) }
        return isTaken
    }

    /// Has a report thread make the answer to a call.
    func report(
        _ call: Call, _ work: @escaping @Sendable () throws(Problem) -> HTTPResponse
    ) {
        let isTaken = report { () -> HTTPResponse in
            do throws(Problem) {
                return try work()
            } catch {
                return call.response(error)
            }
        } then: { [self] response in
            respond(response, to: call)
        }
        if !isTaken { respond(overloaded, to: call) }
    }
}

extension Problem {
    /// A question that storage failed before it could be answered.
    static let storageFailed = Problem(
        .outcomeUnknown, "storage failed: a command may have happened or not")

    /// A report that storage could not give.
    init(_ error: StoreError) {
        self.init(.internalError, "storage could not be read")
    }
}
