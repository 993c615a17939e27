internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Store
internal import Wire

/// `POST /v1/charges/batch`: as JSON, or line by line with the answers streamed.
extension APIApplication {
    func receiveBatch(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let isStreamed = try Self.isStream(request)
        let form = ChargeForm(
            .batchItem, limits: services.limits, now: call.now,
            allowsPostedAt: call.principal?.role == .operator)
        let batch = BatchExchange(
            exchange: call.exchange, requestID: call.requestID, isStreamed: isStreamed)
        let body = request.body
        if isStreamed {
            try receiveLines(body.span, form, batch)
        } else {
            try receiveArray(body.span, form, batch)
        }
    }

    private static func isStream(_ request: HTTPRequest) throws(Problem) -> Bool {
        if mediaType(of: request) == "application/x-ndjson" { return true }
        try checkMediaType(of: request, isBodyOptional: false)
        return false
    }

    // MARK: JSON

    private func receiveArray(
        _ body: Span<UInt8>, _ form: ChargeForm, _ batch: BatchExchange
    ) throws(Problem) {
        let items = try BatchBody.items(of: body, limits: form.limits)
        batch.chunks.append(BatchExchange.Chunk())
        makeRoom(for: items.count)
        let slot = pending.add(.chunk(batch, 0))
        for item in items { decode(body.extracting(item), form, slot, &batch.chunks[0]) }
        finishDecoding(0, of: batch, slot)
    }

    // MARK: NDJSON

    private func receiveLines(
        _ body: Span<UInt8>, _ form: ChargeForm, _ batch: BatchExchange
    ) throws(Problem) {
        let lines = try BatchBody.lines(of: body, limits: form.limits)
        loop.beginStream(
            batch.exchange, status: 200, contentType: "application/x-ndjson",
            fields: Self.fields(for: batch.requestID))
        streams = streams.filter { loop.backlog(of: $0.key) != nil }
        streams[batch.exchange] = batch
        let size = max(1, form.limits.streamedItemsMax)
        for start in stride(from: 0, to: lines.count, by: size) {
            let chunk = batch.chunks.count
            batch.chunks.append(BatchExchange.Chunk())
            makeRoom(for: min(size, lines.count - start))
            let slot = pending.add(.chunk(batch, chunk))
            for line in lines[start..<min(start + size, lines.count)] {
                decode(body.extracting(line), form, slot, &batch.chunks[chunk])
            }
            finishDecoding(chunk, of: batch, slot)
            submitBatch()
        }
        batch.isDecoded = true
        writeStream(batch)
    }

    static func fields(for requestID: RequestID) -> [UInt8] {
        var fields: [UInt8] = []
        fields.append(requestID: requestID)
        return fields
    }

    // MARK: Items

    private func decode(
        _ text: Span<UInt8>, _ form: ChargeForm, _ slot: UInt32,
        _ chunk: inout BatchExchange.Chunk
    ) {
        let start = batch.bytes.count
        do throws(Problem) {
            var charge = try decoder.decode(body: text, form, to: &batch.bytes)
            try complete(&charge, from: text, at: form.now)
            let tag = UInt64(slot) << 32 | UInt64(chunk.decidedCount)
            batch.append(charge.command, tag: tag)
            chunk.decidedCount += 1
            chunk.problems.append(nil)
        } catch {
            batch.bytes.removeLast(batch.bytes.count - start)
            chunk.problems.append(error)
        }
    }

    /// Answers a chunk at once when the ledger need not see any of it.
    private func finishDecoding(_ chunk: Int, of batch: BatchExchange, _ slot: UInt32) {
        guard batch.chunks[chunk].decidedCount == 0 else { return }
        _ = pending.take(slot)
        refuse(chunk: chunk, of: batch, with: .noOutcome)
    }

    /// Answers a chunk none of which was decided; `problem` is that of items without one.
    func refuse(chunk: Int, of batch: BatchExchange, with problem: Problem) {
        guard batch.isStreamed || batch.chunks[chunk].decidedCount == 0 else {
            respond(problem, to: batch.exchange, batch.requestID)
            return
        }
        var bytes: [UInt8] = []
        bytes.append(literal: batch.marks.opening)
        for (place, item) in batch.chunks[chunk].problems.enumerated() {
            if place > 0 { bytes.append(literal: batch.marks.separator) }
            bytes.append(item: item ?? problem, batch.requestID)
        }
        bytes.append(literal: batch.marks.closing)
        finish(chunk, of: batch, with: bytes)
    }

    // MARK: Answers

    /// Answers a chunk whose items stand in `answered` from `index` on.
    func answer(
        _ chunk: Int, of batch: BatchExchange, from index: Int, of answered: AnsweredBatch
    ) {
        let decided = DecidedChunk(
            problems: batch.chunks[chunk].problems, batch: answered.batch, first: index,
            contents: answered.contents, requestID: batch.requestID,
            marks: batch.marks)
        noteRefusals(in: decided)
        guard decided.needsStorage else {
            return finish(chunk, of: batch, with: decided.render(from: services, using: &renderer))
        }
        let (services, renderer) = (services, renderer)
        let isTaken = report { () -> [UInt8] in
            var renderer = renderer
            return decided.render(from: services, using: &renderer)
        } then: { [self] bytes in
            finish(chunk, of: batch, with: bytes)
        }
        if !isTaken { refuse(chunk: chunk, of: batch, with: overloaded) }
    }

    private func noteRefusals(in chunk: DecidedChunk) {
        guard !chunk.contents.events.isEmpty else { return }
        var cursor = ItemCursor()
        for index in chunk.first..<chunk.first + chunk.problems.count(where: { $0 == nil }) {
            guard case .recorded(let position) = chunk.batch.outcomes[index],
                case .charge(let place) = chunk.batch.items[index],
                case .event? = cursor.item(at: position, in: chunk.contents)
            else { continue }
            let account = chunk.batch.charges[place].account.indices
            services.refusals.note(
                chunk.batch.bytes.span.extracting(account), at: services.time.now())
        }
    }

    private func finish(_ chunk: Int, of batch: BatchExchange, with bytes: [UInt8]) {
        guard batch.isStreamed else {
            let response = HTTPResponse(
                status: 200, contentType: "application/json",
                fields: Self.fields(for: batch.requestID), body: bytes)
            return loop.respond(to: batch.exchange, with: response)
        }
        batch.chunks[chunk].answers = bytes
        writeStream(batch)
    }

    /// The most unsent bytes behind which a stream waits for its client.
    private static let backlogMax = 1 << 20

    /// Writes what is answered of a stream, in order, as far as its client keeps up.
    func writeStream(_ batch: BatchExchange) {
        while batch.nextChunk < batch.chunks.count {
            guard let backlog = loop.backlog(of: batch.exchange) else {
                streams[batch.exchange] = nil
                return
            }
            guard backlog <= Self.backlogMax,
                let bytes = batch.chunks[batch.nextChunk].answers
            else { return }
            batch.chunks[batch.nextChunk].answers = []
            batch.nextChunk += 1
            loop.write(bytes, to: batch.exchange)
        }
        guard batch.isComplete else { return }
        streams[batch.exchange] = nil
        loop.endStream(batch.exchange)
    }
}
