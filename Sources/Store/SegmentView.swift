internal import Credit
internal import Ledger

/// A segment as it is stored, of which single events are read.
///
/// Columns are packed at fixed widths, so that a charge is found in each of them without reading
/// the others. Both checksums have been checked; the chain has not.
public struct SegmentView: Sendable {
    typealias Integer = ChargeColumns.Integer
    typealias Text = ChargeColumns.Text

    public let segment: EncodedSegment
    let header: EncodedSegment.Header
    /// By the places of `ChargeColumns.Integer`; those of the details are missing when erased.
    private var integers: [StoredIntegers] = []
    /// By the places of `ChargeColumns.Text`, without the parameters.
    private var texts: [StoredTexts] = []
    private(set) var parameters: StoredParameters?
    private let fingerprintsStart: Int
    let events: [Event]
    /// For each event in order whether it is a charge; empty when all are.
    let order: [Bool]
    let shares: StoredShares
    let roles: StoredRoles?
    let uses: StoredUses?
    /// The details, or what was kept of them; empty when all were deleted.
    let details: [UInt8]
    /// Why details of charges were deleted, where some are kept.
    private var deletions: StoredIntegers?

    /// Checks both parts against their checksums and finds the columns.
    public init(_ segment: EncodedSegment) throws(SegmentError) {
        let (header, reader) = try segment.checkedHeader()
        guard header.number == segment.number else { throw .wrongNumber(header.number) }
        try self.init(segment, header, reader)
    }

    /// Finds the columns behind a header that has been read.
    init(
        _ segment: EncodedSegment, _ header: EncodedSegment.Header, _ headReader: ByteReader
    ) throws(SegmentError) {
        let money = segment.money.span
        let count = header.chargeCount
        var reader = headReader
        for _ in 0..<SegmentFormat.moneyColumns {
            integers.append(try reader.storedIntegers(count, in: money))
        }
        for column in 0..<SegmentFormat.moneyTexts {
            texts.append(
                try reader.storedTexts(
                    count, mayBeNumbered: header.mayBeNumbered(column), in: money))
        }
        fingerprintsStart = try reader.take(count * SegmentFormat.fingerprintBytes, in: money)
        var (events, order) = try reader.otherEvents(of: header, in: money)
        shares = try reader.storedShares(
            header.shareCount, of: integers[Integer.sharesCount.rawValue], in: money)
        roles = try reader.storedRoles(header.roleCount, charges: count, in: money)
        uses = try reader.storedUses(header.useCount, charges: count, in: money)
        guard reader.offset == money.count - 4 else { throw .malformed(at: reader.offset) }
        let details = segment.kept?.body ?? segment.details
        if !segment.isErased || segment.kept != nil {
            var reader = try segment.detailsReader()
            if segment.isErased { deletions = try reader.storedIntegers(count, in: details.span) }
            try Self.readDetails(
                reader, details.span, count, &integers, &texts, &parameters, &events)
        }
        self.details = details
        self.segment = segment
        self.header = header
        self.events = events
        self.order = order
    }

    private static func readDetails(
        _ start: ByteReader, _ details: Span<UInt8>, _ count: Int,
        _ integers: inout [StoredIntegers],
        _ texts: inout [StoredTexts], _ parameters: inout StoredParameters?,
        _ events: inout [Event]
    ) throws(SegmentError) {
        var reader = start
        while texts.count < Text.parameters.rawValue {
            texts.append(try reader.storedTexts(count, in: details))
        }
        parameters = try reader.storedParameters(count, in: details)
        while integers.count < Integer.allCases.count {
            integers.append(try reader.storedIntegers(count, in: details))
        }
        for index in events.indices {
            try events[index].forEachPersonalText { text throws(SegmentError) in
                text = try reader.byteString(in: details)
            }
        }
        guard reader.offset == details.count - 4 else { throw .malformed(at: reader.offset) }
    }

    /// How many events there are.
    public var count: Int { header.chargeCount + events.count }

    /// How much memory the view takes, about, in bytes.
    public var size: Int { 1024 + segment.money.count + details.count + count }

