public import Credit

/// What one account used and has left.
public struct AccountTotal: Hashable, Sendable {
    /// The vendor's own id of the account.
    public var id: String
    /// Its display name; may equal the id.
    public var name: String
    /// All it used.
    public var used: CreditsTotal
    /// What it can spend now.
    public var left: CreditsTotal

    /// The row of an account.
    public init(id: String, name: String, used: CreditsTotal, left: CreditsTotal) {
        self.id = id
        self.name = name
        self.used = used
        self.left = left
    }
}

/// What was charged under one API key.
public struct KeyTotal: Hashable, Sendable {
    /// The id of the key, not its secret.
    public var id: String
    /// Its name.
    public var name: String
    /// How many charges it made.
    public var charges: Int
    /// All it used.
    public var used: CreditsTotal

    /// The row of a key.
    public init(id: String, name: String, charges: Int, used: CreditsTotal) {
        self.id = id
        self.name = name
        self.charges = charges
        self.used = used
    }
}

/// What was charged for one action or model.
public struct ActionTotal: Hashable, Sendable {
    /// The action or model.
    public var name: String
    /// How many charges it had.
    public var charges: Int
    /// All that was charged for it.
    public var used: CreditsTotal

    /// The row of an action.
    public init(name: String, charges: Int, used: CreditsTotal) {
        self.name = name
        self.charges = charges
        self.used = used
    }
}

/// One charge among the newest.
public struct ChargeRow: Hashable, Sendable {
    /// How a charge ended.
    public enum Status: Hashable, Sendable, CaseIterable {
        /// The work was done and paid.
        case charged
        /// The work failed; recorded at what a failure costs, mostly 0.
        case failed
        /// Reserved for work that is still under way when it was recorded.
        case held
        /// Given back.
        case refunded
        /// Not charged: credits or a budget did not suffice.
        case refused
    }

    /// The entry, or nil when a refusal left none.
    public var entry: EntryID?
    /// Ledger time.
    public var time: Instant
    /// The account's id.
    public var account: String
    /// The action or model, as the chart's series name it.
    public var action: String
    /// The key's name; empty when no key is known.
    public var key: String
    /// What was deducted.
    public var credits: Credits
    /// What could not be collected.
    public var uncollected: Credits
    /// How it ended.
    public var status: Status

    /// The row of a charge.
    public init(
        entry: EntryID?, time: Instant, account: String, action: String, key: String = "",
        credits: Credits, uncollected: Credits = .zero, status: Status = .charged
    ) {
        self.entry = entry
        self.time = time
        self.account = account
        self.action = action
        self.key = key
        self.credits = credits
        self.uncollected = uncollected
        self.status = status
    }
}
