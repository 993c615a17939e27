internal import Credit

extension HTML {
    /// Appends the exact numbers of the chart as a table, folded away until asked for.
    mutating func numbers(_ columns: ChartColumns) {
        element("details", ["class": "numbers"]) { html in
            html.element("summary", text: "Show the numbers")
            html.element("div", ["class": "scroll", "tabindex": "0"]) { html in
                html.element("table") { html in
                    html.element("caption", text: "Credits charged in each slice of time")
                    html.element("thead") { html in html.heads(columns) }
                    html.element("tbody") { html in
                        for column in columns.columns {
                            let time = "\(Clock.day(column.start)), \(Clock.minute(column.start))"
                            html.numbersRow(time, column.credits, column.total)
                        }
                    }
                    html.element("tfoot") { html in
                        let total = CreditsTotal(sumOf: columns.totals)
                        html.numbersRow("Total", columns.totals, total)
                    }
                }
            }
        }
    }

    private mutating func heads(_ columns: ChartColumns) {
        element("tr") { html in
            for title in ["From (UTC)"] + columns.names + ["Total"] {
                html.element("th", ["scope": "col"]) { html in
                    html.element("bdi", text: title)
                }
            }
        }
    }

    private mutating func numbersRow(
        _ title: String, _ credits: [CreditsTotal], _ total: CreditsTotal
    ) {
        element("tr") { html in
            html.element("th", ["scope": "row"], text: title)
            for value in credits + [total] {
                html.element("td", text: Figure(value).text)
            }
        }
    }
}
