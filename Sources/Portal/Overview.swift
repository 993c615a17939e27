internal import Credit

/// The portal's first page.
public enum Overview: Sendable {
    /// The page's address.
    public static let path = "/portal/"
    /// The most rows of a table of totals.
    public static let rowsMax = 8
    /// The most rows beside the chart.
    public static let actionsMax = 6
    /// The most of the newest charges.
    public static let newestMax = 20

    /// Appends the page as a complete HTML document.
    public static func render(_ model: OverviewModel, into bytes: inout [UInt8]) {
        var html = HTML(after: bytes)
        bytes = []
        html.markup("<!doctype html>\n")
        html.element("html", ["lang": "en"]) { html in
            html.head(title: "\(model.title) \u{00B7} \(model.subtitle) \u{00B7} Tally")
            html.element("body") { html in
                html.element("a", ["class": "skip", "href": "#main"], text: "Skip to content")
                html.sidebar()
                html.tools()
                html.main(model)
            }
        }
        html.markup("\n")
        bytes = html.bytes
    }

    /// Appends only the `<main>` element, which is all that the page's script asks for.
    ///
    /// The script marks such requests with the header ``fragmentHeader``; the whole page is as
    /// good an answer.
    public static func renderMain(_ model: OverviewModel, into bytes: inout [UInt8]) {
        var html = HTML(after: bytes)
        bytes = []
        html.main(model)
        bytes = html.bytes
    }

    /// The name of the header with value `main` by which the script asks for the fragment.
    public static let fragmentHeader = "Tally-Fragment"
}

extension HTML {
    fileprivate mutating func head(title: String) {
        element("head") { html in
            html.open("meta", ["charset": "utf-8"])
            html.open(
                "meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
            html.open("meta", ["name": "color-scheme", "content": "light dark"])
            html.element("title", text: title)
            html.open("link", ["rel": "icon", "href": Icon.favicon])
            html.open(
                "link",
                [
                    "rel": "preload", "href": PortalAsset.fontPath, "as": "font",
                    "type": "font/ttf", "crossorigin": "",
                ])
            let style = "\(PortalAsset.stylePath)?v=\(PortalAsset.style.version)"
            let script = "\(PortalAsset.scriptPath)?v=\(PortalAsset.script.version)"
            html.open("link", ["rel": "stylesheet", "href": style])
            html.element("script", ["src": script], text: "")
        }
    }

    fileprivate mutating func sidebar() {
        element("header", ["class": "side"]) { html in
            html.element("a", ["class": "brand", "href": Overview.path]) { html in
                html.icon(.mark)
                html.element("span", text: "Tally")
            }
            html.element("nav", ["aria-label": "Portal"]) { html in
                html.element("a", ["href": Overview.path, "aria-current": "page"]) { html in
                    html.icon(.home)
                    html.element("span", text: "Overview")
                }
            }
        }
    }

    /// What only the script fills: it stays while `<main>` is refreshed.
    fileprivate mutating func tools() {
        element("div", ["class": "tools"]) { html in
            html.element("p", ["class": "live", "id": "live", "role": "status"], text: "")
            html.element(
                "button",
                [
                    "class": "button", "id": "theme", "type": "button", "hidden": "",
                    "aria-label": "Switch between light and dark",
                ]
            ) { html in html.icon(.theme) }
        }
    }

    fileprivate mutating func main(_ model: OverviewModel) {
        let build = "\(PortalAsset.style.version).\(PortalAsset.script.version)"
        element("main", ["id": "main", "tabindex": "-1", "data-build": build]) { html in
            html.heading(model)
            html.cards(model)
            if model.isFresh {
                html.firstCharge(model)
            } else {
                html.charges(model)
            }
        }
    }

    private mutating func heading(_ model: OverviewModel) {
        element("div", ["class": "heading"]) { html in
            html.element("h1", text: model.title)
            html.element("p") { html in
                html.element("bdi", text: model.subtitle)
                html.text(" \u{00B7} ")
                html.element("time", ["datetime": model.generatedAt.rfc3339]) { html in
                    let time = model.generatedAt
                    html.text("\(Clock.day(time)), \(Clock.second(time)) UTC")
                }
            }
        }
    }

    private mutating func charges(_ model: OverviewModel) {
        let columns = ChartColumns(model.chart)
        element("div", ["class": "row wide-narrow"]) { html in
            html.chart(columns, of: model)
            html.actions(model, columns)
        }
        element("div", ["class": "row halves"]) { html in
            html.accounts(model)
            html.keys(model)
        }
        newest(model, columns)
    }
}

extension OverviewModel {
    /// True when nothing was ever charged, so that there is nothing to draw yet.
    fileprivate var isFresh: Bool { chargesCount == 0 && newest.isEmpty && creditsUsed == .zero }
}
