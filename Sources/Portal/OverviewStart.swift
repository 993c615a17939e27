extension HTML {
    /// Appends how to make the first charge, where there is none to show.
    mutating func firstCharge(_ model: OverviewModel) {
        element("section", ["class": "card first", "aria-labelledby": "start-title"]) { html in
            guard model.accountsCount != nil else {
                html.element("h2", ["id": "start-title"], text: "No charges yet")
                html.element("p", ["class": "lead"]) { html in
                    html.text("Charges of this account show here seconds after they are made.")
                }
                return
            }
            html.element("h2", ["id": "start-title"], text: "Make the first charge")
            html.element("p", ["class": "lead"]) { html in
                html.text("Three steps in a shell. This page shows the charge by itself.")
            }
            html.element("ol", ["class": "steps"]) { html in
                for step in FirstCharge(serverURL: model.serverURL).steps {
                    html.element("li") { html in
                        html.element("h3", text: step.title)
                        html.element("pre", ["tabindex": "0"]) { html in
                            html.element("code", text: step.command)
                        }
                    }
                }
            }
        }
    }
}

/// The commands from an empty ledger to its first charge.
private struct FirstCharge {
    struct Step {
        let title: String
        let command: String
    }

    let serverURL: String

    var steps: [Step] {
        [
            Step(
                title: "Create a key for your backend",
                command: "export TALLY_KEY=$(tally admin key create --role operator)"),
            Step(
                title: "Open an account and grant it credits",
                command: """
                    \(post("/v1/accounts", key: nil)) \\
                      --json '{"id": "acme", "name": "Acme Research"}'
                    \(post("/v1/accounts/acme/grants", key: "first-grant")) \\
                      --json '{"amount": 50000}'
                    """),
            Step(
                title: "Charge it",
                command: """
                    \(post("/v1/charges", key: "first-charge")) \\
                      --json '{"account": "acme", "action": "chat.completions", "amount": 4.8}'
                    """),
        ]
    }

    private func post(_ path: String, key: String?) -> String {
        let first = "curl \(serverURL)\(path) -H \"Authorization: Bearer $TALLY_KEY\""
        return key.map { "\(first) \\\n  -H 'Idempotency-Key: \($0)'" } ?? first
    }
}
