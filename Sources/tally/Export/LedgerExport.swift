import Credit
import Engine
import Ledger
import SQLiteStore
import Store
import Terminal
import Wire

/// Writes what the ledger of a journal holds at its end: accounts, lots, keys.
struct LedgerExport {
    let ledger: Ledger
    /// What was said of grants, by where they stand in the journal.
    private let memos: [Position: [UInt8]]

    /// Folds a whole journal.
    init(_ journal: SQLiteJournalReader) throws {
        var memos: [Position: [UInt8]] = [:]
        var segments = 0
        var bar = ProgressBar("read", total: Int(try journal.lastNumber()))
        defer { bar.finish() }
        do throws(StoreError) {
            let recovered = try Recovery.recover(
                from: journal, checkpoint: nil, seed: 0, interimEvents: StoreTuning().interimEvents
            ) { contents in
                segments += 1
                bar.show(segments)
                contents.visit { position, item in
                    guard case .event(let index) = item,
                        case .granted(let grant) = contents.events[index], !grant.memo.isEmpty
                    else { return }
                    memos[position] = grant.memo
                }
            }
            ledger = recovered.ledger
        } catch {
            throw Failure.failed("the journal is not what was written: \(error)")
        }
        self.memos = memos
    }

    var accounts: [(slot: AccountSlot, profile: AccountProfile)] {
        ledger.catalogue.accounts.enumerated().map {
            (AccountSlot(truncatingIfNeeded: $0.offset), $0.element)
        }
    }

    /// Writes a row for each account; gives how many, as all of these do.
    func writeAccounts(_ format: ExportFormat, to output: ExportOutput) throws -> Int {
        let table = try ExportTable(
            [
                "id", "name", "plan", "anchor", "time_zone", "overdraft_limit", "price_list",
                "suspended", "created_at", "available", "held", "negative", "granted", "charged",
                "refunded", "uncollected", "seq", "metadata",
            ], format, to: output)
        for (slot, profile) in accounts {
            let record = ledger.record(slot)
            try table.add([
                .text(profile.id.text), .text(profile.name), .optional(profile.plan?.id.text),
                .time(profile.anchor), .text(profile.timeZone),
                .amount(Credits(micros: record.overdraftLimit)),
                .optional(profile.priceList?.text), .flag(record.isSuspended),
                .time(profile.createdAt), .amount(Credits(micros: record.available)),
                .amount(Credits(micros: record.held)), .amount(Credits(micros: record.debt)),
                .sum(record.granted), .sum(record.charged), .sum(record.refunded),
                .sum(record.uncollected), .number(Int64(clamping: record.sequence)),
                profile.metadata.isEmpty ? .none : .json(profile.metadata),
            ])
        }
        return accounts.count
    }

    /// Writes a row for each grant of which something remains or is held, one less than 0 for what an
    /// account owes, and one of 0 for an account that has nothing.
    func writeBalances(_ format: ExportFormat, to output: ExportOutput) throws -> Int {
        let table = try ExportTable(
            [
                "account", "grant", "credits", "held", "granted", "kind", "priority",
                "effective_at", "expires_at", "package", "price_paid", "payment_reference", "note",
            ], format, to: output)
        var count = 0
        for (slot, profile) in accounts {
            let lots = ledger.lots(of: slot).filter { $0.remaining > 0 || $0.held > 0 }
            let debt = ledger.record(slot).debt
            if lots.isEmpty || debt > 0 {
                let nothing = [ExportCell](repeating: .none, count: 8)
                try table.add(
                    [
                        .text(profile.id.text), .none, .amount(Credits(micros: -debt)),
                        .amount(.zero), .none,
                    ] + nothing)
                count += 1
            }
            for lot in lots {
                let memo = try memos[lot.position].map { try JSONValue($0) }
                let paid = memo?["price_paid"]?.bytes
                try table.add([
                    .text(profile.id.text), .text(lot.id.text),
                    .amount(Credits(micros: lot.remaining)), .amount(Credits(micros: lot.held)),
                    .amount(Credits(micros: lot.granted)), .text(lot.source.text),
                    .number(Int64(lot.priority)), .time(lot.effectiveAt), .end(lot.expiresAt),
                    .optional(memo?["package"]?.string), paid.map { .json($0) } ?? .none,
                    .optional(memo?["payment_reference"]?.string),
                    .optional(memo?["note"]?.string),
                ])
                count += 1
            }
        }
        return count
    }

    /// Writes a row for each key of a customer: the hash of its secret, never the secret.
    func writeKeys(_ format: ExportFormat, to output: ExportOutput) throws -> Int {
        let table = try ExportTable(
            [
                "account", "id", "name", "sha256", "hint", "scopes", "expires_at", "revoked",
                "created_at",
            ], format, to: output)
        var count = 0
        for key in ledger.catalogue.apiKeys {
            guard case .customer(let account) = key.role else { continue }
            let digits = key.secretHash.map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
            try table.add([
                .text(account.text), .text(key.id.text), .text(key.name), .text(digits.joined()),
                .text(key.hint), .texts(key.scopes), key.expiresAt.map { .time($0) } ?? .none,
                .flag(key.isRevoked), .time(key.createdAt),
            ])
            count += 1
        }
        return count
    }
}
