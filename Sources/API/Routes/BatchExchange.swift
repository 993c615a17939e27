internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Store
internal import Wire

/// A batch of charges on its way: its chunks, each decided together, are answered in order.
final class BatchExchange {
    /// Some items of a batch.
    struct Chunk {
        /// What was wrong with an item before the ledger saw it, by its place; nil for the others.
        var problems: [Problem?] = []
        /// How many items the ledger decides.
        var decidedCount = 0
        /// The answers, once they are rendered.
        var answers: [UInt8]?
    }

    let exchange: ExchangeID
    let requestID: RequestID
    /// One chunk after the other is written as soon as it is answered.
    let isStreamed: Bool
    var chunks: [Chunk] = []
    /// The first chunk that has not been written.
    var nextChunk = 0
    /// True once all items are read.
    var isDecoded = false

    /// What stands before, between and after the answers of a chunk.
    var marks: Marks { isStreamed ? .lines : .array }

    /// True when nothing is left to be written.
    var isComplete: Bool { isDecoded && nextChunk == chunks.count }

    init(exchange: ExchangeID, requestID: RequestID, isStreamed: Bool) {
        self.exchange = exchange
        self.requestID = requestID
        self.isStreamed = isStreamed
    }
}

extension BatchExchange {
    /// What stands before, between and after answers.
    struct Marks: Sendable {
        let opening: StaticString
        let separator: StaticString
        let closing: StaticString

        static let array = Self(opening: "{\"results\":[", separator: ",", closing: "]}")
        static let lines = Self(opening: "", separator: "\n", closing: "\n")
    }
}

/// A decided chunk, with all that rendering it takes; can be rendered on any thread.
struct DecidedChunk: Sendable {
    let problems: [Problem?]
    let batch: CommandBatch
    /// The place of its first decided item in `batch`.
    let first: Int
    let contents: SegmentContents
    let requestID: RequestID
    let marks: BatchExchange.Marks

    /// True when some answer is in another segment, which storage may have to be read for.
    var needsStorage: Bool {
        batch.outcomes[first..<first + decidedCount].contains { outcome in
            guard case .seenBefore(let position) = outcome else { return false }
            return position.segment != contents.number
        }
    }

    private var decidedCount: Int { problems.count { $0 == nil } }

    /// The answers of all items, in order.
    func render(from services: APIServices, using renderer: inout AnswerRenderer) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(problems.count * 512)
        bytes.append(literal: marks.opening)
        var cursor = ItemCursor()
        var index = first
        for (place, problem) in problems.enumerated() {
            if place > 0 { bytes.append(literal: marks.separator) }
            if let problem {
                append(problem, to: &bytes)
            } else {
                render(index, &cursor, services, &renderer, to: &bytes)
                index += 1
            }
        }
        bytes.append(literal: marks.closing)
        return bytes
    }

    private func render(
        _ index: Int, _ cursor: inout ItemCursor, _ services: APIServices,
        _ renderer: inout AnswerRenderer, to bytes: inout [UInt8]
    ) {
        guard case .charge(let place) = batch.items[index] else { return }
        let command = batch.charges[place]
        switch batch.outcomes[index] {
        case .recorded(let position):
            guard let item = cursor.item(at: position, in: contents) else { break }
            let event = FinalEvent(position: position, item: item, contents: contents)
            return append(event, command, &renderer, to: &bytes)
        case .seenBefore(let position):
            do throws(Problem) {
                let event = try replay(Replay(command, of: batch, at: position), services)
                append(event, command, &renderer, to: &bytes)
            } catch {
                append(error, to: &bytes)
            }
            return
        case .rejected(let rejection):
            return append(Problem(rejection).with(.notCharged), to: &bytes)
        case .unknown: return append(.outcomeUnknown, to: &bytes)
        case .waiting, .answered: break
        }
        append(.noOutcome, to: &bytes)
    }

    private func replay(
        _ replay: Replay, _ services: APIServices
    ) throws(Problem) -> FinalEvent {
        let event: FinalEvent
        if replay.position.segment == contents.number,
            let item = contents.item(at: Int(replay.position.index))
        {
            event = FinalEvent(position: replay.position, item: item, contents: contents)
        } else {
            event = try replay.load(from: services)
        }
        if let problem = replay.problem(event) { throw problem }
        return event
    }

    private func append(
        _ event: borrowing FinalEvent, _ command: ChargeCommand,
        _ renderer: inout AnswerRenderer, to bytes: inout [UInt8]
    ) {
        let account = batch.bytes.span.extracting(command.account.indices)
        if let reason = event.refusal {
            bytes.append(literal: "{\"status\":")
            bytes.append(decimal: Int64(Problem(reason).code.status))
            bytes.append(literal: ",\"problem\":")
        } else {
            bytes.append(literal: "{\"status\":201,\"entry\":")
        }
        renderer.append(event, account: account, withCreditUsage: false, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    private func append(_ problem: Problem, to bytes: inout [UInt8]) {
        bytes.append(item: problem, requestID)
    }
}

extension [UInt8] {
    /// Appends what stands for an item of a batch that became no entry.
    mutating func append(item problem: Problem, _ requestID: RequestID) {
        append(literal: "{\"status\":")
        append(decimal: Int64(problem.code.status))
        append(literal: ",\"problem\":")
        append(problem, requestID: requestID)
        append(UInt8(ascii: "}"))
    }
}
