import Credit
import JSON
import Terminal

/// What a replay charged, as JSON for machines or as tables with small plots for people.
struct ReplayReport {
    private static let accountsShown = 8
    private static let plotWidth = 24

    let totals: ReplayRun.Totals
    let accountCount: Int

    /// One JSON object: calls, credits, accounts, keys, models, seconds.
    var json: String {
        var json = JSONWriter()
        json.beginObject()
        json.member("calls", totals.calls)
        json.key("credits")
        json.value(json: Array(Self.decimal(totals.credits).utf8).span)
        Self.write("accounts", totals.accounts, &json)
        Self.write("keys", totals.keys, &json)
        Self.write("models", totals.models, &json)
        json.member("replayed", totals.replayed)
        json.key("seconds")
        let millis = Int128((totals.seconds * 1000).rounded())
        json.value(json: Array(Self.decimal(millis * 1000).utf8).span)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static func write(
        _ name: StaticString, _ sums: [String: Int128], _ json: inout JSONWriter
    ) {
        json.key(name)
        json.beginObject()
        for (key, sum) in sums.sorted(by: { $0.key < $1.key }) {
            json.key(bytes: key.utf8.span)
            json.value(json: Array(decimal(sum).utf8).span)
        }
        json.endObject()
    }

    /// A sum of micro-credits as an exact decimal.
    static func decimal(_ micros: Int128) -> String {
        let whole = micros / 1_000_000
        var rest = String(micros % 1_000_000)
        guard rest != "0" else { return String(whole) }
        rest = String(repeating: "0", count: 6 - rest.count) + rest
        while rest.last == "0" { rest.removeLast() }
        return "\(whole).\(rest)"
    }

    /// The tables.
    func show() {
        let rate = totals.seconds > 0 ? Int(Double(totals.calls) / totals.seconds) : 0
        Terminal.print(
            "\n\(Self.grouped(String(totals.calls))) calls charged "
                + "\(Self.grouped(Self.decimal(totals.credits))) credits, \(rate) calls a second")
        if totals.replayed > 0 {
            Terminal.print(
                "\(totals.replayed) of them had been charged before and were answered again, "
                    + "not charged twice")
        }
        table("model", totals.models, most: .max)
        table("key", totals.keys, most: .max)
        table("account", totals.accounts, most: Self.accountsShown)
    }

    private func table(_ title: String, _ sums: [String: Int128], most: Int) {
        let rows = sums.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let shown = rows.prefix(most)
        let nameWidth = shown.map(\.key.count).max() ?? 0
        let amounts = shown.map { Self.grouped(Self.decimal($0.value)) }
        let amountWidth = amounts.map(\.count).max() ?? 0
        let greatest = max(1, shown.first?.value ?? 1)
        Terminal.print("\nby \(title)")
        for (row, amount) in zip(shown, amounts) {
            let name = row.key + String(repeating: " ", count: nameWidth - row.key.count)
            let padding = String(repeating: " ", count: amountWidth - amount.count)
            let length = Int(row.value * Int128(Self.plotWidth) / greatest)
            let bar = String(repeating: "▇", count: max(1, length))
            Terminal.print("  \(name)  \(padding)\(amount)  \(bar)")
        }
        if rows.count > shown.count {
            let rest = rows.dropFirst(most).reduce(Int128(0)) { $0 + $1.value }
            Terminal.print(
                "  and \(rows.count - shown.count) more: \(Self.grouped(Self.decimal(rest)))")
        }
    }

    /// Thousands set apart in the whole part.
    static func grouped(_ decimal: String) -> String {
        let parts = decimal.split(separator: ".", maxSplits: 1)
        var whole = ""
        for (index, digit) in parts[0].reversed().enumerated() {
            if index > 0, index % 3 == 0 { whole.append(",") }
            whole.append(digit)
        }
        return String(whole.reversed()) + (parts.count > 1 ? ".\(parts[1])" : "")
    }
}