    /// The integer of a charge in a column; 0 when the column was erased.
    @inline(__always)
    func word(_ column: Integer, _ charge: Int) -> UInt64 {
        guard column.rawValue < integers.count else { return 0 }
        let isMoney = column.rawValue < SegmentFormat.moneyColumns
        let bytes = isMoney ? segment.money.span : details.span
        return integers[column.rawValue].value(at: charge, in: bytes)
    }

    /// Reads the integers of some charges in a column, in their order; 0 when the column was erased.
    func read(_ column: Integer, _ charges: [WantedEntry], to words: inout [UInt64]) {
        words.removeAll(keepingCapacity: true)
        guard column.rawValue < integers.count else {
            words.append(contentsOf: repeatElement(0, count: charges.count))
            return
        }
        let part = column.rawValue < SegmentFormat.moneyColumns ? segment.money : details
        let (stored, bytes) = (integers[column.rawValue], part.span)
        for charge in charges { words.append(stored.value(at: Int(charge.place), in: bytes)) }
    }

    /// Why the details of a charge were deleted, as ``SegmentContents/deletions`` says it.
    func deletion(ofCharge charge: Int) -> UInt16 {
        guard segment.isErased else { return 0 }
        guard let deletions else { return KeptDetails.unknownReason }
        return UInt16(truncatingIfNeeded: deletions.value(at: charge, in: details.span))
    }
}

extension SegmentView {
    /// Reads the event at `index`, and no other, into contents of its own; nil when there is none.
    public func event(
        at index: Int
    ) throws(SegmentError) -> (contents: SegmentContents, item: SegmentContents.Item)? {
        guard index >= 0, index < count else { return nil }
        var contents = SegmentContents(number: header.number, time: header.time)
        contents.hasDeletedDetails = segment.isErased
        let place = order.isEmpty ? index : order[..<index].count(where: \.self)
        guard order.isEmpty || order[index] else {
            contents.append(events[index - place])
            return (contents, .event(0))
        }
        let money = segment.money.span
        var charge = numbers(ofCharge: place)
        for column in Text.allCases {
            charge[column] = try copyText(column, place, to: &contents.bytes)
        }
        try shares.visit(
            Int(charge.sharesCount), paying: charge.paid,
            from: shares.place(ofCharge: place, in: money), in: money
        ) { contents.shares.append($0) }
        contents.uses = try uses?.uses(ofCharge: place, at: charge.head.time, in: money) ?? []
        if let role = try roles?.role(ofCharge: place, at: charge.head.time, in: money) {
            contents.append(charge, role)
        } else {
            contents.append(charge)
        }
        if segment.isErased { contents.deletions = [deletion(ofCharge: place)] }
        return (contents, .charge(0))
    }

    /// Copies the text of a charge to the end of `bytes`.
    func copyText(
        _ column: Text, _ charge: Int, to bytes: inout [UInt8]
    ) throws(SegmentError) -> ByteRange {
        guard column != .parameters else {
            let places = charge..<charge + 1
            return try parameters?.copy(places, from: details.span, to: &bytes).first ?? .empty
        }
        guard column.rawValue < texts.count else { return .empty }
        return try texts[column.rawValue].copy(charge, from: part(of: column).span, to: &bytes)
    }

    /// The part that a column of texts is in.
    func part(of column: Text) -> [UInt8] {
        column.rawValue < SegmentFormat.moneyTexts ? segment.money : details
    }

    /// Reads all events.
    func contents(
        _ details: EncodedSegment.DetailTexts = .read
    ) throws(SegmentError) -> SegmentContents {
        let money = segment.money.span
        var contents = SegmentContents(number: header.number, time: header.time)
        contents.events = events
        contents.order = order
        if segment.isErased {
            contents.hasDeletedDetails = true
            contents.deletions = (0..<header.chargeCount).map(deletion(ofCharge:))
        }
        contents.charges.reserveCapacity(header.chargeCount)
        for index in 0..<header.chargeCount { contents.charges.append(numbers(ofCharge: index)) }
        let leavesOut = details == .forFolding && roles?.placesHolds != true
        for column in Text.allCases {
            if leavesOut, column.rawValue >= SegmentFormat.moneyTexts { continue }
            let ranges = try copyTexts(column, to: &contents.bytes)
            for (index, range) in ranges.enumerated() { contents.charges[index][column] = range }
        }
        try shares.readAll(from: money, to: &contents)
        try roles?.readAll(from: money, to: &contents)
        try uses?.readAll(from: money, to: &contents)
        return contents
    }

