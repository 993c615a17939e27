internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Pricing
internal import Reports
internal import Store
internal import Synchronization
internal import Wire

/// `POST /v1/price-lists/{name}/simulate`: a stored period priced again by a draft.
extension APIApplication {
    func simulatePrices(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let name = try Call.name(call.parameters.first)
        let body = request.body
        let services = services
        ask(call, about: nil) { ledger, _ in
            ledger.overdraftLimits
        } then: { [self] (limits: [Int64]) in
            report(call) { () throws(Problem) in
                let asked = try SimulationBody(json: body.span)
                let answer = try PriceReplay(services, name, asked, limits).answer()
                var bytes: [UInt8] = []
                answer.write(to: &bytes)
                return call.json(200, bytes)
            }
        }
    }
}

/// One simulation at a time: each reads the whole period.
private struct PriceReplay {
    private let services: APIServices
    private let name: Name
    private let asked: SimulationBody
    private let overdraftLimits: [Int64]

    init(
        _ services: APIServices, _ name: Name, _ asked: SimulationBody, _ overdraftLimits: [Int64]
    ) {
        self.services = services
        self.name = name
        self.asked = asked
        self.overdraftLimits = overdraftLimits
    }

    func answer() throws(Problem) -> SimulationAnswer {
        let versions = services.directory.numbers(ofList: name)
        guard !versions.isEmpty else { throw .nothingHere }
        guard services.simulation.begin() else {
            var problem = Problem(.overloaded, "another simulation is running")
            problem.retryAfter = services.limits.overloadedRetrySeconds
            throw problem
        }
        defer { services.simulation.end() }
        let draft = PriceList(name: name, version: 0, effectiveAt: .epoch, draft: asked.draft)
        var simulation = PriceSimulation(
            PriceSimulation.Terms(draft: draft, versions: versions, period: asked.period),
            overdraftLimits: overdraftLimits)
        do throws(StoreError) {
            try replay(&simulation)
        } catch {
            throw Problem(error)
        }
        let directory = services.directory
        return SimulationAnswer(simulation, list: name, period: asked.period) {
            directory.profile($0)?.id
        }
    }

    private func replay(_ simulation: inout PriceSimulation) throws(StoreError) {
        let segments = services.segments
        var number = try simulation.firstSegment(last: try segments.lastNumber()) {
            number throws(StoreError) in
            try segments.contents(of: number)?.time
        }
        while let contents = try services.segments.contents(of: number) {
            simulation.fold(PricedSegment(contents, by: simulation.terms))
            number += 1
        }
    }
}

/// Whether a simulation is running.
final class SimulationGate: Sendable {
    private let isRunning = Atomic<Bool>(false)

    /// False when one is running.
    func begin() -> Bool {
        isRunning.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing)
            .exchanged
    }

    func end() {
        isRunning.store(false, ordering: .releasing)
    }
}

/// The body `{rules[], usd_per_credit?, from, to}`.
private struct SimulationBody {
    let draft: PriceList.Draft
    let period: Range<Instant>

    init(json text: Span<UInt8>) throws(Problem) {
        var (from, to): (Instant?, Instant?)
        // What is not about the period is the draft, byte for byte.
        var rest = JSONWriter(capacity: text.count)
        do throws(JSONError) {
            try JSONCursor.check(text)
            var cursor = JSONCursor()
            try cursor.beginObject(in: text)
            rest.beginObject()
            while let key = try cursor.nextKey(in: text) {
                let value = try cursor.skipValue(in: text)
                if key.isEqual(to: "from", in: text) {
                    from = Self.instant(text.extracting(value))
                } else if key.isEqual(to: "to", in: text) {
                    to = Self.instant(text.extracting(value))
                } else {
                    rest.key(bytes: text.extracting(key.range))
                    rest.value(json: text.extracting(value))
                }
            }
            rest.endObject()
        } catch {
            throw Problem(error)
        }
        guard let from else { throw .invalidParameter("from", "it is a time, the period's first") }
        guard let to, from < to else {
            throw .invalidParameter("to", "it is a time after from: the first after the period")
        }
        period = from..<to
        let bytes = rest.bytes
        do throws(PriceListError) {
            draft = try PriceList.Draft(json: bytes.span)
        } catch {
            throw Problem(error)
        }
    }

    /// A time in quotes; nil for anything else.
    private static func instant(_ value: Span<UInt8>) -> Instant? {
        guard value.count > 2, value[0] == UInt8(ascii: "\"") else { return nil }
        return try? Instant(rfc3339: value.extracting(1..<value.count - 1))
    }
}

extension JSONString {
    fileprivate func isEqual(to name: String, in text: Span<UInt8>) -> Bool {
        !hasEscapes && text.extracting(range).isEqual(to: name.utf8.span)
    }
}
