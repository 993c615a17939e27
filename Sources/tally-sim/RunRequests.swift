internal import Engine
internal import SimulatedDisk
internal import Store
internal import TestKit

extension Run {
    /// Decides what has arrived as one segment, as the pipeline's writer does.
    func decide() throws(Failure) {
        guard let server, server.decidedCount < Pipeline.segmentsUnderWayMax else {
            return try commit()
        }
        let now = clock.now
        var batches: [[Promise]] = []
        for _ in 0...random.skewed(below: 3) {
            let count = random.skewed(below: character.batchMax + 1)
            let operations = (0..<count).map { _ in nextOperation(at: now) }
            guard let batch = try submit(operations, to: server, at: now) else {
                return giveUp(batches)
            }
            batches.append(batch)
        }
        try endSegment(of: server, batches, at: now)
    }

    /// Sends every request whose outcome nobody knows.
    func decideUnsettled() throws(Failure) {
        guard let server else { return }
        let now = clock.now
        guard let batch = try submit(book.unsettled.map { .move($0) }, to: server, at: now) else {
            throw Failure("keys cannot be looked up on a disk without faults")
        }
        try endSegment(of: server, [batch], at: now)
    }

    func endSegment(
        of server: Server, _ batches: [[Promise]], at now: Int64
    ) throws(Failure) {
        server.sweep(at: now)
        model.sweep(at: now, limit: Engine.sweepMax)
        let withImage = random.chance(character.imagePercent)
        let salt = random.bytes(SegmentFormat.saltBytes)
        guard
            let segment = server.endSegment(
                salt: salt, encodesEarly: random.chance(50), withImage: withImage)
        else {
            throw Failure("a segment with \(batches.count) batches was not ended")
        }
        try check(segment, salt: salt)
        let events = model.events
        model.endSegment()
        decided.append(
            Expected(
                number: segment.contents.isEmpty ? nil : segment.contents.number, batches: batches,
                events: events, model: model))
        log.add("decided \(segment.contents.number) with \(events.count) at \(now)")
    }

    /// Has a batch decided; nil when its keys could not be looked up, so that nothing was.
    func submit(
        _ operations: [Operation], to server: Server, at now: Int64
    ) throws(Failure) -> [Promise]? {
        let asked = operations.flatMap { operation in
            [Operation](
                repeating: operation, count: random.chance(character.duplicatePercent) ? 2 : 1)
        }
        var batch = CommandBatch(origin: 0)
        do {
            for operation in asked { try batch.append(operation) }
        } catch {
            throw Failure("\(asked) cannot be written as commands: \(error)")
        }
        do throws(StoreError) {
            try server.lookUpKeys(of: &batch)
        } catch {
            if case .corrupt(let what) = error { throw Failure("called corrupt: \(what)") }
            for operation in asked { book.hearNothing(of: operation) }
            return nil
        }
        guard server.submit(batch, at: now) else {
            throw Failure("keys just looked up are called out of date")
        }
        tally.commands += asked.count
        tally.keysFoundOnDisk += batch.keys.found.count
        for operation in asked { tally.asked[operation.kindName, default: 0] += 1 }
        return asked.map { promise($0, at: now) }
    }

    /// Ends a process that cannot look keys up; nobody hears what it had decided.
    private func giveUp(_ batches: [[Promise]]) {
        for promise in batches.joined() { book.hearNothing(of: promise.operation) }
        tally.lookUpsFailed += 1
        log.add("keys could not be looked up")
        server?.giveUp()
    }

    private func nextOperation(at now: Int64) -> Operation {
        if !book.unsettled.isEmpty, random.chance(20) { return .move(random.pick(book.unsettled)) }
        return workload.next(using: &random, at: now)
    }

    private func promise(_ operation: Operation, at now: Int64) -> Promise {
        let reply = model.perform(operation, at: now)
        if case .move(let move) = operation, case .recorded(let spot) = reply {
            switch move.kind {
            case .grant: workload.learn(of: spot, on: move.account)
            case .hold: workload.learn(ofHold: spot, on: move.account)
            default: break
            }
        }
        return Promise(operation: operation, reply: reply)
    }

    /// What was decided against the model, in memory and as it will be stored.
    private func check(_ segment: PendingSegment, salt: [UInt8]) throws(Failure) {
        let created = model.events.count { $0.kind == .accountCreated }
        let before = Array(model.names.dropLast(created))
        var names = before
        let events = segment.contents.modelEvents(names: &names)
        try expectEqual("events decided", events, model.events)
        guard !segment.contents.isEmpty else { return }
        var encoder = SegmentEncoder()
        let encoded = encoder.encode(
            segment.contents, previous: SegmentFormat.firstHash, salt: salt)
        names = before
        let stored = try contents(of: encoded, after: nil).modelEvents(names: &names)
        try expectEqual("events stored", stored, model.events)
    }
}

extension Run {
    /// Commits the oldest decided segment and hears the replies.
    func commit() throws(Failure) {
        guard let server, !decided.isEmpty else { return }
        let expected = decided.removeFirst()
        if expected.number != nil { attempted = expected }
        let batches = server.commit()
        // Whoever died in a commit told nobody anything.
        guard !disk.isDown else { return hearNothing(of: expected) }
        for (batch, promises) in zip(batches, expected.batches) {
            try hear(batch.outcomes, promises, expected.events)
        }
        guard !server.hasFailed, let number = expected.number else { return }
        attempted = nil
        committed = number
        committedModel = expected.model
        committedEvents += expected.events
        learn(expected.events)
        tally.segments += 1
        log.add("committed \(number)")
    }

    private func hear(
        _ outcomes: [Outcome], _ promises: [Promise], _ events: [ModelEvent]
    ) throws(Failure) {
        guard outcomes.count == promises.count else {
            throw Failure("\(promises.count) requests and \(outcomes.count) outcomes")
        }
        for (outcome, promise) in zip(outcomes, promises) {
            if case .unknown = outcome {
                tally.unknowns += 1
                book.hearNothing(of: promise.operation)
                continue
            }
            guard ModelReply(outcome) == promise.reply else {
                throw Failure("\(promise.operation): \(outcome), not \(promise.reply)")
            }
            tally.replies += 1
            if case .rejected(let code) = promise.reply {
                tally.rejected["\(code)", default: 0] += 1
            }
            if case .seenBefore = promise.reply { tally.replays += 1 }
            if random.chance(character.lossPercent) {
                tally.repliesLost += 1
                book.hearNothing(of: promise.operation)
            } else {
                try book.hear(
                    promise.reply, to: promise.operation, event: event(of: promise.reply, events))
            }
        }
        log.add("heard \(outcomes.count)")
    }

    private func event(of reply: ModelReply, _ events: [ModelEvent]) -> ModelEvent? {
        guard case .recorded(let spot) = reply else { return nil }
        return events.first { $0.spot == spot }
    }

    /// Counts what became durable, and remembers charges that may be refunded.
    func learn(_ events: [ModelEvent]) {
        for event in events {
            tally.events[event.kind.name, default: 0] += 1
            if event.isCall { workload.learn(ofCharge: event) }
        }
    }

    func hearNothing(of expected: Expected) {
        for promise in expected.batches.joined() { book.hearNothing(of: promise.operation) }
    }
}