    /// A column of texts as codes of a pool.
    func column(
        _ column: Text, _ pool: inout TextPool
    ) throws(SegmentError) -> SourceTexts {
        guard column.rawValue < texts.count else { return .empty }
        return try pool.column(
            texts[column.rawValue], header.chargeCount, in: part(of: column).span)
    }

    func copyTexts(
        _ column: Text, to bytes: inout [UInt8]
    ) throws(SegmentError) -> [ByteRange] {
        let count = header.chargeCount
        guard column != .parameters else {
            return try parameters?.copy(0..<count, from: details.span, to: &bytes) ?? []
        }
        guard column.rawValue < texts.count else { return [] }
        return try texts[column.rawValue].copyAll(count, from: part(of: column).span, to: &bytes)
    }

    /// All of a charge but its texts and what lies beside the charges.
    func numbers(ofCharge index: Int) -> ChargeEvent {
        let time = header.time.micros &+ ZigZag.decode(word(.time, index))
        var charge = ChargeEvent.blank
        charge.head = EntryHead(
            account: AccountSlot(truncatingIfNeeded: word(.account, index)),
            sequence: word(.sequence, index), time: Instant(micros: time),
            balance: Balance(
                available: Credits(micros: signed(.available, index)),
                held: Credits(micros: signed(.held, index)),
                negative: Credits(micros: signed(.negative, index))))
        charge.credits = signed(.credits, index)
        charge.overdrawn = signed(.overdrawn, index)
        charge.uncollected = signed(.uncollected, index)
        charge.sharesCount = UInt32(truncatingIfNeeded: word(.sharesCount, index))
        charge.price = PriceReference(
            version: UInt32(truncatingIfNeeded: word(.priceVersion, index)),
            rule: UInt32(truncatingIfNeeded: word(.priceRule, index)))
        charge.key = UInt32(truncatingIfNeeded: word(.key, index)) &- 1
        charge.units = signed(.units, index)
        charge.idempotence.fingerprint = fingerprint(ofCharge: index)
        setDetails(of: &charge, index)
        return charge
    }

    private func setDetails(of charge: inout ChargeEvent, _ index: Int) {
        charge.details.status = CallStatus(
            rawValue: UInt16(truncatingIfNeeded: word(.status, index)))
        charge.details.results = OptionalCount(stored: word(.results, index))
        charge.details.bytes = OptionalCount(stored: word(.bytes, index))
        charge.details.duration = OptionalCount(stored: word(.duration, index))
        let occurrence = word(.occurrence, index)
        if occurrence > 0 {
            let before = ZigZag.decode(occurrence &- 1)
            charge.details.occurredAt = Instant(micros: charge.head.time.micros &- before)
        }
        let scenario = word(.scenario, index)
        charge.details.scenarioType = ScenarioType(rawValue: UInt8(scenario >> 1 & 3)) ?? .unsaid
        charge.details.isCheckRun = scenario & 1 == 1
    }

    func signed(_ column: Integer, _ index: Int) -> Int64 {
        Int64(bitPattern: word(column, index))
    }

    private func fingerprint(ofCharge index: Int) -> UInt128 {
        var reader = ByteReader(at: fingerprintsStart + index * SegmentFormat.fingerprintBytes)
        return (try? reader.fixed(UInt128.self, in: segment.money.span)) ?? 0
    }
}

extension ChargeEvent {
    /// The range of the text in a column.
    fileprivate subscript(column: ChargeColumns.Text) -> ByteRange {
        get {
            switch column {
            case .action: action
            case .key: idempotence.key
            case .team: details.team
            case .scenario: details.scenario
            case .run: details.run
            case .module: details.module
            case .requestID: details.requestID
            case .metadata: details.metadata
            case .parameters: details.parameters
            }
        }
        set {
            switch column {
            case .action: action = newValue
            case .key: idempotence.key = newValue
            case .team: details.team = newValue
            case .scenario: details.scenario = newValue
            case .run: details.run = newValue
            case .module: details.module = newValue
            case .requestID: details.requestID = newValue
            case .metadata: details.metadata = newValue
            case .parameters: details.parameters = newValue
            }
        }
    }
}
