/// The tables that are imported, with the columns that exports have.
extension TableForm {
    static let accounts = TableForm(
        name: "accounts",
        columns: [
            "id": .text, "name": .text, "plan": .text, "anchor": .text, "time_zone": .text,
            "overdraft_limit": .number, "price_list": .text, "suspended": .flag,
            "metadata": .object,
        ],
        required: ["id"],
        ignored: [
            "created_at", "available", "held", "negative", "granted", "charged", "refunded",
            "uncollected", "seq",
        ])

    static let keys = TableForm(
        name: "keys",
        columns: [
            "account": .text, "id": .text, "name": .text, "sha256": .text, "scopes": .texts,
            "expires_at": .text, "revoked": .flag,
        ],
        required: ["account", "name", "sha256"], ignored: ["hint", "created_at"])

    static let balances = TableForm(
        name: "balances",
        columns: [
            "account": .text, "grant": .text, "credits": .number, "held": .number, "kind": .text,
            "priority": .number, "effective_at": .text, "expires_at": .text, "package": .text,
            "price_paid": .object, "payment_reference": .text, "note": .text,
        ],
        required: ["account", "credits"], ignored: ["granted"])

    static let entries = TableForm(
        name: "entries",
        columns: [
            "account": .text, "entry_id": .text, "created_at": .text, "kind": .text,
            "action": .text, "credits": .number, "key": .text, "team": .text, "scenario": .text,
            "scenario_type": .text, "run": .text, "module": .text, "request_id": .text,
            "status": .text, "results": .number, "bytes": .number, "duration_ms": .number,
            "check_run": .flag, "parameters": .object, "metadata": .object, "refunds": .text,
        ],
        required: ["account", "created_at"],
        ignored: [
            "seq", "uncollected", "price", "available", "held", "negative", "lots", "balance",
            "occurred_at", "grant_id", "source", "priority", "effective_at", "expires_at",
            "repaid", "note", "package", "price_paid", "payment_reference", "reason",
            "forgiven", "regranted", "hold_id", "on_expiry", "minimum", "cause", "reserved",
            "released", "lapsed", "code", "required", "budget", "plan", "plan_version",
            "period",
        ])

    /// What a table of this name has.
    static func named(_ name: String) -> TableForm? {
        [accounts, keys, balances, entries].first { $0.name == name }
    }
}
