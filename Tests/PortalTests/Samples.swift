import Credit
import Portal

/// Models to render in tests.
enum Sample {
    static let now = Instant(micros: 1_795_273_051_000_000)
    static let start = now.floor(toSeconds: 3600)

    /// A fresh server.
    static let empty: OverviewModel = {
        var model = OverviewModel(
            subtitle: "All accounts", generatedAt: now, serverURL: "http://127.0.0.1:8080",
            chart: ChargeChart(dimension: "model", start: start, sliceSeconds: 300))
        model.accountsCount = 0
        return model
    }()

    /// `count` of everything, every name being `name`.
    static func filled(_ count: Int, name: String) -> OverviewModel {
        var model = empty
        model.title = name
        model.subtitle = name
        model.serverURL = name
        model.accountsCount = count
        model.keysCount = count
        model.chargesCount = count
        model.creditsUsed = credits(1000)
        model.chart.dimension = name
        model.chart.series = (0..<count).map { series in
            ChargeChart.Series(name: name, credits: (0..<12).map { credits(Int128($0 + series)) })
        }
        model.accounts = (0..<count).map {
            AccountTotal(id: "\($0)\(name)", name: name, used: credits(1), left: credits(2))
        }
        model.keys = (0..<count).map {
            KeyTotal(id: "\($0)\(name)", name: name, charges: 1, used: credits(1))
        }
        model.actions = (0..<count).map { _ in
            ActionTotal(name: name, charges: 1, used: credits(1))
        }
        model.newest = (0..<count).map { row in
            ChargeRow(
                entry: EntryID(rawValue: UInt128(row)), time: now, account: name, action: name,
                key: name, credits: Credits(micros: 4_800_000))
        }
        return model
    }

    static func credits(_ whole: Int128) -> CreditsTotal {
        CreditsTotal(micros: whole * 1_000_000)
    }
}

extension OverviewModel {
    /// The page.
    var page: String {
        var bytes: [UInt8] = []
        Overview.render(self, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
