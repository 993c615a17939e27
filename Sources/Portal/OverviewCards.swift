internal import Credit

extension HTML {
    /// Appends the four cards of figures.
    mutating func cards(_ model: OverviewModel) {
        element("section", ["class": "cards", "aria-label": "Figures"]) { html in
            html.creditsLeft(model)
            html.card("Used today", Figure(model.usedToday), note: model.usedNote)
            html.card("Held", Figure(model.creditsHeld), note: model.heldNote)
            html.element("div", ["class": "card"]) { html in
                html.element("h2", text: "Charges")
                let count = Figure.count(model.chargesCount)
                html.element("p", ["class": "figure"]) { html in
                    html.element("data", ["value": String(model.chargesCount)], text: count)
                }
                html.element("p", ["class": "note"], text: model.countsNote)
            }
        }
    }

    private mutating func card(_ title: String, _ figure: Figure, note: String) {
        element("div", ["class": "card"]) { html in
            html.element("h2", text: title)
            html.element("p", ["class": "figure"]) { html in html.figure(figure) }
            html.element("p", ["class": "note"], text: note)
        }
    }

    private mutating func creditsLeft(_ model: OverviewModel) {
        let left = Figure(model.creditsLeft)
        let granted = Figure(model.creditsGranted)
        element("div", ["class": "card left"]) { html in
            html.element("h2", text: "Credits left")
            let tone = model.creditsLeft < .zero ? "figure bad" : "figure"
            html.element("p", ["class": tone]) { html in
                html.figure(left)
                html.markup(" ")
                html.element("small") { html in
                    html.text("of ")
                    html.element("data", ["value": granted.plain], text: granted.text)
                }
            }
            html.bar(model)
            html.element("p", ["class": "note"], text: model.leftNote)
        }
    }

    /// Appends the bar of what is left and held; the rest of its length is used.
    private mutating func bar(_ model: OverviewModel) {
        let left = Share(model.creditsLeft, of: model.creditsGranted)
        let held = Share(model.creditsHeld, of: model.creditsGranted)
        element(
            "svg", ["class": "meter", "width": "100%", "height": "7", "aria-hidden": "true"]
        ) { html in
            html.shape("rect", ["class": "track", "width": "100%", "height": "7"])
            html.shape("rect", ["class": "left", "width": left.length, "height": "7"])
            html.shape(
                "rect", ["class": "held", "x": left.length, "width": held.length, "height": "7"])
        }
    }

    /// Appends a number with its decimals in a lighter tone, and its plain form for machines.
    mutating func figure(_ figure: Figure) {
        element("data", ["class": figure.size, "value": figure.plain]) { html in
            html.text(figure.whole)
            if !figure.fraction.isEmpty {
                html.open("wbr")
                html.element("span", ["class": "fraction"], text: figure.fraction)
            }
        }
    }
}

extension Figure {
    /// The class that keeps long numbers within a card.
    fileprivate var size: String {
        switch text.count {
        case ...11: "size-l"
        case ...15: "size-m"
        default: "size-s"
        }
    }
}

extension OverviewModel {
    fileprivate var leftNote: String {
        guard creditsGranted > .zero else { return "Nothing granted yet" }
        let share = Share(creditsLeft, of: creditsGranted).caption
        let held = creditsHeld > .zero ? " \u{00B7} \(Figure(creditsHeld).text) held" : ""
        return "\(share) left\(held)"
    }

    fileprivate var usedNote: String {
        creditsUsed > .zero
            ? "\(Figure(creditsUsed).text) in all" : "Nothing used yet"
    }

    fileprivate var heldNote: String {
        creditsHeld > .zero ? "Reserved by open holds" : "No open holds"
    }

    fileprivate var countsNote: String {
        let keys = keysCount == 1 ? "1 key" : "\(Figure.count(keysCount)) keys"
        guard let accountsCount else { return keys }
        let accounts =
            accountsCount == 1 ? "1 account" : "\(Figure.count(accountsCount)) accounts"
        return "\(accounts) \u{00B7} \(keys)"
    }
}
