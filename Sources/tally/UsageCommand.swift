import Credit
import HTTP
import JSON
import Terminal

/// `tally usage credits`: a customer's own figures by its own key.
enum UsageCommand {
    static let command = Subcommand(
        name: "usage", summary: "show the credits that a key's account has left",
        help: """
            tally usage credits --key KEY [--url URL] [--account ID] [--pretty]

            Prints the answer of GET /v1/usage/credits.

              --key KEY     a customer's key (or TALLY_KEY in the environment)
              --url URL     where Tally answers (TALLY_URL, else http://127.0.0.1:8080)
              --account ID  whose credits, for the key of an operator or a service
              --pretty      as a small table instead of JSON
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(
            text, options: TallyConnection.options.union(["--account"]),
            flags: ["--pretty", "--json"])
        guard arguments.values == ["credits"] else {
            throw Failure.usage("tally usage credits is all there is")
        }
        let connection = try TallyConnection(arguments)
        let account = try arguments.value("--account")
        guard account.map({ (try? Name($0)) != nil }) ?? true else {
            throw Failure.usage("--account is the id of an account")
        }
        let query = account.map { "?account=\($0)" } ?? ""
        let request = connection.request(.get, "/v1/usage/credits\(query)")
        let (status, json) = try connection.send(request, allowing: [200, 400])
        guard status == 200 else {
            throw Failure.failed(
                "the key is not a customer's and so is of no account: name one with --account")
        }
        let names = ["totalCredits", "usedCredits", "remainingCredits", "subscription"]
        let values = names.map { name -> String in
            switch json[name] {
            case .number(let number): number
            case .string(let text): text
            default: ""
            }
        }
        guard arguments.has("--pretty") else {
            var writer = JSONWriter()
            writer.beginObject()
            for (name, value) in zip(names.dropLast(), values) {
                writer.key(bytes: name.utf8.span)
                writer.value(json: value.utf8.span)
            }
            writer.member("subscription", values.last ?? "")
            writer.endObject()
            return Terminal.print(String(decoding: writer.bytes, as: UTF8.self))
        }
        let titles = ["total", "used", "remaining", "subscription"]
        for (title, value) in zip(titles, values) {
            let shown = title == "subscription" ? value : ReplayReport.grouped(value)
            Terminal.print(title + String(repeating: " ", count: 14 - title.count) + shown)
        }
    }
}
