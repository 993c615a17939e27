internal import Credit
public import Ledger

/// Scenarios and runs, in events and as checkpoints keep them.
extension [UInt8] {
    mutating func append(_ event: ScenarioEvent) {
        append(EventTag.scenarioPut)
        append(varint: UInt64(event.account))
        append(byteString: event.id.text)
        append(byteString: event.description)
        append(time: event.time)
    }

    mutating func append(_ event: RunStartEvent) {
        append(EventTag.runStarted)
        append(varint: UInt64(event.account))
        append(byteString: event.run.text)
        append(byteString: event.scenario.text)
        append(time: event.startedAt)
        append(time: event.time)
    }

    mutating func append(_ event: RunFinishEvent) {
        append(EventTag.runFinished)
        append(varint: UInt64(event.account))
        append(byteString: event.run.text)
        append(varint: UInt64(event.status.rawValue))
        append(time: event.time)
    }
}

extension ByteReader {
    mutating func scenario(in bytes: Span<UInt8>) throws(SegmentError) -> ScenarioEvent {
        ScenarioEvent(
            account: try slot(in: bytes), id: try name(in: bytes),
            description: try byteString(in: bytes), time: try time(in: bytes))
    }

    mutating func runStart(in bytes: Span<UInt8>) throws(SegmentError) -> RunStartEvent {
        RunStartEvent(
            account: try slot(in: bytes), run: try name(in: bytes), scenario: try name(in: bytes),
            startedAt: try time(in: bytes), time: try time(in: bytes))
    }

    mutating func runFinish(in bytes: Span<UInt8>) throws(SegmentError) -> RunFinishEvent {
        let (account, run) = (try slot(in: bytes), try name(in: bytes))
        guard let status = UInt16(exactly: try varint(in: bytes)) else {
            throw .malformed(at: offset)
        }
        return RunFinishEvent(
            account: account, run: run, status: CallStatus(rawValue: status),
            time: try time(in: bytes))
    }
}

extension StateEncoding {
    public static func encode(_ scenario: ScenarioRecord) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(byteString: scenario.id.text)
        bytes.append(byteString: scenario.description)
        bytes.append(time: scenario.createdAt)
        bytes.append(time: scenario.updatedAt)
        bytes.append(varint: scenario.changedIn)
        return bytes.withChecksum(under: [Int64(scenario.account)])
    }

    public static func scenario(
        of account: AccountSlot, from stored: [UInt8]
    ) throws(SegmentError) -> ScenarioRecord {
        let bytes = try stored.checked(under: [Int64(account)])
        var reader = ByteReader()
        return ScenarioRecord(
            account: account, id: try reader.name(in: bytes.span),
            description: try reader.byteString(in: bytes.span),
            createdAt: try reader.time(in: bytes.span), updatedAt: try reader.time(in: bytes.span),
            changedIn: try reader.varint(in: bytes.span))
    }
}
