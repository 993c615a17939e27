import Credit

/// The answer to an estimate as people read it.
struct EstimateText {
    let lines: [String]

    init(_ answer: JSONValue) {
        let credits = answer["credits"].map(Self.text) ?? ""
        let rule = answer["price"].flatMap { price -> String? in
            guard let list = price["list"]?.string, let rule = price["rule"]?.string else {
                return nil
            }
            return " by rule \(rule) of \(list), version \(price["version"].map(Self.text) ?? "")"
        }
        var lines = ["\(credits) \(credits == "1" ? "credit" : "credits")\(rule ?? "")", ""]
        let steps = (answer["explanation"]?.array ?? []).map { line in
            (text: line["text"]?.string ?? "", amount: line["amount"]?.string ?? "")
        }
        let width = steps.map(\.text.count).max() ?? 0
        let amountWidth = steps.map(\.amount.count).max() ?? 0
        lines += steps.map { step in
            let gap = width - step.text.count + amountWidth - step.amount.count + 3
            return "  \(step.text)\(String(repeating: " ", count: gap))\(step.amount)"
        }
        if let omitted = answer["explanation_omitted"] {
            lines.append("  (\(Self.text(omitted)) more steps)")
        }
        lines += Self.verdict(answer) + Self.alternatives(answer)
        self.lines = lines
    }

    private static func verdict(_ answer: JSONValue) -> [String] {
        switch answer["allowed"] {
        case .bool(true):
            ["", "allowed"]
                + (answer["uncollected"].map(text).flatMap { $0 == "0" ? nil : $0 }.map {
                    ["\($0) of it would stay uncollected"]
                } ?? [])
        case .bool(false):
            [
                "",
                "refused: \(answer["refused_by"]?["code"]?.string ?? ""), "
                    + (answer["refused_by"]?["detail"]?.string ?? ""),
            ]
        default: []
        }
    }

    private static func alternatives(_ answer: JSONValue) -> [String] {
        let cheaper = answer["alternatives"]?.array ?? []
        guard !cheaper.isEmpty else { return [] }
        return [""]
            + cheaper.map { other in
                let value = other["value"].map(text) ?? ""
                return "with \(other["parameter"]?.string ?? "") \(value): "
                    + "\(other["credits"].map(text) ?? "") credits, "
                    + "\(other["saves"].map(text) ?? "") less"
            }
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .number(let text), .string(let text): text
        case .bool(let flag): "\(flag)"
        case .null, .array, .object: ""
        }
    }
}
