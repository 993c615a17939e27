import Credit
import Engine
import Ledger
import SQLiteStore
import Store
import Wire

/// Writes the entries of a journal, oldest first, as they are listed by `GET /v1/entries`.
struct EntryExport {
    /// The names of the accounts that are exported; empty for all.
    let accounts: Set<Name>
    let period: Range<Instant>
    let format: ExportFormat

    /// Writes all entries that are asked for; gives how many.
    ///
    /// Fails at the end where one of the accounts does not exist.
    func run(_ journal: SQLiteJournalReader, to output: ExportOutput) throws -> Int {
        let directory = try Directory(Catalogue(seed: 0))
        let last = try journal.lastNumber()
        if format == .csv {
            var header = Array("account,".utf8)
            header.appendEntryColumns()
            try output.write(header)
        }
        var count = 0
        var names: [[UInt8]] = []
        try JournalWalk(journal: journal, name: "export").run(
            1..<last + 1,
            prepare: { (segment) throws -> SegmentContents in try segment.contents(after: nil) },
            take: { (segments: [SegmentContents]) in
                for segment in segments { directory.fold(segment) }
                for slot in names.count..<max(names.count, directory.accountCount) {
                    let id = directory.profile(AccountSlot(truncatingIfNeeded: slot))?.id
                    names.append(Array((id?.text ?? "").utf8))
                }
                let known = names
                let parts = try segments.concurrentMap { segment in
                    lines(of: segment, EntryNamer(directory: directory), accounts: known)
                }
                for (bytes, lineCount) in parts {
                    try output.write(bytes)
                    count += lineCount
                }
            })
        for account in accounts.sorted() where directory.slot(of: account) == nil {
            throw Failure.failed("there is no account \(account.text)")
        }
        return count
    }

    private func lines(
        of contents: SegmentContents, _ namer: EntryNamer, accounts names: [[UInt8]]
    ) -> (bytes: [UInt8], count: Int) {
        var (bytes, count): ([UInt8], Int) = ([], 0)
        var namer = namer
        contents.visit { position, item in
            switch item {
            case .charge(let index):
                let charge = contents.charges[index]
                guard let account = self.account(charge.head.account, at: charge.head.time, names)
                else { return }
                count += 1
                let price = charge.price
                let names = namer.names(account: account, price: price, key: charge.key)
                switch format {
                case .csv:
                    bytes.append(contentsOf: account + [UInt8(ascii: ",")])
                    bytes.append(line: charge, at: position, of: contents, names: names)
                case .ndjson:
                    bytes.append(charge: index, at: position, of: contents, names: names)
                    bytes.append(0x0A)
                }
            case .event(let index):
                let event = contents.events[index]
                var found = event.head.map { (account: $0.account, time: $0.time) }
                var key = ChargeCommand.noKey
                if case .refused(let refusal) = event {
                    found = (refusal.account, refusal.time)
                    key = refusal.apiKey
                }
                guard let found, let account = self.account(found.account, at: found.time, names)
                else { return }
                count += 1
                let names = namer.names(account: account, key: key)
                switch format {
                case .csv:
                    bytes.append(contentsOf: account + [UInt8(ascii: ",")])
                    bytes.append(line: event, at: position, names: names)
                case .ndjson:
                    bytes.append(entry: event, at: position, names: names)
                    bytes.append(0x0A)
                }
            }
        }
        return (bytes, count)
    }

    /// The id of an account whose entry at `time` is exported.
    private func account(
        _ slot: AccountSlot, at time: Instant, _ names: [[UInt8]]
    ) -> [UInt8]? {
        guard period.contains(time), Int(slot) < names.count else { return nil }
        let name = names[Int(slot)]
        guard !accounts.isEmpty else { return name }
        return (try? Name(bytes: name.span)).flatMap { accounts.contains($0) ? name : nil }
    }
}
