internal import Credit

extension HTML {
    /// Appends the card of charges over time: legend, drawing and, folded, the exact numbers.
    mutating func chart(_ columns: ChartColumns, of model: OverviewModel) {
        element("section", ["class": "card", "aria-labelledby": "chart-title"]) { html in
            html.element("div", ["class": "title"]) { html in
                html.element("h2", ["id": "chart-title"]) { html in
                    html.text("Charges by \(model.chart.dimension)")
                }
                html.element("p", text: "credits every \(columns.length)")
            }
            if columns.isEmpty {
                html.element("p", ["class": "none"], text: columns.nothing)
            } else {
                html.legend(columns)
                html.plot(columns, now: model.generatedAt)
                html.numbers(columns)
            }
        }
    }

    private mutating func legend(_ columns: ChartColumns) {
        element("ul", ["class": "legend"]) { html in
            for (index, name) in columns.names.enumerated() {
                html.element("li", ["title": name]) { html in
                    html.dot(columns.colour(at: index))
                    html.element("bdi", text: name)
                }
            }
        }
    }

    private mutating func plot(_ columns: ChartColumns, now: Instant) {
        let bars = StackedBars(columns.columns)
        element("div", ["class": "plot"]) { html in
            html.element("svg", ["class": "scale", "aria-hidden": "true"]) { html in
                for tick in bars.ticks {
                    html.element(
                        "text", ["x": "100%", "y": tenths(tick.y + 140), "dx": "-8"],
                        text: Figure.tick(tick.value))
                }
            }
            html.element(
                "svg",
                ["class": "bars", "role": "img", "aria-label": columns.summary, "tabindex": "0"]
            ) { html in
                html.element("svg", ["y": "10", "height": tenths(StackedBars.height)]) { html in
                    for tick in bars.ticks {
                        let y = tenths(tick.y)
                        html.shape("line", ["class": "grid", "x2": "100%", "y1": y, "y2": y])
                    }
                    for (bar, column) in zip(bars.bars, columns.columns) {
                        html.bar(bar, of: column, in: columns, now: now)
                    }
                }
                html.labels(bars, columns)
            }
        }
    }

    private mutating func bar(
        _ bar: StackedBars.Bar, of column: ChartColumns.Column, in columns: ChartColumns,
        now: Instant
    ) {
        let left = Share(basisPoints: bar.left).length
        let width = Share(basisPoints: bar.width).length
        let id = "bar-\(column.start.micros / 1_000_000)"
        let state = column.start <= now && now < column.end ? "slice open" : "slice"
        element("g", ["class": state, "id": id]) { html in
            html.element("title", text: columns.tip(of: column))
            html.element("clipPath", ["id": "\(id)-edge"]) { html in
                let height = tenths(StackedBars.height - bar.top + 40)
                html.shape(
                    "rect",
                    [
                        "x": left, "y": tenths(bar.top), "width": width, "height": height,
                        "rx": "3",
                    ])
            }
            html.shape(
                "rect", ["class": "hit", "x": left, "width": width, "height": "100%"])
            html.element("g", ["clip-path": "url(#\(id)-edge)"]) { html in
                for segment in bar.segments {
                    html.shape(
                        "rect",
                        [
                            "class": columns.colour(at: segment.series), "x": left,
                            "y": tenths(segment.top), "width": width,
                            "height": tenths(segment.height),
                        ])
                }
                for seam in bar.seams {
                    html.shape(
                        "rect",
                        [
                            "class": "seam", "x": left, "y": tenths(seam - 5), "width": width,
                            "height": "1",
                        ])
                }
            }
        }
    }

    private mutating func labels(_ bars: StackedBars, _ columns: ChartColumns) {
        let steps = SliceLabels(count: columns.columns.count, sliceSeconds: columns.sliceSeconds)
        for (bar, column) in zip(bars.bars, columns.columns) {
            guard let style = steps.style(at: column.start) else { continue }
            element(
                "text",
                [
                    "class": style,
                    "x": Share(basisPoints: bar.left + bar.width / 2).length,
                    "y": tenths(StackedBars.height + 300),
                ], text: Clock.label(column.start, seconds: columns.sliceSeconds))
        }
    }

    /// Appends the coloured mark of a series.
    mutating func dot(_ colour: String) {
        element("span", ["class": "dot \(colour)", "aria-hidden": "true"]) { _ in }
    }
}

/// A position in tenths of a pixel as an attribute's value.
private func tenths(_ value: Int) -> String {
    "\(value / 10).\(value % 10)"
}

extension StackedBars.Bar {
    /// Where a hairline parts two segments that are both tall enough to see.
    fileprivate var seams: [Int] {
        zip(segments, segments.dropFirst()).compactMap { lower, upper in
            lower.height >= 30 && upper.height >= 30 ? lower.top : nil
        }
    }
}

extension ChartColumns {
    /// The length of a slice in words, such as `5 minutes` or just `hour`.
    fileprivate var length: String {
        let text = Clock.length(seconds: sliceSeconds)
        return text.hasPrefix("1 ") ? String(text.dropFirst(2)) : text
    }

    /// From when to when, such as `13:00 to 14:00 UTC`.
    fileprivate var span: String {
        guard let first = columns.first, let last = columns.last else { return "this time" }
        let from = "\(Clock.day(first.start)), \(Clock.minute(first.start))"
        let sameDay = Clock.day(first.start) == Clock.day(last.end)
        let to = (sameDay ? "" : "\(Clock.day(last.end)), ") + Clock.minute(last.end)
        return "\(from) to \(to) UTC"
    }

    fileprivate var nothing: String { "No charges from \(span)." }

    /// What the drawing shows, for those who cannot see it.
    fileprivate var summary: String {
        let parts = zip(names, totals).map { "\($0) \(Figure($1).text)" }
        return "Credits charged from \(span): \(parts.joined(separator: ", ")) in all."
    }

    /// The lines of a bar's tip: the time, then `name: credits` for each part, then the sum.
    fileprivate func tip(of column: Column) -> String {
        var lines = [
            "\(Clock.day(column.start)), \(Clock.slice(column.start, seconds: sliceSeconds))"
                + " to \(Clock.slice(column.end, seconds: sliceSeconds)) UTC"
        ]
        for (name, credits) in zip(names, column.credits).reversed() where credits != .zero {
            lines.append("\(name): \(Figure(credits).text)")
        }
        lines.append("Total: \(Figure(column.total).text)")
        return lines.joined(separator: "\n")
    }
}

extension Clock {
    /// A label below the chart: the time, or the day where one begins.
    fileprivate static func label(_ time: Instant, seconds: Int64) -> String {
        time == time.floor(toSeconds: 86_400) ? day(time) : slice(time, seconds: seconds)
    }
}
