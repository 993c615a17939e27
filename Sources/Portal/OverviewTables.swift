internal import Credit

/// One column of a table: its heading and the class of its cells.
private struct Column {
    let title: String
    let style: String
}

extension HTML {
    /// Appends what each action or model cost.
    mutating func actions(_ model: OverviewModel, _ columns: ChartColumns) {
        let shown = model.actions.prefix(Overview.actionsMax)
        guard !shown.isEmpty else { return }
        let dimension = model.chart.dimension
        let heads = [
            Column(title: dimension.prefix(1).uppercased() + dimension.dropFirst(), style: "name"),
            Column(title: "Charges", style: "number second"),
            Column(title: "Share", style: "share"), Column(title: "Credits", style: "number main"),
        ]
        table(
            "actions", "By \(dimension)", heads, style: "stacked",
            note: note(shown.count, of: model.actions.count)
        ) { html in
            for action in shown {
                let share = Share(action.used, of: model.creditsUsed)
                html.row(key: action.name) { html in
                    html.cell(heads[0]) { html in
                        html.dot(columns.colour(of: action.name))
                        html.name(action.name)
                    }
                    html.cell(heads[1], text: Figure.charges(action.charges))
                    html.share(heads[2], share, colour: columns.colour(of: action.name))
                    html.amount(heads[3], Figure(action.used))
                }
            }
        }
    }

    /// Appends what each account used and has left.
    mutating func accounts(_ model: OverviewModel) {
        let shown = model.accounts.prefix(Overview.rowsMax)
        guard !shown.isEmpty else { return }
        let heads = [
            Column(title: "Account", style: "name"), Column(title: "Share", style: "share"),
            Column(title: "Used", style: "number main"),
            Column(title: "Left", style: "number second"),
        ]
        let count = max(model.accountsCount ?? 0, model.accounts.count)
        table("accounts", "By account", heads, note: note(shown.count, of: count)) { html in
            for account in shown {
                html.row(key: account.id) { html in
                    html.cell(heads[0]) { html in
                        html.name(account.name)
                        if account.name != account.id { html.name(account.id, style: "id") }
                    }
                    html.share(heads[1], Share(account.used, of: model.creditsUsed), colour: "s1")
                    html.amount(heads[2], Figure(account.used))
                    html.amount(heads[3], Figure(account.left), unit: "left")
                }
            }
        }
    }

    /// Appends what was charged under each key.
    mutating func keys(_ model: OverviewModel) {
        let shown = model.keys.prefix(Overview.rowsMax)
        guard !shown.isEmpty else { return }
        let heads = [
            Column(title: "API key", style: "name"), Column(title: "Share", style: "share"),
            Column(title: "Used", style: "number main"),
            Column(title: "Charges", style: "number second"),
        ]
        let count = max(model.keysCount, model.keys.count)
        table("keys", "By API key", heads, note: note(shown.count, of: count)) { html in
            for key in shown {
                html.row(key: key.id) { html in
                    html.cell(heads[0]) { html in
                        html.name(key.name)
                        if key.name != key.id { html.name(key.id, style: "id") }
                    }
                    html.share(heads[1], Share(key.used, of: model.creditsUsed), colour: "s1")
                    html.amount(heads[2], Figure(key.used))
                    html.cell(heads[3]) { html in
                        html.text(Figure.count(key.charges))
                        let unit = key.charges == 1 ? " charge" : " charges"
                        html.element("span", ["class": "unit"], text: unit)
                    }
                }
            }
        }
    }

    /// Appends the newest charges; without the account where there is only one.
    mutating func newest(_ model: OverviewModel, _ columns: ChartColumns) {
        let shown = model.newest.prefix(Overview.newestMax)
        let dimension = model.chart.dimension
        let heads = [
            Column(title: "Time (UTC)", style: "time"), Column(title: "Account", style: "account"),
            Column(title: dimension.prefix(1).uppercased() + dimension.dropFirst(), style: "name"),
            Column(title: "API key", style: "key"),
            Column(title: "Credits", style: "number main"),
            Column(title: "Status", style: "status"), Column(title: "Entry", style: "entry"),
        ]
        let style = model.accountsCount == nil ? "newest one-account" : "newest"
        let note = shown.isEmpty ? "none yet" : "\(shown.count) newest"
        table("newest", "Newest charges", heads, style: style, note: note) { html in
            for charge in shown {
                html.row(key: charge.entry?.text) { html in html.charge(charge, heads, columns) }
            }
        }
    }

