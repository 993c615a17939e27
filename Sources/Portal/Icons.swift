/// The few drawings of the page, in lines of the text's own colour.
enum Icon {
    /// Five strokes, as people tally.
    case mark
    case home
    case theme

    /// The mark for the browser's tab.
    static let favicon =
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
        + "%3Crect width='32' height='32' rx='8' fill='%234f46e5'/%3E"
        + "%3Cpath d='M9 9v14M14 9v14M19 9v14M24 9v14M6 21 27 11' stroke='%23fff' "
        + "stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E"

    fileprivate var path: String {
        switch self {
        case .mark: "M5 4v12M9 4v12M13 4v12M17 4v12M2.5 13.5 19.5 6.5"
        case .home: "M3.5 9 10 3.5 16.5 9v7.5h-4.5v-4.5h-4v4.5H3.5z"
        case .theme: "M10 3a7 7 0 1 0 0 14z"
        }
    }
}

extension HTML {
    /// Appends a drawing that says nothing the text beside it does not say.
    mutating func icon(_ icon: Icon) {
        element("svg", ["class": "icon", "viewBox": "0 0 20 20", "aria-hidden": "true"]) { html in
            if case .theme = icon {
                html.shape("circle", ["cx": "10", "cy": "10", "r": "7"])
                html.shape("path", ["class": "solid", "d": icon.path])
            } else {
                html.shape("path", ["d": icon.path])
            }
        }
    }
}