    private mutating func charge(
        _ charge: ChargeRow, _ heads: [Column], _ columns: ChartColumns
    ) {
        cell(heads[0]) { html in
            html.element("time", ["datetime": charge.time.rfc3339]) { html in
                html.text("\(Clock.day(charge.time)), \(Clock.second(charge.time))")
            }
        }
        cell(heads[1]) { html in html.name(charge.account) }
        cell(heads[2]) { html in
            html.dot(columns.colour(of: charge.action))
            html.name(charge.action)
        }
        cell(heads[3]) { html in html.name(charge.key.isEmpty ? "\u{2013}" : charge.key) }
        cell(heads[4]) { html in
            let figure = Figure(charge.credits)
            html.element("data", ["value": figure.plain], text: figure.text)
            if charge.uncollected > .zero {
                let short = "\(Figure(charge.uncollected).text) uncollected"
                html.element("span", ["class": "short"], text: short)
            }
        }
        cell(heads[5]) { html in
            html.element("span", ["class": "badge \(charge.status.word)"], text: charge.status.word)
        }
        cell(heads[6]) { html in html.entry(charge.entry) }
    }

    /// Appends the whole id, of which style shows the telling end.
    private mutating func entry(_ entry: EntryID?) {
        guard let id = entry?.text else { return text("\u{2013}") }
        element("code", ["title": id]) { html in
            html.element("span", ["class": "start"], text: String(id.dropLast(8)))
            html.text(String(id.suffix(8)))
        }
    }
}

extension HTML {
    private mutating func table(
        _ id: String, _ title: String, _ heads: [Column], style: String = "totals",
        note: String, _ rows: (inout HTML) -> Void
    ) {
        element("section", ["class": "card list", "aria-labelledby": "\(id)-title"]) { html in
            html.element("div", ["class": "title"]) { html in
                html.element("h2", ["id": "\(id)-title"], text: title)
                html.element("p", text: note)
            }
            html.element("table", ["class": style, "id": id, "role": "table"]) { html in
                html.element("caption", text: title)
                html.element("thead", ["role": "rowgroup"]) { html in
                    html.element("tr", ["role": "row"]) { html in
                        for head in heads {
                            html.element(
                                "th",
                                ["class": head.style, "scope": "col", "role": "columnheader"],
                                text: head.title)
                        }
                    }
                }
                html.element("tbody", ["role": "rowgroup"], rows)
            }
        }
    }

    /// Appends a row; the script knows it again by `key`.
    private mutating func row(key: String?, _ cells: (inout HTML) -> Void) {
        if let key {
            element("tr", ["role": "row", "data-key": key], cells)
        } else {
            element("tr", ["role": "row"], cells)
        }
    }

    private mutating func cell(_ head: Column, _ content: (inout HTML) -> Void) {
        element("td", ["class": head.style, "role": "cell"], content)
    }

    private mutating func cell(_ head: Column, text: String) {
        cell(head) { html in html.text(text) }
    }

    /// Appends an amount; its unit shows only where no heading says it.
    private mutating func amount(_ head: Column, _ figure: Figure, unit: String = "") {
        cell(head) { html in
            let tone: HTML.Attributes =
                figure.isNegative
                ? ["class": "bad", "value": figure.plain] : ["value": figure.plain]
            html.element("data", tone, text: figure.text)
            if !unit.isEmpty { html.element("span", ["class": "unit"], text: " " + unit) }
        }
    }

    private mutating func share(_ head: Column, _ share: Share, colour: String) {
        cell(head) { html in
            html.element("svg", ["class": "meter", "aria-hidden": "true"]) { html in
                html.shape("rect", ["class": "track", "width": "100%", "height": "5"])
                html.shape("rect", ["class": colour, "width": share.length, "height": "5"])
            }
            html.element("span", ["class": "percent"], text: share.caption)
        }
    }

    /// Appends a name that may be any text: kept apart from what is around it, cut where too long.
    private mutating func name(_ name: String, style: String = "text") {
        element("bdi", ["class": style, "title": name], text: name)
    }

    private func note(_ shown: Int, of count: Int) -> String {
        shown < count ? "\(shown) of \(Figure.count(count))" : Figure.count(count)
    }
}

extension ChargeRow.Status {
    fileprivate var word: String {
        switch self {
        case .charged: "charged"
        case .failed: "failed"
        case .held: "held"
        case .refunded: "refunded"
        case .refused: "refused"
        }
    }
}
